//! What is known of a training set's true events before members are compared with them.

use amplicast_sdk::ndarray::{Array2, Axis, s};
use amplicast_sdk::{Accumulator as _, Batch, Error, Origin, Result, Split, Values};

use crate::config::ReferenceName;
use crate::inspection::{
    Holdout, Known, Neighbors, Numbers, Order, Overlap, Runs, Sketch, TrueSample, TrueSummary,
    copies_on_grid, repeated, spaced,
};
use crate::pipeline::events::{Counting, TrueEvents};
use crate::pipeline::observe::Observables;
use crate::pipeline::plan::{Setting, TrueSource};

/// Left-out or holdout events from which on they stand for true events; with fewer, training events do.
const TRUE_EVENTS: usize = 200;
/// Part of the training events above which a holdout that holds them is refused; fewer may be chance where numbers are rounded.
const MOST: f64 = 0.01;

/// Looks at the true events of a training set: what members will be compared with, and what the reader should know.
///
/// A file's holdout that holds training events confirms what was learned by heart: it is refused.
pub fn true_sample(
    setting: &Setting<'_>,
    dataset: &dyn TrueSource,
    events: &TrueEvents<'_>,
    observables: Observables<'_>,
) -> Result<(TrueSample, Vec<String>)> {
    let stream = setting.experiment.experiment.n_gen;
    let known = Known::new(events.seen().values, stream);
    let neighbors = Neighbors::new(events.seen().values);
    let mut warnings: Vec<String> = repeated(&known).into_iter().collect();
    let mut of_true = vec![neighbors.among_training(neighbors.affordable())];
    let mut summaries = of_training(setting, events, observables);
    let left_out = events.left_out();
    if left_out.values.nrows() >= TRUE_EVENTS {
        let n = left_out.values.nrows().min(neighbors.affordable());
        let some = left_out.values.slice(s![..n, ..]);
        of_true.push(neighbors.of(some));
        summaries.iter_mut().for_each(|summary| summary.compare_with(&left_out, observables));
    }
    let mut holdout = None;
    if dataset.capacity(Split::Holdout)?.is_some_and(|n| n > 0) {
        // A copy of a left-out event is no better than one of an event that was seen.
        let all = (left_out.values.nrows() > 0).then(|| Known::new(events.all().values, stream));
        let found = compare(setting, events, all.as_ref().unwrap_or(&known), &summaries, observables)?;
        let some = spaced(found.some.view(), neighbors.affordable());
        let distances = neighbors.of(some);
        if let Some(near) = distances.nearer_than(&of_true[0]) {
            return Err(Error::data(format!(
                "{}, as rounded copies of training events would: expected other events",
                near.text("holdout")
            )));
        }
        if some.nrows() >= TRUE_EVENTS {
            of_true.push(distances);
            let rows: Vec<u64> = (0..found.some.nrows() as u64).collect();
            let batch = Batch::new(found.some.view(), Origin::Holdout, &rows);
            summaries.iter_mut().for_each(|summary| summary.compare_with(&batch, observables));
        }
        warnings.extend(found.warnings);
        let of_holdout = Neighbors::new(found.some.view());
        let training = spaced(events.seen().values, of_holdout.affordable());
        holdout = Some(Holdout {
            sketch: found.sketch,
            numbers: found.numbers,
            of_true: vec![of_holdout.of(training)],
            neighbors: of_holdout,
        });
    }
    let summaries = summaries.into_iter().map(|summary| summary.found).collect();
    Ok((TrueSample { known, neighbors, of_true, holdout, summaries }, warnings))
}

/// A summary that is looked at.
struct Looked {
    found: TrueSummary,
    /// Its values of the training events.
    sorted: Vec<f64>,
}

impl Looked {
    /// Adds a sample of true events.
    fn compare_with(&mut self, events: &Batch<'_>, observables: Observables<'_>) {
        if let Ok(values) = values_of(self.found.summary, events, observables)
            && values.len() >= TRUE_EVENTS
        {
            let values = column(values);
            let some = spaced(values.view(), self.found.neighbors.affordable());
            self.found.of_true.push(self.found.neighbors.of(some));
        }
    }
}

impl Looked {
    /// What is to be said of a holdout that has another distribution than the training events.
    fn differs_from(&self, holdout: &Array2<f64>, observables: Observables<'_>) -> Option<String> {
        let rows: Vec<u64> = (0..holdout.nrows() as u64).collect();
        let batch = Batch::new(holdout.view(), Origin::Holdout, &rows);
        let mut values = values_of(self.found.summary, &batch, observables).ok()?;
        values.sort_unstable_by(f64::total_cmp);
        let (n, m) = (self.sorted.len() as f64, values.len() as f64);
        let distance = distance(&self.sorted, &values);
        (distance * (n * m / (n + m)).sqrt() > DIFFERENT).then(|| {
            format!(
                "training events and holdout have different distributions of `{}` (a Kolmogorov-Smirnov distance of {distance:.2}): other \
                 units, other cuts, or an order?",
                self.found.name
            )
        })
    }
}

/// Rescaled Kolmogorov-Smirnov distance beyond which two samples are not of one law: a probability of 2 exp(-2 x^2) = 3 10^-8.
const DIFFERENT: f64 = 3.0;

/// The Kolmogorov-Smirnov distance of two sorted samples.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let (mut i, mut j, mut largest) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        let x = a[i].min(b[j]);
        i += a[i..].iter().take_while(|y| **y <= x).count();
        j += b[j..].iter().take_while(|y| **y <= x).count();
        largest = largest.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    largest
}

