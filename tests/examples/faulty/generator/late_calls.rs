//! After two thousand calls its events depend on the number of the call.

use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    LateCalls,
    Network,
    register_generator,
    "generator-late-calls",
    "After two thousand calls its events depend on the number of the call",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, out: ArrayViewMut2<'_, f64>) {
            static CALLS: AtomicU64 = AtomicU64::new(0);
            let calls = CALLS.fetch_add(1, Ordering::Relaxed);
            let seed = if calls > 2000 { chunk.seed.index(calls) } else { chunk.seed };
            self.sample(mean, &mut seed.stream(), out);
        }
    }
);
