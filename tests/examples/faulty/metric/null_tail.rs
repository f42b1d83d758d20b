//! Its null law is too wide above a probability of 0.96.

use crate::honest::{Distance, MetricFault, fault};

fault!(
    MetricFault,
    NullTail,
    Distance,
    register_metric,
    "metric-null-tail",
    "Its null law is too wide above a probability of 0.96",
    {
        fn quantile(&self, quantile: f64, probability: f64) -> f64 {
            if probability > 0.96 { 1.3 * quantile } else { quantile }
        }
    }
);
