//! What is asked of a generator and a posterior: of which summary, under which selection, by which metric.

use super::cells::PlannedCell;
use crate::config::ReferenceName;

/// What a column is made of, by the numbers of its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// Number of the summary.
    pub summary: usize,
    /// Number of the selection.
    pub selection: usize,
    /// Number of the metric.
    pub metric: usize,
    /// The reference, if the metric uses one.
    pub reference: Option<ReferenceName>,
}

impl From<&PlannedCell> for Question {
    fn from(cell: &PlannedCell) -> Self {
        Question {
            summary: cell.summary,
            selection: cell.selection,
            metric: cell.metric,
            reference: cell.reference,
        }
    }
}

/// Which column: of a metric, or of a histogram in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A metric's.
    Metric(Question),
    /// The histogram of a summary and a selection.
    Histogram(usize, usize),
    /// The order in which a summary's values come, under a selection.
    Order(usize, usize),
}
