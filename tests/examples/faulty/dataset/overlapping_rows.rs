//! An event shares a number with the next one.

use amplicast_sdk::Stream;

use crate::honest::{Data, DataFault, draw, fault};

fault!(
    DataFault,
    OverlappingRows,
    Data,
    register_dataset,
    "dataset-overlapping-rows",
    "An event shares a number with the next one",
    {
        fn event(&self, stream: &mut Stream, event: &mut [f64]) {
            let mut numbers = [0.0; 3];
            draw(&[0.0, 0.0], stream, &mut numbers[..2]);
            // The next event's first number, which is drawn again for it.
            draw(&[0.0], &mut stream.clone(), &mut numbers[2..]);
            event[0] = (numbers[0] + numbers[2]) / std::f64::consts::SQRT_2;
            event[1] = numbers[1];
        }
    }
);
