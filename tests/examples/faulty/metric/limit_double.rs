//! Its limit is twice what the metric tends to.

use crate::honest::{Distance, MetricFault, fault};

fault!(
    MetricFault,
    LimitDouble,
    Distance,
    register_metric,
    "metric-limit-double",
    "Its limit is twice what the metric tends to",
    {
        fn limit(&self, limit: f64) -> f64 {
            2.0 * limit
        }
    }
);
