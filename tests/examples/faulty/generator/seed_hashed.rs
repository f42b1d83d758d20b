//! Its events depend on a hash of the seed that has 16 bits.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    SeedHashed,
    Network,
    register_generator,
    "generator-seed-hashed",
    "Its events depend on a hash of the seed that has 16 bits",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, out: ArrayViewMut2<'_, f64>) {
            let hash =
                chunk.seed.bytes().iter().fold(17_u16, |hash, byte| hash.wrapping_mul(31) ^ u16::from(*byte));
            self.sample(mean, &mut Seed::new(u64::from(hash)).stream(), out);
        }
    }
);
