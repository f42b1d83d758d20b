//! The inspection of a replica's events: what is known of the true ones, and what was found in each pair's members.

use amplicast_sdk::ndarray::{Array2, Axis, s};
use amplicast_sdk::{Chunk, Error, MembersData, Result, Seed, Split};

use super::data::TrueEvents;
use super::pair::Pair;
use super::posterior::Posterior;
use super::run::Run;
use super::true_source::TrueSource;
use crate::config::ReferenceName;
use crate::inspection::{
    Findings, Glance, Grain, Known, Neighbors, Overlap, Rounding, Sketch, TrueSample, repeated,
};
use crate::results::Inspected;

/// True events whose precision is looked at, and events of each member.
const GRAIN_EVENTS: usize = 512;
const GRAIN_EVENTS_OF_MEMBER: u64 = 64;
/// Left-out or holdout events from which on they stand for true events; with fewer, training events do.
const TRUE_EVENTS: usize = 200;
/// Part of the training events above which a holdout that holds them is refused; fewer may be chance where numbers are rounded.
const MOST: f64 = 0.01;

/// The precision in which this replica's events are compared: the coarsest of training events, holdout, and members that
/// exist before anything is trained.
pub fn rounding(run: &Run<'_>, dataset: &dyn TrueSource, events: &TrueEvents<'_>) -> Rounding {
    let training = events.all().values;
    let n = training.nrows().min(GRAIN_EVENTS);
    let mut sources = vec![Grain::of(training.slice(s![..n, ..]))];
    let dimension = training.ncols();
    // What cannot be read or made is told where it is needed.
    let holdout = dataset.capacity(Split::Holdout).ok().flatten().unwrap_or(0);
    sources.extend(beginning(holdout, dimension, |chunk, out| dataset.read(Split::Holdout, chunk, out)));
    let mut all_known = true;
    for made in &run.components.generators {
        let Ok(generator) = &made.component else { continue };
        if !generator.abilities().own_members {
            all_known = false;
            continue;
        }
        let Ok(model) = generator.prepare(&events.seen(), &run.components.schema) else { continue };
        use amplicast_sdk::Model as _;
        for member in model.own_members().unwrap_or_default().iter().filter_map(|p| model.at(p).ok()) {
            let n = member.capacity().unwrap_or(u64::MAX).min(GRAIN_EVENTS_OF_MEMBER);
            sources.extend(beginning(n, dimension, |chunk, out| member.sample(chunk, out)));
        }
    }
    Rounding::common(&sources, all_known)
}

/// The grains of the first events of a source of `n`; none if they cannot be had.
fn beginning(
    n: u64,
    dimension: usize,
    read: impl Fn(Chunk, amplicast_sdk::ndarray::ArrayViewMut2<'_, f64>) -> Result<()>,
) -> Option<Vec<Grain>> {
    let n = n.min(GRAIN_EVENTS as u64) as usize;
    let mut events = Array2::zeros((n, dimension));
    let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(0).split("precision") };
    (n > 0 && read(chunk, events.view_mut()).is_ok()).then(|| Grain::of(events.view()))
}

/// Looks at the true events of a replica: what members will be compared with, and what the reader should know.
///
/// A file's holdout that holds training events confirms what was learned by heart: it is refused.
pub fn true_sample(
    run: &Run<'_>,
    dataset: &dyn TrueSource,
    events: &TrueEvents<'_>,
) -> Result<(TrueSample, Vec<String>)> {
    let known = Known::new(events.seen().values, run.experiment.experiment.n_gen);
    let neighbors = Neighbors::new(events.seen().values);
    let mut warnings: Vec<String> = repeated(&known).into_iter().collect();
    let of_training = neighbors.among_training(neighbors.affordable());
    let left_out = events.left_out().values;
    let mut holdout = None;
    let mut of_true = None;
    if left_out.nrows() >= TRUE_EVENTS {
        let n = left_out.nrows().min(neighbors.affordable());
        of_true = Some(neighbors.of(left_out.slice(s![..n, ..])));
    }
    if dataset.capacity(Split::Holdout)?.is_some_and(|n| n > 0) {
        let all = Known::new(events.all().values, run.experiment.experiment.n_gen);
        let found = compare(run, events, &all, &neighbors)?;
        let distances = neighbors.of(found.some.view());
        if let Some(near) = distances.nearer_than(&of_training) {
            return Err(Error::data(format!(
                "{:.0} % of the holdout events lie next to one training event each, as rounded copies of them would: expected other \
                 events",
                100.0 * near.part.max(near.probability - 0.5)
            )));
        }
        if let Some(warning) = found.warning {
            warnings.push(warning);
        }
        if found.some.nrows() >= TRUE_EVENTS {
            of_true = Some(distances);
        }
        holdout = Some(found.sketch);
    }
    let of_true = of_true.unwrap_or(of_training);
    Ok((TrueSample { known, neighbors, of_true, holdout }, warnings))
}

