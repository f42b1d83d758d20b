//! Summary statistics: one number an event.

use crate::{Batch, Component, Context, Diagnostics, Error, Result, Schema, Seed};

/// What a summary is a function of, besides the event, asked for before any work starts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SummaryNeeds {
    /// The log density of the member whose events are compared: it differs from member to member.
    pub log_density: bool,
    /// The log density of the truth.
    pub true_log_density: bool,
    /// A fit to true and generated events: it differs from member to member.
    pub fit: Option<FitNeeds>,
}

impl SummaryNeeds {
    /// Whether it differs from member to member.
    pub fn depends_on_member(&self) -> bool {
        self.log_density || self.fit.is_some()
    }
}

/// What a summary is fitted to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitNeeds {
    /// The part of the training events, above 0 and below 1, that it is fitted to and that it will not be evaluated on.
    pub training_fraction: f64,
    /// It is fitted to all training events and evaluated on them all the same, each by a part that did not see it: it finds
    /// the part by the event's row number. Then `training_fraction` says nothing.
    pub cross_fitted: bool,
    /// Generated events, from a stream that nothing else sees.
    pub generated: u64,
    /// Fitted once to the events of all members together, instead of to each member's own.
    pub pooled: bool,
}

/// Everything that fitting a summary may use.
#[derive(Clone, Copy)]
pub struct SummaryFit<'a> {
    /// The columns of the events.
    pub schema: &'a Schema,
    /// True events, none of which it will be evaluated on unless it is cross-fitted.
    pub training: Batch<'a>,
    /// The other training events, which it will be evaluated on; none if it is cross-fitted. They are there to test the
    /// fit for its diagnostics: the parameters must not depend on them.
    pub unseen: Batch<'a>,
    /// Generated events, none of which it will be evaluated on.
    pub generated: Batch<'a>,
    /// The fit's own randomness.
    pub seed: Seed,
    /// Progress and cancellation.
    pub context: &'a dyn Context,
}

/// A fit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fitted {
    /// The parameters, which the host stores.
    pub parameters: Vec<f32>,
    /// What the fit says of itself.
    pub diagnostics: Diagnostics,
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
    ///
    /// Of a summary that is fitted it is only asked whether the schema will do: what it returns is never evaluated.
    fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>>;

    /// Fits it.
    fn fit(&self, _fit: &SummaryFit<'_>) -> Result<Fitted> {
        Err(Error::unsupported("this summary is not fitted to events"))
    }

    /// For a cross-fitted summary: the law of the distance to its training events when generated events are true.
    ///
    /// Parts of the fit share training events, so their scores are not independent, and the distance does not follow the law
    /// of independent samples. Returned are simulated values of sqrt(n m / (n + m)) D, where D is the two-sample
    /// Kolmogorov-Smirnov distance of n = `fit.training` pseudo-true events, scored as training events are, and m generated
    /// ones. Called once for all members of a posterior, whose laws are nearly the same; empty if it has none.
    fn simulated_null(&self, _fit: &SummaryFit<'_>) -> Result<Vec<f64>> {
        Ok(Vec::new())
    }

    /// The fitted function.
    fn fitted(&self, _schema: &Schema, _parameters: &[f32]) -> Result<Box<dyn Summary>> {
        Err(Error::unsupported("this summary is not fitted to events"))
    }
}

/// A 1D function of an event.
pub trait Summary: Send + Sync {
    /// Writes one number for each event of the batch to `out`; the batch has the densities that were asked for.
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()>;

    /// Which events of the batch have this summary, one `bool` each; `None` if all have.
    ///
    /// A particle that is not there (a momentum of zero) has no direction. Such events are not counted, neither among true
    /// nor among generated ones, and pass no cut on this summary; the share of them is reported. [`Summary::evaluate`]
    /// writes some finite number for them, which nobody looks at.
    fn defined(&self, _batch: &Batch<'_>) -> Result<Option<Vec<bool>>> {
        Ok(None)
    }
}
