//! Summary statistics: one number an event.

use crate::{Batch, Component, Result, Schema};

/// What a summary is a function of, besides the event, asked for before any work starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SummaryNeeds {
    /// The log density of the member whose events are compared: another function for each member.
    pub log_density: bool,
    /// The log density of the truth.
    pub true_log_density: bool,
}

impl SummaryNeeds {
    /// Whether it is another function for each member.
    pub fn depends_on_member(&self) -> bool {
        self.log_density
    }
}

/// A family of 1D functions of an event (coordinate, radius, invariant mass).
pub trait SummaryStatistic: Component {
    /// A short canonical name with its arguments, such as `radius` or `invariant-mass:0,1,2`.
    ///
    /// It labels columns and figures, and asks a dataset for exact quantiles. The command line accepts the same spelling.
    fn label(&self) -> String;

    /// The symbol for axes with its unit, such as `m(0,1,2) [GeV]`.
    fn axis(&self) -> String {
        self.label()
    }

    /// The configuration that a label's arguments (after `NAME:`, separated by commas) stand for, as JSON.
    ///
    /// `None` if this summary has no such short form.
    fn config_of_arguments(_arguments: &[&str]) -> Option<String> {
        None
    }

    /// What it is a function of, besides the event.
    fn needs(&self) -> SummaryNeeds {
        SummaryNeeds::default()
    }

    /// Makes the function for events of this schema; refuses what it cannot be computed on.
    fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>>;
}

/// A 1D function of an event.
pub trait Summary: Send + Sync {
    /// Writes one number for each event of the batch to `out`; the batch has the densities that were asked for.
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()>;
}
