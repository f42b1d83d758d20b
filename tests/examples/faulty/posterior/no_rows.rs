//! It does not say which rows its members are fitted to.

use crate::honest::{Halves, PosteriorFault, fault};

fault!(
    PosteriorFault,
    NoRows,
    Halves,
    register_uncertainty,
    "posterior-no-rows",
    "It does not say which rows its members are fitted to",
    {
        fn named(&self, _: Vec<u64>) -> Option<Vec<u64>> {
            None
        }
    }
);
