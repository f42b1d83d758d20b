//! The truth, where it is known: the same accumulators over fresh true events, or over a holdout.

use std::collections::BTreeMap;

use amplicast_sdk::{Accumulator, Error, Result};

use super::curve::TrueCurve;
use crate::config::ReferenceName;
use crate::pipeline::events::TrueEvents;
use crate::pipeline::observe::{Column, Columns, Counter, Replica};
use crate::pipeline::plan::{ColumnName, Place, Setting};
use crate::pipeline::stage::identity;
use crate::results::Validation;
use crate::store::Key;

/// Where the truth comes from: a sampler's own events without end, else the holdout.
fn source(events: &TrueEvents<'_>) -> Result<Option<(ReferenceName, u64)>> {
    for name in [ReferenceName::Truth, ReferenceName::Holdout] {
        if let Some(n) = events.events(name)? {
            return Ok(Some((name, n)));
        }
    }
    Ok(None)
}

/// True values of every metric column, and of the report's histograms.
#[derive(Default)]
pub struct Truth {
    /// By column.
    pub metrics: BTreeMap<ColumnName, TrueCurve>,
    /// Counts in the bins, in the order of the histograms.
    pub histograms: Vec<Option<TrueCurve>>,
    /// Where they come from.
    pub validation: Option<Validation>,
}

/// A column over the true events.
struct Work<'a> {
    column: Column<'a>,
    key: Key,
    stored: Option<TrueCurve>,
    accumulator: Box<dyn Accumulator>,
    passed: u64,
    /// The column's cells say why when the generated events meet the same failure.
    failed: bool,
}

impl Truth {
    /// Computes what is not stored.
    pub fn of(run: &Setting<'_>, replica: &Replica<'_>, columns: &Columns) -> Result<Self> {
        let Some((reference, n)) = source(replica.events)? else { return Ok(Truth::default()) };
        let validation = Some(Validation { source: reference.text().into(), events: n });
        let key = |place: Place| -> Result<Key> {
            let missing = || Error::plugin("a column was not prepared");
            let column = columns.identity(run, replica, place).ok_or_else(missing)?;
            Ok(identity::truth(replica.identity, &column, reference, n))
        };
        let mut list: Vec<Work<'_>> = Vec::new();
        let mut names = Vec::new();
        for (name, prepared) in &columns.metrics {
            let Ok(prepared) = prepared else { continue };
            let key = key(Place::Metric(*name))?;
            names.push(*name);
            let counter = Counter::Metric(&*prepared.comparison);
            let column = Column { summary: name.summary, selection: name.selection, counter };
            list.push(Work::new(run, column, key));
        }
        for h in &columns.histograms {
            let key = key(Place::Histogram(h.summary, h.selection))?;
            let counter = Counter::Histogram(&h.edges);
            let column = Column { summary: h.summary, selection: h.selection, counter };
            list.push(Work::new(run, column, key));
        }
        if list.iter().any(|w| w.stored.is_none()) {
            stream(run, replica, reference, n, &mut list)?;
        }
        let mut curves = Vec::new();
        for w in list {
            curves.push(w.finish(run)?);
        }
        let histograms = curves.split_off(names.len());
        let metrics = names.into_iter().zip(curves).filter_map(|(n, c)| Some((n, c?))).collect();
        Ok(Truth { metrics, histograms, validation })
    }
}

/// One pass over the true events for all columns that are not stored.
fn stream(
    run: &Setting<'_>,
    replica: &Replica<'_>,
    reference: ReferenceName,
    n: u64,
    list: &mut [Work<'_>],
) -> Result<()> {
    let task = run.session.progress.task(&format!("true events of training set {}", replica.number + 1));
    let mut done = 0;
    let mut memory = Vec::new();
    run.session.attempt("true events", || {
        replica.events.stream(reference, |batch| {
            run.session.check_stop()?;
            let observed = replica.observables.on(*batch);
            for w in list.iter_mut().filter(|w| w.stored.is_none() && !w.failed) {
                let (summary, selection) = (w.column.summary, w.column.selection);
                let mut update = || -> Result<()> {
                    let kept = observed.kept(summary, selection, 0..observed.events(), &mut memory)?;
                    w.passed += kept.events() as u64;
                    w.accumulator.update(kept)
                };
                w.failed = update().is_err();
            }
            done += batch.rows.len() as u64;
            task.update(done, n, None);
            Ok(())
        })
    })
}

impl<'a> Work<'a> {
    fn new(run: &Setting<'_>, column: Column<'a>, key: Key) -> Self {
        let stored = run.store.json(&key);
        Work { column, key, stored, accumulator: column.accumulator(), passed: 0, failed: false }
    }

    /// The curve, stored; none if it failed.
    fn finish(self, run: &Setting<'_>) -> Result<Option<TrueCurve>> {
        if self.stored.is_some() || self.failed {
            return Ok(self.stored);
        }
        let Ok(values) = self.accumulator.values() else { return Ok(None) };
        let curve = TrueCurve { passed: self.passed, values };
        run.store.put_json(&self.key, &curve)?;
        Ok(Some(curve))
    }
}
