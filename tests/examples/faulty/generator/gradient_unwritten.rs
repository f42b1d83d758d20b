//! Its gradient leaves the last parameter as it was.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    GradientUnwritten,
    Network,
    register_generator,
    "generator-gradient-unwritten",
    "Its gradient leaves the last parameter as it was",
    {
        fn gradient(&self, mut right: Vec<f64>, _: Vec<f64>) -> Vec<f64> {
            right.pop();
            right
        }
    }
);
