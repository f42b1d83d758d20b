//! Its null law is too wide by a factor of 2.

use crate::honest::{Distance, MetricFault, fault};

fault!(
    MetricFault,
    NullDouble,
    Distance,
    register_metric,
    "metric-null-double",
    "Its null law is too wide by a factor of 2",
    {
        fn width(&self, n: f64, m: f64) -> f64 {
            2.0 * (1.0 / n + 1.0 / m).sqrt()
        }
    }
);
