//! Its loss without the gradient is 1 % larger than with it.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    LossAlone,
    Network,
    register_generator,
    "generator-loss-alone",
    "Its loss without the gradient is 1 % larger than with it",
    {
        fn loss_alone(&self, loss: f64) -> f64 {
            1.01 * loss
        }
    }
);
