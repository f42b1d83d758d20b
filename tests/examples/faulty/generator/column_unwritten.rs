//! It never writes the second column of an event.

use amplicast_sdk::Stream;

use crate::honest::{Blob, SimpleFault, draw, fault};

fault!(
    SimpleFault,
    ColumnUnwritten,
    Blob,
    register_generator,
    "generator-column-unwritten",
    "It never writes the second column of an event",
    {
        fn sample(&self, mean: &[f32], stream: &mut Stream, event: &mut [f64]) {
            let mut whole = vec![0.0; event.len()];
            draw(mean, stream, &mut whole);
            event.iter_mut().zip(whole).enumerate().filter(|(k, _)| *k != 1).for_each(|(_, (x, y))| *x = y);
        }
    }
);
