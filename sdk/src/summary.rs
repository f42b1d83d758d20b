//! Summary statistics: the numbers of an event that metrics compare, usually one.

use std::path::PathBuf;

use ndarray::Array2;

use crate::{Batch, Component, Context, Diagnostics, Result, Schema, Seed};

/// What a summary is a function of, besides the event, asked for before any work starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SummaryNeeds {
    /// The log density of the member whose events are compared: it differs from member to member.
    pub log_density: bool,
    /// The log density of the truth.
    pub true_log_density: bool,
    /// The gradient of that by the columns of an event.
    pub true_gradient: bool,
}

/// A family of functions of an event (coordinate, radius, invariant mass).
pub trait SummaryStatistic: Component {
    /// A short canonical name with its arguments, such as `radius` or `invariant-mass:0,1,2`.
    ///
    /// It labels columns and figures, and asks a dataset for exact quantiles. The command line accepts the same spelling.
    fn label(&self) -> String;

    /// The symbol for axes with its unit, such as `m(0,1,2) [GeV]`.
    fn axis(&self) -> String {
        self.label()
    }

    /// A name for each of its numbers, with its unit; one number unless it says otherwise.
    ///
    /// Cuts, quantiles and histograms are those of summaries of one number, and so are metrics that do not say that they take
    /// more ([`Metric::takes`](crate::Metric::takes)).
    fn numbers(&self, _schema: &Schema) -> Vec<String> {
        vec![self.axis()]
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

    /// Files that the summary reads; their contents enter the hash of every stage that depends on it.
    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Makes the function for events of this schema; refuses what it cannot be computed on.
    fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>>;
}

/// A function of an event.
pub trait Summary: Send + Sync {
    /// Writes the numbers of each event of the batch to `out`, one event after the other; the batch has the densities that
    /// were asked for.
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

/// Which training events a summary is fitted to, so that none is scored by a fit that saw it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TrainingUse {
    /// To a part of them, which it will not be evaluated on.
    Held {
        /// That part, above 0 and below 1.
        training_fraction: f64,
    },
    /// To all of them, and evaluated on them all the same, each by a part that did not see it: it finds the part by the event's
    /// origin and row number.
    CrossFitted,
}

/// What a summary is fitted to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitNeeds {
    /// True events.
    pub training: TrainingUse,
    /// Generated events, from a stream that nothing else sees.
    pub generated: u64,
    /// Fitted once to the events of all members together, instead of to each member's own.
    pub pooled: bool,
    /// Whether it can be fitted to true events with weights ([`Batch::weights`]).
    pub weights: bool,
}

impl FitNeeds {
    /// Whether all training events are evaluated, each by a part that did not see it.
    pub fn cross_fitted(&self) -> bool {
        self.training == TrainingUse::CrossFitted
    }
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

/// A summary that is fitted to true and generated events, such as a classifier between them: it differs from member to member.
pub trait FittedSummary: Component {
    /// See [`SummaryStatistic::label`].
    fn label(&self) -> String;

    /// See [`SummaryStatistic::axis`].
    fn axis(&self) -> String {
        self.label()
    }

    /// See [`SummaryStatistic::numbers`].
    fn numbers(&self, _schema: &Schema) -> Vec<String> {
        vec![self.axis()]
    }

    /// See [`SummaryStatistic::config_of_arguments`].
    fn config_of_arguments(_arguments: &[&str]) -> Option<String> {
        None
    }

    /// What it is fitted to.
    fn needs(&self) -> FitNeeds;

    /// Refuses events that it cannot be fitted to, before anything runs.
    fn check(&self, schema: &Schema) -> Result<()>;

    /// Fits it.
    fn fit(&self, fit: &SummaryFit<'_>) -> Result<Fitted>;

    /// The fitted function.
    fn fitted(&self, schema: &Schema, parameters: &[f32]) -> Result<Box<dyn Summary>>;

    /// Of a cross-fitted summary: how its scores come about when generated events are true.
    ///
    /// Parts of the fit share training events, so their scores are not independent, and what a metric finds between them and
    /// generated events does not follow its law for independent samples.
    fn pseudo_experiments(&self) -> Option<&dyn PseudoExperiments> {
        None
    }
}

/// Fits in which generated events stand for the training events, from which a metric learns its law
/// ([`Metric::simulate`](crate::Metric::simulate)).
pub trait PseudoExperiments {
    /// How many there are.
    fn count(&self) -> u64;

    /// One of them; `fit.seed` is that of all of them.
    ///
    /// As many generated events as there are in `fit.training` are scored as training events are, and others as generated ones.
    /// All are drawn anew for each, so that they share as little as they can.
    fn draw(&self, fit: &SummaryFit<'_>, number: u64) -> Result<PseudoExperiment>;
}

/// The summaries of one fit to pseudo-true events (events x numbers).
#[derive(Debug, Clone, PartialEq)]
pub struct PseudoExperiment {
    /// Of the generated events that stand for the training events.
    pub training: Array2<f64>,
    /// Of generated events.
    pub generated: Array2<f64>,
}
