//! Its density is 10 % wider than its events.

use amplicast_sdk::ndarray::ArrayView1;

use crate::honest::{GaussianFault, Network, fault, normal_log_density};

fault!(
    GaussianFault,
    DensityWide,
    Network,
    register_generator,
    "generator-density-wide",
    "Its density is 10 % wider than its events",
    {
        fn log_density(&self, mean: &[f32], event: ArrayView1<'_, f64>) -> f64 {
            normal_log_density(mean, event, 1.1)
        }
    }
);
