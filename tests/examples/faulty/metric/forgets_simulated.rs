//! It asks for pseudo-experiments, and does not use them.

use crate::honest::{Distance, MetricFault, fault};

fault!(
    MetricFault,
    ForgetsSimulated,
    Distance,
    register_metric,
    "metric-forgets-simulated",
    "It asks for pseudo-experiments, and does not use them",
    {
        fn of_simulated(&self) -> f64 {
            0.0
        }
    }
);
