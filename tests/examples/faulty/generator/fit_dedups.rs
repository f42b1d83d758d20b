//! Its fit ignores repeated rows, so that a bootstrap has no effect.

use std::collections::BTreeSet;

use crate::honest::{Gaussian, GaussianFault, Network, fault};

fault!(
    GaussianFault,
    FitDedups,
    Network,
    register_generator,
    "generator-fit-dedups",
    "Its fit ignores repeated rows, so that a bootstrap has no effect",
    {
        fn fit(&self, model: &Gaussian, rows: &[u64]) -> Vec<f32> {
            let different: BTreeSet<u64> = rows.iter().copied().collect();
            let rows: Vec<u64> = different.into_iter().collect();
            model.means(&rows, None).into_iter().map(|m| m as f32).collect()
        }
    }
);