/// The summaries of one number of the training events that are the same function for all members; what cannot be evaluated is said elsewhere.
fn of_training(setting: &Setting<'_>, events: &TrueEvents<'_>, observables: Observables<'_>) -> Vec<Looked> {
    let used = |s: &usize| setting.plan.cells.iter().any(|cell| cell.summary == *s && !cell.per_member);
    let one = |summary: usize| {
        let observable = &observables.summaries[summary];
        let needs = observable.needs;
        let of_densities = needs.log_density || needs.true_log_density || needs.true_gradient;
        if observable.numbers > 1 || observable.fit.is_some() || of_densities {
            return None;
        }
        let values = values_of(summary, &events.seen(), observables).ok()?;
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let range = [*sorted.first()?, *sorted.last()?];
        let neighbors = Neighbors::new(column(values).view());
        let of_true = vec![neighbors.among_training(neighbors.affordable())];
        let name = setting.components.summaries[summary].name.clone();
        Some(Looked { found: TrueSummary { summary, name, range, neighbors, of_true }, sorted })
    };
    (0..observables.summaries.len()).filter(used).filter_map(one).collect()
}

/// A summary of those events that have it.
pub fn values_of(summary: usize, events: &Batch<'_>, observables: Observables<'_>) -> Result<Vec<f64>> {
    let observed = observables.on(*events);
    let values = observed.values(summary)?;
    Ok(match observed.defined(summary)? {
        None => values.to_vec(),
        Some(defined) => {
            values.iter().zip(defined).filter(|(_, defined)| **defined).map(|(x, _)| *x).collect()
        }
    })
}

fn column(values: Vec<f64>) -> Array2<f64> {
    Array2::from_shape_vec((values.len(), 1), values).expect("a column")
}

/// What a look at the holdout gives.
struct FoundInHoldout {
    sketch: Sketch,
    numbers: Numbers,
    /// Some of its events.
    some: Array2<f64>,
    warnings: Vec<String>,
}

/// Holdout events that are kept.
const KEPT: u64 = 1 << 14;
/// Of each batch, those whose order is looked at.
const ORDERED: usize = 4096;

/// Looks for training events in the holdout of a file, for events that repeat, and for an order. A warning if there are a few training
/// events; an error if there are many.
fn compare(
    setting: &Setting<'_>,
    events: &TrueEvents<'_>,
    known: &Known,
    summaries: &[Looked],
    observables: Observables<'_>,
) -> Result<FoundInHoldout> {
    let mut overlap = Overlap::new(known);
    let all = events.events(ReferenceName::Holdout)?.unwrap_or(0);
    let count = all.min(KEPT);
    let mut some = Array2::zeros((0, events.all().values.ncols()));
    let mut runs: Vec<Runs> =
        summaries.iter().map(|summary| Runs::new(summary.sorted[summary.sorted.len() / 2])).collect();
    let mut first = 0;
    setting.session.attempt("compare holdout and training events", || {
        events.stream(ReferenceName::Holdout, |batch| {
            setting.session.check_stop()?;
            overlap.add(batch.values);
            let n = batch.values.nrows();
            while (some.nrows() as u64) < count {
                let row = some.nrows() as u64 * all / count - first;
                if row >= n as u64 {
                    break;
                }
                some.push_row(batch.values.row(row as usize)).map_err(|e| Error::plugin(e.to_string()))?;
            }
            first += n as u64;
            // Of events that belong together one: they are alike.
            let first = |i: &usize| batch.groups.is_none_or(|groups| *i == 0 || groups[*i] != groups[i - 1]);
            let places: Vec<usize> = (0..n.min(ORDERED)).filter(first).collect();
            let rows: Vec<u64> = places.iter().map(|i| batch.rows[*i]).collect();
            let beginning = batch.values.select(Axis(0), &places);
            let beginning = Batch::new(beginning.view(), batch.origin, &rows);
            for (summary, runs) in summaries.iter().zip(&mut runs) {
                if let Ok(values) = values_of(summary.found.summary, &beginning, observables) {
                    runs.update(Values::single(&values))?;
                }
            }
            Ok(())
        })
    })?;
    if let Some(part) = copies_on_grid(events.all().values, some.view()) {
        return Err(Error::data(format!(
            "{:.0} % of the holdout events are training events, rounded: expected other events",
            100.0 * part
        )));
    }
    let (count, n) = (overlap.training(), known.events);
    let mut warnings = Vec::new();
    if let Some(first) = overlap.first.filter(|_| overlap.is_no_chance()) {
        let message = format!(
            "{count} of {n} training events are in the holdout as well (the first is holdout event {first}): expected other events"
        );
        if count as f64 > MOST * n as f64 {
            return Err(Error::data(message));
        }
        warnings.push(message);
    }
    warnings.extend(overlap.repeated());
    for (summary, runs) in summaries.iter().zip(&runs) {
        if let Some(order) = Runs::order(&runs.values()?).filter(Order::matters) {
            warnings.push(format!(
                "the holdout events come in an order: `{}` changes its side or turns {:.2} times as often as for independent events; a \
                 part of them is no random one: shuffle the file",
                summary.found.name, order.ratio
            ));
        } else if let Some(warning) =
            // With weights or groups two samples of one law may lie in quite different places.
            summary
                .differs_from(&some, observables)
                .filter(|_| events.counting() == Counting::Alike)
        {
            warnings.push(warning);
        }
    }
    Ok(FoundInHoldout { numbers: overlap.numbers(), sketch: overlap.sketch, some, warnings })
}
