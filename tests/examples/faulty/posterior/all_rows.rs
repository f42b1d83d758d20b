//! Its members are all fitted to all rows.

use amplicast_sdk::*;

use crate::honest::{Halves, PosteriorFault, fault};

fault!(
    PosteriorFault,
    AllRows,
    Halves,
    register_uncertainty,
    "posterior-all-rows",
    "Its members are all fitted to all rows",
    {
        fn rows(&self, n: u64, _: &mut Stream) -> Vec<u64> {
            (0..n).collect()
        }
    }
);
