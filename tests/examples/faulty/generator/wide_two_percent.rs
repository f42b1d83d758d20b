//! Its events are 2 % wider than its density.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    WideTwoPercent,
    Network,
    register_generator,
    "generator-wide-two-percent",
    "Its events are 2 % wider than its density",
    {
        fn sample_chunk(&self, mean: &[f32], chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) {
            self.sample(mean, &mut chunk.seed.stream(), out.view_mut());
            for mut event in out.rows_mut() {
                event.iter_mut().zip(mean).for_each(|(x, mean)| *x += 0.02 * (*x - f64::from(*mean)));
            }
        }
    }
);
