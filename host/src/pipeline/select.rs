//! Selections: cuts on summaries, which true and generated events pass alike.

use std::cell::OnceCell;

use amplicast_sdk::{Error, Result};

use super::components::Components;
use super::data::TrueEvents;
use super::observables::Observables;
use super::true_source::TrueSource;
use crate::config::Selection;
use crate::moments::quantile;

/// Events with this summary in [low, high) pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Number of the summary.
    pub summary: usize,
    /// Smallest value that passes.
    pub low: f64,
    /// Smallest value above that no longer passes.
    pub high: f64,
}

/// A selection with its quantiles resolved: all cuts must hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cuts(pub Vec<Cut>);

impl Cuts {
    /// Whether it cuts on this summary.
    pub fn uses(&self, summary: usize) -> bool {
        self.0.iter().any(|cut| cut.summary == summary)
    }

    /// Resolves quantiles: the true ones where the dataset knows them, else those of the training events.
    pub fn resolve(
        selection: &Selection,
        components: &Components,
        dataset: &dyn TrueSource,
        events: &TrueEvents<'_>,
        observables: Observables<'_>,
    ) -> Result<Self> {
        let training = Observables { cuts: &[], ..observables }.on(events.all());
        let mut cuts = Vec::new();
        for cut in &selection.cuts {
            let summary = components
                .summaries
                .iter()
                .position(|s| s.name == cut.summary)
                .ok_or_else(|| Error::data(format!("a cut on an unknown summary `{}`", cut.summary)))?;
            let label = components.summaries[summary].component.as_ref().map_err(Clone::clone)?.label();
            let sorted: OnceCell<Result<Vec<f64>>> = OnceCell::new();
            let sort = || -> Result<Vec<f64>> {
                let fitted =
                    observables.summaries[summary].needs.fit.map_or(0, |needs| events.fitted(&needs));
                let (values, defined) = (training.values(summary)?, training.defined(summary)?);
                let has = |event: &usize| defined.is_none_or(|defined| defined[*event]);
                let mut sorted: Vec<f64> =
                    (fitted..values.len()).filter(has).map(|event| values[event]).collect();
                sorted.sort_unstable_by(f64::total_cmp);
                Ok(sorted)
            };
            let at = |p: f64| -> Result<f64> {
                if p <= 0.0 || p >= 1.0 {
                    return Ok(if p <= 0.0 { f64::NEG_INFINITY } else { f64::INFINITY });
                }
                if let Some(exact) = dataset.quantile(label, p)? {
                    return Ok(exact);
                }
                let sorted = sorted.get_or_init(sort).as_deref().map_err(Clone::clone)?;
                Ok(quantile(sorted, p))
            };
            let [low, high] = match (cut.interval, cut.quantiles) {
                (Some(interval), _) => interval.map(f64::from),
                (None, Some([low, high])) => [at(low)?, at(high)?],
                (None, None) => return Err(Error::data("a cut without an interval")),
            };
            cuts.push(Cut { summary, low, high });
        }
        Ok(Cuts(cuts))
    }
}
