//! Its loss takes the first 300 rows.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    Loss300Rows,
    Network,
    register_generator,
    "generator-loss-300-rows",
    "Its loss takes the first 300 rows",
    {
        fn rows(&self, rows: &[u64]) -> Vec<u64> {
            rows[..rows.len().min(300)].to_vec()
        }
    }
);
