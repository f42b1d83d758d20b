//! Its density is too large by a factor of 2.

use amplicast_sdk::ndarray::ArrayView1;

use crate::honest::{GaussianFault, Network, fault, normal_log_density};

fault!(
    GaussianFault,
    DensityDouble,
    Network,
    register_generator,
    "generator-density-double",
    "Its density is too large by a factor of 2",
    {
        fn log_density(&self, mean: &[f32], event: ArrayView1<'_, f64>) -> f64 {
            normal_log_density(mean, event, 1.0) + 2.0_f64.ln()
        }
    }
);
