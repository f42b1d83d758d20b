//! Its events depend on how many a chunk has.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    ChunkLength,
    Network,
    register_generator,
    "generator-chunk-length",
    "Its events depend on how many a chunk has",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, out: ArrayViewMut2<'_, f64>) {
            let seed = chunk.seed.index(out.nrows() as u64);
            self.sample(mean, &mut seed.stream(), out);
        }
    }
);
