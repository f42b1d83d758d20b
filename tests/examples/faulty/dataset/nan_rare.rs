//! One event in ten thousand is NaN.

use amplicast_sdk::Stream;

use crate::honest::{Data, DataFault, draw, fault};

fault!(DataFault, NanRare, Data, register_dataset, "dataset-nan-rare", "One event in ten thousand is NaN", {
    fn event(&self, stream: &mut Stream, event: &mut [f64]) {
        draw(&[0.0, 0.0], stream, event);
        // 1e-4 of a normal distribution lies beyond 3.719.
        if event[0] > 3.719 {
            event[1] = f64::NAN;
        }
    }
});
