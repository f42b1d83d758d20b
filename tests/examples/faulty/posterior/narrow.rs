//! Its members lie half as far from each other as they should.

use crate::honest::{Halves, PosteriorFault, fault};

fault!(
    PosteriorFault,
    Narrow,
    Halves,
    register_uncertainty,
    "posterior-narrow",
    "Its members lie half as far from each other as they should",
    {
        fn members(&self, right: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
            let first = right[0].clone();
            let nearer =
                |member: Vec<f32>| member.iter().zip(&first).map(|(x, c)| c + 0.5 * (x - c)).collect();
            right.into_iter().map(nearer).collect()
        }
    }
);
