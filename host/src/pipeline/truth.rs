//! The truth, where it is known: the same accumulators over fresh true events, or over a holdout.

use std::collections::HashMap;

use amplicast_sdk::{Accumulator, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::data::{TrueEvents, evaluate};
use super::run::{Replica, Run, TrueCurves};
use super::stream::Histogram;
use crate::config::ReferenceName;
use crate::results::Validation;
use crate::store::Key;

/// What a column's accumulator holds after the true events.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TrueCurve {
    /// True events that pass the selection.
    pub passed: u64,
    /// The accumulator's values.
    pub values: Vec<f64>,
}

/// Where the truth comes from: a sampler's own events without end, else the holdout.
pub fn source(events: &TrueEvents<'_>) -> Result<Option<(ReferenceName, u64)>> {
    for name in [ReferenceName::Truth, ReferenceName::Holdout] {
        if let Some(n) = events.events(name)? {
            return Ok(Some((name, n)));
        }
    }
    Ok(None)
}

/// The source as the report names it.
pub fn validation(events: &TrueEvents<'_>) -> Result<Option<Validation>> {
    Ok(source(events)?.map(|(name, events)| Validation { source: name.text().into(), events }))
}

/// True values of every metric column, and of the report's histograms.
pub struct Truth {
    /// By column.
    pub metrics: TrueCurves,
    /// Counts in the bins and events that pass, in the order of the histograms.
    pub histograms: Vec<TrueCurve>,
    /// Where they come from.
    pub validation: Option<Validation>,
}

/// Computes what is not stored.
pub fn curves(run: &Run<'_>, shared: &Replica<'_>) -> Result<Truth> {
    let Replica { number: replica, events, identity, summaries, cuts, columns } = *shared;
    let validation = validation(events)?;
    let mut truth = Truth { metrics: HashMap::new(), histograms: Vec::new(), validation };
    let Some((reference, n)) = source(events)? else { return Ok(truth) };
    struct Work {
        summary: usize,
        selection: usize,
        accumulator: Box<dyn Accumulator>,
        passed: u64,
        key: Key,
        stored: Option<TrueCurve>,
        failed: bool,
    }
    let work = |summary, selection, accumulator, identity: Value| {
        let key = Key::new("truth", &json!({"column": identity, "source": reference.text(), "events": n}));
        let stored = run.store.json(&key);
        Work { summary, selection, accumulator, passed: 0, key, stored, failed: false }
    };
    let mut list: Vec<Work> = Vec::new();
    let mut names = Vec::new();
    for (name, prepared) in &columns.metrics {
        let Ok(prepared) = prepared else { continue };
        names.push(*name);
        list.push(work(
            name.summary,
            name.selection,
            prepared.comparison.accumulator(),
            prepared.identity.clone(),
        ));
    }
    for (summary, selection, edges) in &columns.histograms {
        let bits: Vec<u64> = edges.iter().map(|e| e.to_bits()).collect();
        let cut: Vec<_> =
            cuts[*selection].intervals.iter().map(|c| (c.0, c.1.to_bits(), c.2.to_bits())).collect();
        let of = json!({
            "summary": run.components.summaries[*summary].identity, "edges": bits, "cuts": cut, "data": identity,
        });
        list.push(work(*summary, *selection, Box::new(Histogram::new(edges)), of));
    }
    if list.iter().any(|w| w.stored.is_none()) {
        let task = run.session.progress.task(&format!("true events of training set {}", replica + 1));
        let mut done = 0;
        run.session.attempt("true events", || {
            events.stream(reference, |batch| {
                run.session.check_stop()?;
                for w in list.iter_mut().filter(|w| w.stored.is_none() && !w.failed) {
                    let update = || -> Result<u64> {
                        let values = evaluate(summaries, w.summary, batch)?;
                        let kept = cuts[w.selection].keep(summaries, batch, &values)?;
                        w.accumulator.update(&kept)?;
                        Ok(kept.len() as u64)
                    };
                    let mut update = update;
                    match update() {
                        Ok(passed) => w.passed += passed,
                        // The column's cells say why when the generated events meet the same failure.
                        Err(_) => w.failed = true,
                    }
                }
                done += batch.rows.len() as u64;
                task.update(done, n, None);
                Ok(())
            })
        })?;
    }
    let mut curves = Vec::new();
    for w in list {
        curves.push(match w.stored {
            Some(stored) => Some(stored),
            None if w.failed => None,
            // As above, if the accumulator fails.
            None => match w.accumulator.values() {
                Err(_) => None,
                Ok(values) => {
                    let curve = TrueCurve { passed: w.passed, values };
                    run.store.put_json(&w.key, &curve)?;
                    Some(curve)
                }
            },
        });
    }
    let histograms = curves.split_off(names.len());
    truth.metrics = names.into_iter().zip(curves).filter_map(|(n, c)| Some((n, c?))).collect();
    truth.histograms =
        histograms.into_iter().map(|c| c.unwrap_or(TrueCurve { passed: 0, values: Vec::new() })).collect();
    Ok(truth)
}
