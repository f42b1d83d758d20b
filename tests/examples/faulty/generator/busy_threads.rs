//! Its events depend on how many calls are under way.

use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    BusyThreads,
    Network,
    register_generator,
    "generator-busy-threads",
    "Its events depend on how many calls are under way",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, out: ArrayViewMut2<'_, f64>) {
            static BUSY: AtomicU64 = AtomicU64::new(0);
            let seed = chunk.seed.index(BUSY.fetch_add(1, Ordering::SeqCst));
            self.sample(mean, &mut seed.stream(), out);
            BUSY.fetch_sub(1, Ordering::SeqCst);
        }
    }
);
