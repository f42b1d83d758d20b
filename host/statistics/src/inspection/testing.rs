//! Events for the tests of this folder.

use amplicast_sdk::Seed;
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::rand::RngExt;

/// n x d uniform numbers.
pub fn random(seed: u64, n: usize, d: usize) -> Array2<f64> {
    let mut stream = Seed::new(seed).stream();
    Array2::from_shape_fn((n, d), |_| stream.random())
}
