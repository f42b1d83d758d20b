//! Beyond three widths its density is too small.

use amplicast_sdk::ndarray::ArrayView1;

use crate::honest::{GaussianFault, Network, fault, normal_log_density};

fault!(
    GaussianFault,
    DensityTail,
    Network,
    register_generator,
    "generator-density-tail",
    "Beyond three widths its density is too small",
    {
        fn log_density(&self, mean: &[f32], event: ArrayView1<'_, f64>) -> f64 {
            let far = (event[0] - f64::from(mean[0])).abs() > 3.0;
            normal_log_density(mean, event, 1.0) - f64::from(u8::from(far))
        }
    }
);
