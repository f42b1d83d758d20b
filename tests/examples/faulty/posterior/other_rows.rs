//! It says of each member the rows of the next.

use crate::honest::{Halves, PosteriorFault, fault};

fault!(
    PosteriorFault,
    OtherRows,
    Halves,
    register_uncertainty,
    "posterior-other-rows",
    "It says of each member the rows of the next",
    {
        fn named(&self, mut right: Vec<Vec<u16>>) -> Option<Vec<Vec<u16>>> {
            right.rotate_left(1);
            Some(right)
        }
    }
);