/// What a look at the holdout gives.
struct Holdout {
    sketch: Sketch,
    /// Some of its first events.
    some: Array2<f64>,
    warning: Option<String>,
}

/// Looks for training events in the holdout of a file. A warning if there are a few; an error if there are many.
///
/// Where training events repeat among themselves (rounded or discrete numbers) equal ones prove nothing.
fn compare(run: &Run<'_>, events: &TrueEvents<'_>, known: &Known, neighbors: &Neighbors) -> Result<Holdout> {
    let mut overlap = Overlap::new(known);
    let most = neighbors.affordable();
    let dimension = events.all().values.ncols();
    let mut some = Array2::zeros((0, dimension));
    run.session.attempt("compare holdout and training events", || {
        events.stream(ReferenceName::Holdout, |batch| {
            run.session.check_stop()?;
            overlap.add(batch.values);
            let left = (most - some.nrows()).min(batch.values.nrows());
            some.append(Axis(0), batch.values.slice(s![..left, ..])).map_err(|e| Error::plugin(e.to_string()))
        })
    })?;
    let (count, n) = (overlap.training(), known.events);
    let mut warning = None;
    // As many as chance gives say nothing.
    if let Some(first) = overlap.first.filter(|_| count as f64 > 3.0 * overlap.by_chance()) {
        let message = format!(
            "{count} of {n} training events are in the holdout as well (the first is holdout event {first}): expected other events"
        );
        if count as f64 > MOST * n as f64 && known.by_chance <= MOST {
            return Err(Error::data(message));
        }
        warning = Some(message);
    }
    Ok(Holdout { sketch: overlap.sketch, some, warning })
}

impl Pair<'_> {
    /// What was found in the members' events, and what results say of it.
    pub fn inspect(&self, posterior: &Posterior, glances: &[Glance]) -> Result<(Findings, Inspected)> {
        let data = self.members_data();
        let columns = self.run.components.schema.column_names();
        let places: Vec<String> = (0..glances.len())
            .map(|i| self.place(i, posterior.members.parameters.len()))
            .collect::<Result<_>>()?;
        let findings = Findings::new(glances, self.replica.truth, data, columns, |i| places[i].clone());
        let name = &self.cells[0].name;
        let inspected = Inspected {
            generator: name.generator.clone(),
            uncertainty: name.uncertainty.clone(),
            replica: self.replica.number,
            members_data: data,
            events: glances.iter().map(|g| g.events).sum(),
            copies: findings.copies,
            precision: (!self.replica.events.rounding().is_none())
                .then(|| self.replica.events.rounding().to_string()),
            findings: findings.refused.iter().chain(&findings.warnings).cloned().collect(),
        };
        Ok((findings, inspected))
    }

    /// What the members were fitted to: the uncertainty model knows, or the user says.
    fn members_data(&self) -> Option<MembersData> {
        let components = self.run.components;
        match self.cells[0].uncertainty {
            Some(u) => components.uncertainties[u].component.as_ref().ok().map(|u| u.members_data()),
            None => self.run.experiment.generator[self.cells[0].generator].members_data,
        }
    }
}
