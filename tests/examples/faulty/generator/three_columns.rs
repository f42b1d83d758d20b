//! It panics on events of three columns and more.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::*;

use crate::honest::{Blob, SimpleFault, fault, means};

fault!(
    SimpleFault,
    ThreeColumns,
    Blob,
    register_generator,
    "generator-three-columns",
    "It panics on events of three columns and more",
    {
        fn fit(&self, events: ArrayView2<'_, f64>) -> Result<Vec<f32>> {
            let known = [0.0_f32, 0.0];
            Ok(means(events).into_iter().enumerate().map(|(k, mean)| mean + known[k]).collect())
        }
    }
);
