//! It panics on a single training event.

use amplicast_sdk::Stream;
use amplicast_sdk::rand::RngExt;

use crate::honest::{Halves, PosteriorFault, fault};

fault!(
    PosteriorFault,
    OneRow,
    Halves,
    register_uncertainty,
    "posterior-one-row",
    "It panics on a single training event",
    {
        fn rows(&self, n: u64, stream: &mut Stream) -> Vec<u64> {
            (0..n).map(|_| stream.random_range(1..n)).collect()
        }
    }
);
