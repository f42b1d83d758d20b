//! It never writes the second column.

use amplicast_sdk::Stream;

use crate::honest::{Data, DataFault, draw, fault};

fault!(
    DataFault,
    ColumnUnwritten,
    Data,
    register_dataset,
    "dataset-column-unwritten",
    "It never writes the second column",
    {
        fn event(&self, stream: &mut Stream, event: &mut [f64]) {
            draw(&[0.0], stream, event);
        }
    }
);
