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
        fn seed(&self, _: Seed, chain: u64) -> Seed {
            Seed::new(chain / 2)
        }
    }
);
