//! It does not write the last event of a chunk.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, draw, fault};

fault!(
    GaussianFault,
    LastEvent,
    Network,
    register_generator,
    "generator-last-event",
    "It does not write the last event of a chunk",
    {
        fn sample(&self, mean: &[f32], stream: &mut Stream, mut out: ArrayViewMut2<'_, f64>) {
            let (mut event, last) = (vec![0.0; mean.len()], out.nrows() - 1);
            for mut row in out.rows_mut().into_iter().take(last) {
                draw(mean, stream, &mut event);
                row.iter_mut().zip(&event).for_each(|(x, y)| *x = *y);
            }
        }
    }
);
