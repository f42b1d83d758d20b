//! Its null law knows no reference of more than 2000 events.

use crate::honest::{Distance, MetricFault, fault};

fault!(
    MetricFault,
    NullLargeReference,
    Distance,
    register_metric,
    "metric-null-large-reference",
    "Its null law knows no reference of more than 2000 events",
    {
        fn width(&self, n: f64, m: f64) -> f64 {
            (1.0 / n + 1.0 / m.min(2000.0)).sqrt()
        }
    }
);
