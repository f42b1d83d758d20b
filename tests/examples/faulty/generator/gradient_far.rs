//! Its gradient is clipped far from the minimum.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    GradientFar,
    Network,
    register_generator,
    "generator-gradient-far",
    "Its gradient is clipped far from the minimum",
    {
        fn gradient(&self, right: Vec<f64>, _: Vec<f64>) -> Vec<f64> {
            right.into_iter().map(|g| g.clamp(-0.6, 0.6)).collect()
        }
    }
);
