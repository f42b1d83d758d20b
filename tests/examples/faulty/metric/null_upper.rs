//! Its null law is too narrow above a probability of 0.8.

use crate::honest::{Distance, MetricFault, fault};

fault!(
    MetricFault,
    NullUpper,
    Distance,
    register_metric,
    "metric-null-upper",
    "Its null law is too narrow above a probability of 0.8",
    {
        fn quantile(&self, quantile: f64, probability: f64) -> f64 {
            if probability > 0.8 { 0.8 * quantile } else { quantile }
        }
    }
);
