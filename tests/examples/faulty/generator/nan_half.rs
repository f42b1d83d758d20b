//! Half of its events are NaN.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, draw, fault};

fault!(
    GaussianFault,
    NanHalf,
    Network,
    register_generator,
    "generator-nan-half",
    "Half of its events are NaN",
    {
        fn sample(&self, mean: &[f32], stream: &mut Stream, mut out: ArrayViewMut2<'_, f64>) {
            let mut event = vec![0.0; mean.len()];
            for (i, mut row) in out.rows_mut().into_iter().enumerate() {
                draw(mean, stream, &mut event);
                row.iter_mut().zip(&event).for_each(|(x, y)| *x = if i % 2 == 0 { *y } else { f64::NAN });
            }
        }
    }
);
