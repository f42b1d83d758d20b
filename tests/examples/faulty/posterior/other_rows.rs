//! Its members are fitted to the first half of the rows that they name.

use crate::honest::{Halves, PosteriorFault, fault};

fault!(
    PosteriorFault,
    OtherRows,
    Halves,
    register_uncertainty,
    "posterior-other-rows",
    "Its members are fitted to the first half of the rows that they name",
    {
        fn fitted(&self, given: &[u64]) -> Vec<u64> {
            given[..given.len().div_ceil(2)].to_vec()
        }
    }
);
