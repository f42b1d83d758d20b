//! Fits something else each time.

use crate::honest::{Gaussian, GaussianFault, Network, fault, never_the_same};

fault!(
    GaussianFault,
    RandomFit,
    Network,
    register_generator,
    "generator-random-fit",
    "Fits something else each time",
    {
        fn fit(&self, model: &Gaussian, rows: &[u64]) -> Vec<f32> {
            model.means(rows, None).into_iter().map(|m| (m + 1e-3 * never_the_same()) as f32).collect()
        }
    }
);
