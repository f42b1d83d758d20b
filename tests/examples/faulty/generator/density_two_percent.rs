//! Its density is too large by 2 %.

use amplicast_sdk::ndarray::ArrayView1;

use crate::honest::{GaussianFault, Network, fault, normal_log_density};

fault!(
    GaussianFault,
    DensityTwoPercent,
    Network,
    register_generator,
    "generator-density-two-percent",
    "Its density is too large by 2 %",
    {
        fn log_density(&self, mean: &[f32], event: ArrayView1<'_, f64>) -> f64 {
            normal_log_density(mean, event, 1.0) + 1.02_f64.ln()
        }
    }
);
