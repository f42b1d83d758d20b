//! It panics on training events beyond 5000.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::*;

use crate::honest::{Blob, SimpleFault, fault, means};

fault!(
    SimpleFault,
    Beyond5000,
    Blob,
    register_generator,
    "generator-beyond-5000",
    "It panics on training events beyond 5000",
    {
        fn fit(&self, events: ArrayView2<'_, f64>) -> Result<Vec<f32>> {
            assert!(events.iter().all(|x| x.abs() <= 5000.0), "faulty: a table ends at 5000");
            Ok(means(events))
        }
    }
);
