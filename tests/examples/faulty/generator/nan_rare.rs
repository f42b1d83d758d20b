//! One event in ten thousand is NaN.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, draw, fault};

fault!(
    GaussianFault,
    NanRare,
    Network,
    register_generator,
    "generator-nan-rare",
    "One event in ten thousand is NaN",
    {
        fn sample(&self, mean: &[f32], stream: &mut Stream, mut out: ArrayViewMut2<'_, f64>) {
            let mut event = vec![0.0; mean.len()];
            for mut row in out.rows_mut() {
                draw(mean, stream, &mut event);
                // 1e-4 of a normal distribution lies beyond 3.719.
                let rare = event[0] - f64::from(mean[0]) > 3.719;
                row.iter_mut().zip(&event).for_each(|(x, y)| *x = if rare { f64::NAN } else { *y });
            }
        }
    }
);
