//! Two members each are the same.

use amplicast_sdk::*;

use crate::honest::{Halves, PosteriorFault, fault};

fault!(
    PosteriorFault,
    Pairs,
    Halves,
    register_uncertainty,
    "posterior-pairs",
    "Two members each are the same",
    {
        fn seed(&self, seed: Seed, chain: u64) -> Seed {
            seed.index(chain / 2)
        }
    }
);
