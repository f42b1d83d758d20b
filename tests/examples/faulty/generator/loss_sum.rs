//! Its negative log-likelihood is a sum, not a mean.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    LossSum,
    Network,
    register_generator,
    "generator-loss-sum",
    "Its negative log-likelihood is a sum, not a mean",
    {
        fn loss(&self, loss: f64) -> f64 {
            1000.0 * loss
        }

        fn gradient(&self, right: Vec<f64>, _: Vec<f64>) -> Vec<f64> {
            right.into_iter().map(|g| 1000.0 * g).collect()
        }
    }
);
