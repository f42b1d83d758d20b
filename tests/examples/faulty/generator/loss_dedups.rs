//! Its loss ignores a row that is that before it.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    LossDedups,
    Network,
    register_generator,
    "generator-loss-dedups",
    "Its loss ignores a row that is that before it",
    {
        fn rows(&self, rows: &[u64]) -> Vec<u64> {
            let mut rows = rows.to_vec();
            rows.dedup();
            rows
        }
    }
);
