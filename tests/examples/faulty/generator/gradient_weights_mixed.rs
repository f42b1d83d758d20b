//! A thousandth of its gradient forgets the weights.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    GradientWeightsMixed,
    Network,
    register_generator,
    "generator-gradient-weights-mixed",
    "A thousandth of its gradient forgets the weights",
    {
        fn gradient(&self, right: Vec<f64>, unweighted: Vec<f64>) -> Vec<f64> {
            right.into_iter().zip(unweighted).map(|(g, u)| 0.999 * g + 0.001 * u).collect()
        }
    }
);
