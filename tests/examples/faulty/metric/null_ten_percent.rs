//! Its null law is too wide by 10 %.

use crate::honest::{Distance, MetricFault, fault};

fault!(
    MetricFault,
    NullTenPercent,
    Distance,
    register_metric,
    "metric-null-ten-percent",
    "Its null law is too wide by 10 %",
    {
        fn width(&self, n: f64, m: f64) -> f64 {
            1.1 * (1.0 / n + 1.0 / m).sqrt()
        }
    }
);
