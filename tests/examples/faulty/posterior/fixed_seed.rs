//! Its rows are drawn from a seed of its own.

use amplicast_sdk::*;

use crate::honest::{Halves, PosteriorFault, fault};

fault!(
    PosteriorFault,
    FixedSeed,
    Halves,
    register_uncertainty,
    "posterior-fixed-seed",
    "Its rows are drawn from a seed of its own",
    {
        fn seed(&self, _: Seed, _: u64) -> Seed {
            Seed::new(1)
        }
    }
);
