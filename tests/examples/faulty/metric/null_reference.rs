//! Its null law forgets that the reference fluctuates.

use crate::honest::{Distance, MetricFault, fault};

fault!(
    MetricFault,
    NullReference,
    Distance,
    register_metric,
    "metric-null-reference",
    "Its null law forgets that the reference fluctuates",
    {
        fn width(&self, n: f64, m: f64) -> f64 {
            let _ = m;
            (1.0 / n).sqrt()
        }
    }
);
