//! Its chunks above 10 are all the same.

use amplicast_sdk::*;

use crate::honest::{Data, DataFault, fault};

fault!(
    DataFault,
    LateChunks,
    Data,
    register_dataset,
    "dataset-late-chunks",
    "Its chunks above 10 are all the same",
    {
        fn seed(&self, _: Split, chunk: Chunk, _: usize) -> Seed {
            if chunk.index > 10 { Seed::new(3) } else { chunk.seed }
        }
    }
);
