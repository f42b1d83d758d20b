//! Its events are clipped at three widths from the mean.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    Clipped,
    Network,
    register_generator,
    "generator-clipped",
    "Its events are clipped at three widths from the mean",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) {
            self.sample(mean, &mut chunk.seed.stream(), out.view_mut());
            for mut event in out.rows_mut() {
                for (x, mean) in event.iter_mut().zip(mean) {
                    *x = x.clamp(f64::from(*mean) - 3.0, f64::from(*mean) + 3.0);
                }
            }
        }
    }
);
