//! Fits all events whatever the rows.

use crate::honest::{Gaussian, GaussianFault, Network, fault};

fault!(
    GaussianFault,
    IgnoresRows,
    Network,
    register_generator,
    "generator-ignores-rows",
    "Fits all events whatever the rows",
    {
        fn fit(&self, model: &Gaussian, _: &[u64]) -> Vec<f32> {
            let all: Vec<u64> = (0..model.events.nrows() as u64).collect();
            model.means(&all, None).into_iter().map(|m| m as f32).collect()
        }
    }
);
