//! An odd number of rows gives one parameter more.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::*;

use crate::honest::{Blob, SimpleFault, fault, means};

fault!(
    SimpleFault,
    OddRows,
    Blob,
    register_generator,
    "generator-odd-rows",
    "An odd number of rows gives one parameter more",
    {
        fn fit(&self, events: ArrayView2<'_, f64>) -> Result<Vec<f32>> {
            let mut parameters = means(events);
            parameters.extend((events.nrows() % 2 == 1).then_some(0.0));
            Ok(parameters)
        }
    }
);
