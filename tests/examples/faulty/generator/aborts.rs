//! It aborts the process when it samples.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    Aborts,
    Network,
    register_generator,
    "generator-aborts",
    "It aborts the process when it samples",
    {
        fn sample(&self, _: &[f32], _: &mut Stream, _: ArrayViewMut2<'_, f64>) {
            std::process::abort()
        }
    }
);
