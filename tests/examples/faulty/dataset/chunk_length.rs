//! Its events depend on how many a chunk has.

use amplicast_sdk::*;

use crate::honest::{Data, DataFault, fault};

fault!(
    DataFault,
    ChunkLength,
    Data,
    register_dataset,
    "dataset-chunk-length",
    "Its events depend on how many a chunk has",
    {
        fn seed(&self, _: Split, chunk: Chunk, rows: usize) -> Seed {
            chunk.seed.index(rows as u64)
        }
    }
);
