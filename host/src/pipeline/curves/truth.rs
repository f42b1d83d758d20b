//! The truth, where it is known: the same accumulators over fresh true events, or over a holdout.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::{Error, Result};

use super::curve::MemberCurve;
use super::pass::{Pass, Source};
use crate::config::ReferenceName;
use crate::pipeline::observe::{Column, Columns, Tally, TrainingSet};
use crate::pipeline::plan::{Place, Question, Setting};
use crate::pipeline::stage::identity;
use crate::results::Validation;
use crate::store::Key;

/// True values of every metric column, and of the report's histograms.
#[derive(Default)]
pub struct Truth {
    /// By column.
    pub metrics: BTreeMap<Question, Tally>,
    /// Counts in the bins, in the order of the histograms.
    pub histograms: Vec<Option<Tally>>,
    /// Where they come from.
    pub validation: Option<Validation>,
    /// The stages in which they are stored.
    pub stages: Vec<Key>,
}

impl Truth {
    /// Computes what is not stored.
    pub fn of(setting: &Setting<'_>, set: &TrainingSet<'_>, columns: &Columns) -> Result<Self> {
        let Some((reference, n)) = set.events.best()? else { return Ok(Truth::default()) };
        let metrics = columns.metrics.iter().filter(|(_, prepared)| prepared.is_ok());
        let metrics = metrics.map(|(name, _)| Place::Metric(*name));
        let histograms = columns.histograms.iter().map(|h| Place::Histogram(h.summary, h.selection));
        let mut curves: Vec<(Place, Key, Option<Tally>)> = Vec::new();
        for place in metrics.chain(histograms) {
            let missing = || Error::plugin("a column was not prepared");
            let column = columns.identity(setting, set, place).ok_or_else(missing)?;
            let key = identity::truth(set.identity, &column, reference, n);
            let stored = setting.store.json(&key);
            curves.push((place, key, stored));
        }
        let mut open: Vec<_> = curves.iter_mut().filter(|(_, _, stored)| stored.is_none()).collect();
        if !open.is_empty() {
            let list = open.iter().map(|(place, ..)| columns.column(*place)).collect::<Result<Vec<_>>>()?;
            for ((_, key, curve), found) in open.iter_mut().zip(stream(setting, set, reference, n, &list)?) {
                // A column's cells say why it fails when the generated events meet the same failure.
                let Ok(found) = found else { continue };
                setting.store.put_json(key, curve.insert(found))?;
            }
        }
        let mut truth = Truth {
            validation: Some(Validation { source: reference.text().into(), events: n }),
            ..Truth::default()
        };
        for (place, key, curve) in curves {
            if curve.is_some() {
                truth.stages.push(key);
            }
            match place {
                Place::Metric(name) => truth.metrics.extend(curve.map(|curve| (name, curve))),
                _ => truth.histograms.push(curve),
            }
        }
        Ok(truth)
    }
}

/// One pass over the true events.
fn stream(
    setting: &Setting<'_>,
    set: &TrainingSet<'_>,
    reference: ReferenceName,
    n: u64,
    columns: &[Column<'_>],
) -> Result<Vec<Result<Tally>>> {
    let task = setting.session.progress.task(&format!("true events of training set {}", set.number + 1));
    let done = AtomicU64::new(0);
    let advance = |more: u64| task.update(done.fetch_add(more, Ordering::Relaxed) + more, n, None);
    let pass = Pass {
        source: Source::True(set.events, reference),
        dimension: setting.components.schema.dimension(),
        checkpoints: &[n],
        observables: set.observables,
        columns,
    };
    let found = setting.session.attempt("true events", || pass.run(setting.session, &advance))?;
    let last = |curve: MemberCurve| -> Result<Tally> {
        let nothing = || Error::plugin("a pass over true events recorded nothing");
        let (passed, values) = curve.passed.into_iter().zip(curve.values).next_back().ok_or_else(nothing)?;
        Ok(Tally { passed, values })
    };
    Ok(found.curves.into_iter().map(|curve| curve.and_then(last)).collect())
}
