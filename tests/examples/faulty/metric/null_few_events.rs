//! Its null law is too wide for fewer than 30 events.

use crate::honest::{Distance, MetricFault, fault};

fault!(
    MetricFault,
    NullFewEvents,
    Distance,
    register_metric,
    "metric-null-few-events",
    "Its null law is too wide for fewer than 30 events",
    {
        fn width(&self, n: f64, m: f64) -> f64 {
            (1.0 / n + 1.0 / m).sqrt() * if n < 30.0 { 3.0 } else { 1.0 }
        }
    }
);
