//! One event in four thousand lies far from where its density says.

use amplicast_sdk::Stream;

use crate::honest::{Data, DataFault, draw, fault};

fault!(
    DataFault,
    Outliers,
    Data,
    register_dataset,
    "dataset-outliers",
    "One event in four thousand lies far from where its density says",
    {
        fn event(&self, stream: &mut Stream, event: &mut [f64]) {
            draw(&[0.0, 0.0], stream, event);
            // 2.3e-4 of a normal distribution lies above 3.5.
            if event[0] > 3.5 {
                event[0] = 1e9;
            }
        }
    }
);
