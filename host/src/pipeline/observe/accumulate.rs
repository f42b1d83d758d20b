//! What is counted of the values of a summary under a selection.

use amplicast_sdk::{Accumulator, Comparison};
use serde::{Deserialize, Serialize};

use super::histogram::{GroupedHistogram, Histogram, WeightedHistogram};
use crate::inspection::Runs;
use crate::pipeline::events::Counting;

/// What a column counts.
#[derive(Clone, Copy)]
pub enum Counter<'a> {
    /// A metric.
    Metric(&'a dyn Comparison),
    /// A histogram with these edges, of true events that are counted so.
    Histogram(&'a [f64], Counting),
    /// Neighbors on different sides of this threshold.
    Runs(f64),
}

/// One accumulator of the pass: a summary of the events that pass a selection.
#[derive(Clone, Copy)]
pub struct Column<'a> {
    /// Number of the summary.
    pub summary: usize,
    /// Number of the selection.
    pub selection: usize,
    /// What is counted.
    pub counter: Counter<'a>,
}

impl Column<'_> {
    /// An empty accumulator of this column.
    pub fn accumulator(&self) -> Box<dyn Accumulator> {
        match &self.counter {
            Counter::Metric(comparison) => comparison.accumulator(),
            Counter::Histogram(edges, Counting::Alike) => Box::new(Histogram::new(edges)),
            Counter::Histogram(edges, Counting::Weighted) => Box::new(WeightedHistogram::new(edges)),
            Counter::Histogram(edges, Counting::Grouped) => Box::new(GroupedHistogram::new(edges)),
            Counter::Runs(threshold) => Box::new(Runs::new(*threshold)),
        }
    }
}

/// The true events behind a column, as a member's view counts them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TrueCounts {
    /// Reference events that pass the selection.
    pub n_reference: u64,
    /// Training events that pass the selection; for a histogram only those that it counts.
    pub n_train: u64,
    /// How many events that count alike these are worth to a metric, if they have weights or belong together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<f64>,
    /// For a histogram, training events in its bins.
    pub training: Vec<f64>,
    /// For a histogram of events with weights or groups, the fractions of these in its bins, with their errors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub training_fractions: Vec<[f64; 2]>,
}
