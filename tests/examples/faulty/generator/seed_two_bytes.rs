//! Its events depend on two bytes of the seed.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    SeedTwoBytes,
    Network,
    register_generator,
    "generator-seed-two-bytes",
    "Its events depend on two bytes of the seed",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, out: ArrayViewMut2<'_, f64>) {
            let bytes = chunk.seed.bytes();
            let seed = Seed::new(u64::from(u16::from_le_bytes([bytes[16], bytes[17]])));
            self.sample(mean, &mut seed.stream(), out);
        }
    }
);
