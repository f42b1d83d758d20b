//! Its gradient is 1 % too small in one parameter.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    GradientOneParameter,
    Network,
    register_generator,
    "generator-gradient-one-parameter",
    "Its gradient is 1 % too small in one parameter",
    {
        fn gradient(&self, mut right: Vec<f64>, _: Vec<f64>) -> Vec<f64> {
            if let Some(last) = right.last_mut() {
                *last *= 0.99;
            }
            right
        }
    }
);
