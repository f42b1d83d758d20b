//! Its rows depend on the number of the chain, not on its seed.

use amplicast_sdk::*;

use crate::honest::{Halves, PosteriorFault, fault};

fault!(
    PosteriorFault,
    ChainOnly,
    Halves,
    register_uncertainty,
    "posterior-chain-only",
    "Its rows depend on the number of the chain, not on its seed",
    {
        fn seed(&self, _: Seed, chain: u64) -> Seed {
            Seed::new(chain)
        }
    }
);
