//! Its density is NaN far away from its events.

use amplicast_sdk::ndarray::ArrayView1;

use crate::honest::{GaussianFault, Network, fault, normal_log_density};

fault!(
    GaussianFault,
    DensityNan,
    Network,
    register_generator,
    "generator-density-nan",
    "Its density is NaN far away from its events",
    {
        fn log_density(&self, mean: &[f32], event: ArrayView1<'_, f64>) -> f64 {
            let density = normal_log_density(mean, event, 1.0).exp();
            if density > 0.0 { density.ln() } else { 0.0 * f64::NEG_INFINITY }
        }
    }
);
