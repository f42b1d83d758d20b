//! Its density is too large by 10 %.

use amplicast_sdk::ndarray::ArrayView1;

use crate::honest::{GaussianFault, Network, fault, normal_log_density};

fault!(
    GaussianFault,
    DensityTenPercent,
    Network,
    register_generator,
    "generator-density-ten-percent",
    "Its density is too large by 10 %",
    {
        fn log_density(&self, mean: &[f32], event: ArrayView1<'_, f64>) -> f64 {
            normal_log_density(mean, event, 1.0) + 1.10_f64.ln()
        }
    }
);
