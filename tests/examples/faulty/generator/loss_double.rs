//! Its negative log-likelihood is twice that of its density.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    LossDouble,
    Network,
    register_generator,
    "generator-loss-double",
    "Its negative log-likelihood is twice that of its density",
    {
        fn loss(&self, loss: f64) -> f64 {
            2.0 * loss
        }

        fn gradient(&self, right: Vec<f64>, _: Vec<f64>) -> Vec<f64> {
            right.into_iter().map(|g| 2.0 * g).collect()
        }
    }
);
