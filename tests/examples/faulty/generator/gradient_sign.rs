//! Its gradient has the wrong sign.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    GradientSign,
    Network,
    register_generator,
    "generator-gradient-sign",
    "Its gradient has the wrong sign",
    {
        fn gradient(&self, right: Vec<f64>, _: Vec<f64>) -> Vec<f64> {
            right.into_iter().map(|g| -g).collect()
        }
    }
);
