//! It panics on values as large as those of four-momenta.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::*;

use crate::honest::{Blob, SimpleFault, fault, means};

fault!(
    SimpleFault,
    FourMomenta,
    Blob,
    register_generator,
    "generator-four-momenta",
    "It panics on values as large as those of four-momenta",
    {
        fn fit(&self, events: ArrayView2<'_, f64>) -> Result<Vec<f32>> {
            // A histogram of 20 bins between -10 and 10.
            let mut bins = [0_u32; 20];
            events.iter().for_each(|x| bins[(x + 10.0).max(0.0) as usize] += 1);
            Ok(means(events))
        }
    }
);
