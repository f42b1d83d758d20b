//! How figures show the metrics of a run.

use amplicast_sdk::Shown;
use serde::{Deserialize, Serialize};

use super::{Cell, Results};

/// How figures show a metric, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownMetric {
    /// Name of its table.
    pub name: String,
    /// What it says.
    #[serde(flatten)]
    pub shown: Shown,
}

impl Results {
    /// How figures show the metric of a cell.
    pub fn shown(&self, cell: &Cell) -> Shown {
        let found = self.metrics.iter().find(|metric| metric.name == cell.name.metric);
        found.map_or_else(|| Shown::value(&cell.plugins[3]), |metric| metric.shown.clone())
    }

    /// How metrics of before they said it were shown: one with parts as a root.
    pub(super) fn guessed(&self) -> Vec<ShownMetric> {
        let mut metrics: Vec<ShownMetric> = Vec::new();
        for cell in &self.cells {
            let Some(first) = cell.replicas.first() else { continue };
            if metrics.iter().any(|metric| metric.name == cell.name.metric) {
                continue;
            }
            let shown = match cell.plugins[3].as_str() {
                metric if first.curve.iter().any(|p| p.model.is_some()) => Shown::variance(metric),
                "ks" => Shown::value("KS distance"),
                metric => Shown::value(metric),
            };
            metrics.push(ShownMetric { name: cell.name.metric.clone(), shown });
        }
        metrics
    }
}
