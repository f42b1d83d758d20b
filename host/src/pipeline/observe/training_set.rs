//! One training set: what all generators and posteriors share on it.

use serde_json::Value;

use super::observables::Observables;
use crate::inspection::TrueSample;
use crate::pipeline::events::TrueEvents;
use crate::pipeline::plan::TrueSource;

/// What all rows of one training set share.
pub struct TrainingSet<'a> {
    /// Its number, from 0.
    pub number: u64,
    /// Where its true events come from.
    pub dataset: &'a dyn TrueSource,
    /// Its true events.
    pub events: &'a TrueEvents<'a>,
    /// What they depend on.
    pub identity: &'a Value,
    /// All summaries and selections of the experiment.
    pub observables: Observables<'a>,
    /// What members are compared with.
    pub truth: &'a TrueSample,
}
