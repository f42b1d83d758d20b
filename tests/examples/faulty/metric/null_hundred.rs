//! Its null law is too narrow by a factor of 100.

use crate::honest::{Distance, MetricFault, fault};

fault!(
    MetricFault,
    NullHundred,
    Distance,
    register_metric,
    "metric-null-hundred",
    "Its null law is too narrow by a factor of 100",
    {
        fn width(&self, n: f64, m: f64) -> f64 {
            0.01 * (1.0 / n + 1.0 / m).sqrt()
        }
    }
);
