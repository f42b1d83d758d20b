//! Summaries and selections as they are used on events: quantiles of cuts resolved.

use std::cell::OnceCell;
use std::sync::Arc;

use amplicast_sdk::abi::LoadedSummary;
use amplicast_sdk::{Error, Result, SummaryNeeds};

use super::cuts::{Cut, Cuts};
use super::observables::{Observable, Observables};
use crate::config::Selection;
use crate::moments::{open_end, quantile};
use crate::pipeline::events::TrueEvents;
use crate::pipeline::plan::{Components, Made, Setting, TrueSource};

/// All summaries, those that are fitted without their fit.
pub fn summaries(components: &Components) -> Vec<Observable> {
    let observable = |(made, numbers): (&Made<LoadedSummary>, &Vec<String>)| {
        let fixed = |summary, needs| Observable::fixed(summary, needs, numbers.len());
        match &made.component {
            Ok(LoadedSummary::Fixed(loaded)) => {
                fixed(loaded.prepare(&components.schema).map(Arc::from), loaded.needs())
            }
            Ok(LoadedSummary::Fitted(loaded)) => {
                let unfitted = Err(Error::data("expected a fitted summary, found one without its fit"));
                Observable { fit: Some(loaded.needs()), ..fixed(unfitted, SummaryNeeds::default()) }
            }
            Err(error) => fixed(Err(error.clone()), SummaryNeeds::default()),
        }
    };
    components.summaries.iter().zip(&components.numbers).map(observable).collect()
}

/// All selections, their quantiles resolved.
pub fn cuts(
    setting: &Setting<'_>,
    dataset: &dyn TrueSource,
    events: &TrueEvents<'_>,
    observables: Observables<'_>,
) -> Vec<Result<Cuts>> {
    let resolve = |selection| resolved(selection, setting.components, dataset, events, observables);
    setting.experiment.selection.iter().map(resolve).collect()
}

/// Resolves quantiles: the true ones where the dataset knows them, else those of the training events.
fn resolved(
    selection: &Selection,
    components: &Components,
    dataset: &dyn TrueSource,
    events: &TrueEvents<'_>,
    observables: Observables<'_>,
) -> Result<Cuts> {
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
            let fitted = observables.summaries[summary].fit.map_or(0, |needs| events.fitted(&needs));
            let (values, defined) = (training.values(summary)?, training.defined(summary)?);
            let has = |event: &usize| defined.is_none_or(|defined| defined[*event]);
            let mut sorted: Vec<f64> =
                (fitted..values.len()).filter(has).map(|event| values[event]).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            Ok(sorted)
        };
        let at = |p: f64| -> Result<f64> {
            if let Some(open) = open_end(p) {
                return Ok(open);
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
    Ok(Cuts { cuts, thin: selection.thin })
}
