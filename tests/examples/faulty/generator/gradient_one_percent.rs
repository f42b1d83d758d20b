//! Its gradient is 1 % too large.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    GradientOnePercent,
    Network,
    register_generator,
    "generator-gradient-one-percent",
    "Its gradient is 1 % too large",
    {
        fn gradient(&self, right: Vec<f64>, _: Vec<f64>) -> Vec<f64> {
            right.into_iter().map(|g| 1.01 * g).collect()
        }
    }
);
