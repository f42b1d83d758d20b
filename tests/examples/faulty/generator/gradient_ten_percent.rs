//! Its gradient is 10 % too large.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    GradientTenPercent,
    Network,
    register_generator,
    "generator-gradient-ten-percent",
    "Its gradient is 10 % too large",
    {
        fn gradient(&self, right: Vec<f64>, _: Vec<f64>) -> Vec<f64> {
            right.into_iter().map(|g| 1.1 * g).collect()
        }
    }
);
