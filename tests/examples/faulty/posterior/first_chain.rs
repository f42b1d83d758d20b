//! All members are those of the first chain.

use crate::honest::{Halves, PosteriorFault, fault};

fault!(
    PosteriorFault,
    FirstChain,
    Halves,
    register_uncertainty,
    "posterior-first-chain",
    "All members are those of the first chain",
    {
        fn members(&self, right: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
            vec![right[0].clone(); right.len()]
        }
    }
);
