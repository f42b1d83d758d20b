//! Its members are all fitted to the first half of the rows.

use amplicast_sdk::*;

use crate::honest::{Halves, PosteriorFault, fault};

fault!(
    PosteriorFault,
    FirstRows,
    Halves,
    register_uncertainty,
    "posterior-first-rows",
    "Its members are all fitted to the first half of the rows",
    {
        fn rows(&self, n: u64, _: &mut Stream) -> Vec<u64> {
            (0..n.div_ceil(2)).collect()
        }
    }
);
