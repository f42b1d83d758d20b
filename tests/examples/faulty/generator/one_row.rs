//! It panics when it is fitted to a single row.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::*;

use crate::honest::{Blob, SimpleFault, fault, means};

fault!(
    SimpleFault,
    OneRow,
    Blob,
    register_generator,
    "generator-one-row",
    "It panics when it is fitted to a single row",
    {
        fn fit(&self, events: ArrayView2<'_, f64>) -> Result<Vec<f32>> {
            assert!(events.nrows() > 1, "a variance needs two events");
            Ok(means(events))
        }
    }
);
