//! Each event comes twice.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    EventsTwice,
    Network,
    register_generator,
    "generator-events-twice",
    "Each event comes twice",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) {
            self.sample(mean, &mut chunk.seed.stream(), out.view_mut());
            for i in (1..out.nrows()).step_by(2) {
                let before = out.row(i - 1).to_owned();
                out.row_mut(i).assign(&before);
            }
        }
    }
);
