//! With four or more columns its density is too large.

use amplicast_sdk::ndarray::ArrayView1;

use crate::honest::{GaussianFault, Network, fault, normal_log_density};

fault!(
    GaussianFault,
    DensityFourColumns,
    Network,
    register_generator,
    "generator-density-four-columns",
    "With four or more columns its density is too large",
    {
        fn log_density(&self, mean: &[f32], event: ArrayView1<'_, f64>) -> f64 {
            normal_log_density(mean, event, 1.0) + f64::from(u8::from(event.len() > 3))
        }
    }
);
