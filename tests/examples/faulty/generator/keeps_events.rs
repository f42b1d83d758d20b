//! It keeps all events that it ever sampled.

use std::sync::{Mutex, PoisonError};

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    KeepsEvents,
    Network,
    register_generator,
    "generator-keeps-events",
    "It keeps all events that it ever sampled",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) {
            self.sample(mean, &mut chunk.seed.stream(), out.view_mut());
            static KEPT: Mutex<Vec<Vec<f64>>> = Mutex::new(Vec::new());
            KEPT.lock().unwrap_or_else(PoisonError::into_inner).push(out.iter().copied().collect());
        }
    }
);
