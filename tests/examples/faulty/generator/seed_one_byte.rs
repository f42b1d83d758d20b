//! Its events depend on one byte of the seed.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    SeedOneByte,
    Network,
    register_generator,
    "generator-seed-one-byte",
    "Its events depend on one byte of the seed",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, out: ArrayViewMut2<'_, f64>) {
            let seed = Seed::new(u64::from(chunk.seed.bytes()[0]));
            self.sample(mean, &mut seed.stream(), out);
        }
    }
);
