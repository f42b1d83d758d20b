//! An event is correlated with the one before it by 0.2.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    CorrelatedRows,
    Network,
    register_generator,
    "generator-correlated-rows",
    "An event is correlated with the one before it by 0.2",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) {
            self.sample(mean, &mut chunk.seed.stream(), out.view_mut());
            for i in 1..out.nrows() {
                for (k, mean) in mean.iter().enumerate() {
                    let mean = f64::from(*mean);
                    // 0.2 and sqrt(1 - 0.2^2): the width stays 1.
                    out[[i, k]] = mean + 0.2 * (out[[i - 1, k]] - mean) + 0.979_795_9 * (out[[i, k]] - mean);
                }
            }
        }
    }
);
