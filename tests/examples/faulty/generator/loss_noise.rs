//! Its loss has noise of 1e-9.

use crate::honest::{GaussianFault, Network, fault, never_the_same};

fault!(
    GaussianFault,
    LossNoise,
    Network,
    register_generator,
    "generator-loss-noise",
    "Its loss has noise of 1e-9",
    {
        fn loss(&self, loss: f64) -> f64 {
            loss + 1e-9 * (1.7 * never_the_same()).sin()
        }
    }
);
