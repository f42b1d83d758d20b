//! It says that its curve has parts, which it has not.

use amplicast_sdk::Shown;

use crate::honest::{Distance, MetricFault, fault};

fault!(
    MetricFault,
    NoParts,
    Distance,
    register_metric,
    "metric-no-parts",
    "It says that its curve has parts, which it has not",
    {
        fn shown(&self, shown: Shown) -> Shown {
            Shown { parts: true, ..shown }
        }
    }
);
