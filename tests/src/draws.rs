//! Events of tests, from random numbers of a seed.

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Seed, Stream};
use ndarray::{Array2, Axis};

/// A stream of random numbers.
pub fn stream(seed: u64) -> Stream {
    Seed::new(seed).stream()
}

/// A normal number.
pub fn normal(stream: &mut Stream) -> f64 {
    // Twelve uniform numbers: normal to a per mille in the bulk.
    (0..12).map(|_| stream.random::<f64>()).sum::<f64>() - 6.0
}

/// Events drawn from others, with replacement.
pub fn draw(from: &Array2<f64>, n: usize, stream: &mut Stream) -> Array2<f64> {
    let rows: Vec<usize> = (0..n).map(|_| stream.random_range(0..from.nrows())).collect();
    from.select(Axis(0), &rows)
}
