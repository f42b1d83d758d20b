//! What a `[[summary]]` is: a function of an event, or one that is fitted first.

use std::path::PathBuf;

use super::fitted_summary::LoadedFittedSummary;
use super::summary::LoadedSummaryStatistic;
use crate::{Result, Schema, SummaryNeeds};

/// A summary of a loaded plugin.
pub enum LoadedSummary {
    /// A function of an event.
    Fixed(LoadedSummaryStatistic),
    /// One that is fitted to events first.
    Fitted(LoadedFittedSummary),
}

impl LoadedSummary {
    /// See [`SummaryStatistic::label`](crate::SummaryStatistic::label).
    pub fn label(&self) -> &str {
        match self {
            LoadedSummary::Fixed(fixed) => fixed.label(),
            LoadedSummary::Fitted(fitted) => fitted.label(),
        }
    }

    /// See [`SummaryStatistic::axis`](crate::SummaryStatistic::axis).
    pub fn axis(&self) -> &str {
        match self {
            LoadedSummary::Fixed(fixed) => fixed.axis(),
            LoadedSummary::Fitted(fitted) => fitted.axis(),
        }
    }

    /// See [`SummaryStatistic::numbers`](crate::SummaryStatistic::numbers).
    pub fn numbers(&self, schema: &Schema) -> Result<Vec<String>> {
        match self {
            LoadedSummary::Fixed(fixed) => fixed.numbers(schema),
            LoadedSummary::Fitted(fitted) => fitted.numbers(schema),
        }
    }

    /// See [`SummaryStatistic::files`](crate::SummaryStatistic::files); none of a fitted one.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        match self {
            LoadedSummary::Fixed(fixed) => fixed.files(),
            LoadedSummary::Fitted(_) => Ok(Vec::new()),
        }
    }

    /// The densities that it is a function of; none of a fitted one.
    pub fn needs(&self) -> SummaryNeeds {
        match self {
            LoadedSummary::Fixed(fixed) => fixed.needs(),
            LoadedSummary::Fitted(_) => SummaryNeeds::default(),
        }
    }

    /// The one that is fitted, if it is.
    pub fn fitted(&self) -> Option<&LoadedFittedSummary> {
        match self {
            LoadedSummary::Fixed(_) => None,
            LoadedSummary::Fitted(fitted) => Some(fitted),
        }
    }

    /// Whether it differs from member to member.
    pub fn depends_on_member(&self) -> bool {
        self.needs().log_density || self.fitted().is_some()
    }

    /// Refuses events that it cannot be computed on.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        match self {
            LoadedSummary::Fixed(fixed) => fixed.prepare(schema).map(drop),
            LoadedSummary::Fitted(fitted) => fitted.check(schema),
        }
    }
}
