//! All members have the parameters of the first one.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    SharedParameters,
    Network,
    register_generator,
    "generator-shared-parameters",
    "All members have the parameters of the first one",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, out: ArrayViewMut2<'_, f64>) {
            static FIRST: OnceLock<Mutex<HashMap<usize, Vec<f32>>>> = OnceLock::new();
            let mut first = FIRST.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
            let shared = first.entry(mean.len()).or_insert_with(|| mean.to_vec());
            self.sample(shared, &mut chunk.seed.stream(), out);
        }
    }
);
