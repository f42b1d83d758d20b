//! Its second member is its first.

use crate::honest::{Halves, PosteriorFault, fault};

fault!(
    PosteriorFault,
    MemberTwice,
    Halves,
    register_uncertainty,
    "posterior-member-twice",
    "Its second member is its first",
    {
        fn members(&self, mut right: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
            right[1] = right[0].clone();
            right
        }
    }
);
