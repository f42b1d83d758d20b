//! It panics when it samples.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    Panics,
    Network,
    register_generator,
    "generator-panics",
    "It panics when it samples",
    {
        fn sample(&self, _: &[f32], _: &mut Stream, _: ArrayViewMut2<'_, f64>) {
            panic!("faulty in sample")
        }
    }
);
