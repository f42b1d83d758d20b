//! Its axis has no label.

use amplicast_sdk::Shown;

use crate::honest::{Distance, MetricFault, fault};

fault!(MetricFault, NoAxis, Distance, register_metric, "metric-no-axis", "Its axis has no label", {
    fn shown(&self, shown: Shown) -> Shown {
        Shown { axis: " ".into(), ..shown }
    }
});
