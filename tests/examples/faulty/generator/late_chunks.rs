//! Beyond 200 000 events all chunks are the same.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    LateChunks,
    Network,
    register_generator,
    "generator-late-chunks",
    "Beyond 200 000 events all chunks are the same",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, out: ArrayViewMut2<'_, f64>) {
            let seed = if chunk.first_event > 200_000 { Seed::new(1) } else { chunk.seed };
            self.sample(mean, &mut seed.stream(), out);
        }
    }
);
