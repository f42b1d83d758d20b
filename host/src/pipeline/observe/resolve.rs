//! Summaries and selections as they are used on events: quantiles of cuts resolved.

use std::cell::OnceCell;
use std::sync::Arc;

use amplicast_sdk::abi::LoadedSummary;
use amplicast_sdk::{Error, Result, SummaryNeeds};

use super::cuts::{Cut, Cuts};
use super::observables::{Observable, Observables};
use super::sorted::Sorted;
use crate::config::Selection;
use crate::moments::open_end;
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
        let sorted: OnceCell<Result<Sorted>> = OnceCell::new();
        let sort = || -> Result<Sorted> {
            let fitted = observables.summaries[summary].fit.map_or(0, |needs| events.fitted(&needs));
            Sorted::new(training.all(summary, fitted..training.events())?.values(1))
        };
        let at = |p: f64| -> Result<f64> {
            if let Some(open) = open_end(p) {
                return Ok(open);
            }
            if let Some(exact) = dataset.quantile(label, p)? {
                return Ok(exact);
            }
            Ok(sorted.get_or_init(sort).as_ref().map_err(Clone::clone)?.quantile(p))
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
