//! Its gradient forgets the weights.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    GradientWeights,
    Network,
    register_generator,
    "generator-gradient-weights",
    "Its gradient forgets the weights",
    {
        fn gradient(&self, _: Vec<f64>, unweighted: Vec<f64>) -> Vec<f64> {
            unweighted
        }
    }
);
