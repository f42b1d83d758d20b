//! The rows of a chunk repeat after 4096.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    Repeats4096,
    Network,
    register_generator,
    "generator-repeats-4096",
    "The rows of a chunk repeat after 4096",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) {
            self.sample(mean, &mut chunk.seed.stream(), out.view_mut());
            for i in 4096..out.nrows() {
                let before = out.row(i - 4096).to_owned();
                out.row_mut(i).assign(&before);
            }
        }
    }
);
