//! Its gradient is zero near the minimum.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    GradientNear,
    Network,
    register_generator,
    "generator-gradient-near",
    "Its gradient is zero near the minimum",
    {
        fn gradient(&self, right: Vec<f64>, _: Vec<f64>) -> Vec<f64> {
            right.into_iter().map(|g| if g.abs() < 0.01 { 0.0 } else { g }).collect()
        }
    }
);
