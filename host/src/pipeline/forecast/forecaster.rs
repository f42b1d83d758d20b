//! What an experiment will be able to resolve, before anything is trained.
//!
//! A generator whose amplification is G by construction needs no training: n_equiv = G n_train true events, drawn from with
//! replacement without end. Every member gets n_equiv events of its own, so that its fractions scatter about the truth by
//! I (1 - I) / n_equiv, and its distance to the truth follows the null law at n_equiv. The experiment's own metrics, references and
//! sizes are applied to such members, again and again, and it is counted how often Eq. 3 finds an interval with two ends.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::{Error, ErrorKind, Result, Seed};

use super::simulation::{Resolved, Resources, Simulations, TrueValues};
use crate::config::ReferenceName;
use crate::pipeline::events::{TrueEvents, training_set};
use crate::pipeline::observe::{Kept, Observables, cuts, gather, summaries};
use crate::pipeline::plan::{PlannedCell, Setting, member_count};
use crate::results::CellName;

/// The forecast for cells that differ in generator and posterior alone.
pub struct Forecast {
    /// The cells.
    pub cells: Vec<CellName>,
    /// Its sizes.
    pub resources: Resources,
    /// Whether the metric uses a reference sample that more events could make larger.
    pub reference: Option<ReferenceName>,
    /// At each amplification; why there is none otherwise.
    pub rows: Result<Vec<Resolved>>,
    /// What it would take to resolve the wanted amplification: a size, and how many times as much of it; none if that alone
    /// does not do.
    pub takes: Vec<(String, Option<f64>)>,
}

/// Amplifications that are looked at: three a decade.
fn grid() -> impl Iterator<Item = f64> {
    (-4..=9).map(|k| 10_f64.powf(f64::from(k) / 3.0))
}

/// Most true events that a simulated member is made of.
const LARGEST: f64 = 2e7;

/// Values of a summary under a selection, and the part of the true events that passes.
type Truths = BTreeMap<(usize, usize), Result<(TrueValues, f64)>>;

/// Cells that differ in generator and posterior alone, with as many members each.
struct Group<'a> {
    cell: &'a PlannedCell,
    members: u64,
    names: Vec<CellName>,
}

impl Group<'_> {
    fn holds(&self, cell: &PlannedCell, members: u64) -> bool {
        let of = |c: &PlannedCell| (c.summary, c.selection, c.metric, c.reference);
        of(self.cell) == of(cell) && self.members == members
    }
}

/// What the forecasts of all groups share.
struct Forecaster<'a> {
    run: &'a Setting<'a>,
    events: &'a TrueEvents<'a>,
    truths: Truths,
    runs: u64,
    target: Option<f64>,
}

/// The forecasts of all cells from `runs` simulated runs each; with `target` also what it would take to resolve that G.
pub fn forecast(setting: &Setting<'_>, runs: u64, target: Option<f64>) -> Result<Vec<Forecast>> {
    let dataset = &**setting.components.dataset.component.as_ref().map_err(Clone::clone)?;
    if dataset.grouped() {
        return Err(Error::unsupported(
            "a forecast draws true events one by one, and those of this dataset belong together (`groups`): expected events that are each by \
             itself",
        ));
    }
    let (events, _) = training_set(setting.session, setting.experiment, setting.components, 0)?;
    let summaries = summaries(setting.components);
    let without = Observables { summaries: &summaries, cuts: &[], truth: dataset.density(), member: None };
    let cuts = cuts(setting, dataset, &events, without);
    let truths = truths(setting, &events, Observables { cuts: &cuts, ..without })?;

    let mut groups: Vec<Group<'_>> = Vec::new();
    for cell in &setting.plan.cells {
        let made = cell.uncertainty.map(|u| &setting.components.uncertainties[u].component);
        let members = member_count(setting.experiment, made.and_then(|m| m.as_ref().ok()));
        match groups.iter_mut().find(|g| g.holds(cell, members)) {
            Some(group) => group.names.push(cell.name.clone()),
            None => groups.push(Group { cell, members, names: vec![cell.name.clone()] }),
        }
    }
    let forecaster = Forecaster { run: setting, events: &events, truths, runs, target };
    groups.into_iter().map(|group| forecaster.forecast(group)).collect()
}

/// A large true sample of every summary and selection, and the part that passes.
fn truths(setting: &Setting<'_>, events: &TrueEvents<'_>, observables: Observables<'_>) -> Result<Truths> {
    let source = events.best()?.map_or(ReferenceName::Training, |(name, _)| name);
    let known = setting.plan.cells.iter().filter(|cell| !cell.per_member);
    let known = known.map(|cell| (cell.summary, cell.selection));
    let (gathered, all) = setting.session.attempt("true events", || {
        gather(setting.session, events, source, observables, known.clone(), |_, _| 0)
    })?;
    let mut wanted = Truths::new();
    for ((summary, selection), found) in gathered {
        let numbers = observables.summaries[summary].numbers;
        let of = |kept: Kept| {
            let mut values = TrueValues::new(kept, numbers, Seed::new(0).split("plan"))?;
            if numbers == 1 {
                values.list.sort_unstable_by(f64::total_cmp);
            }
            let part = values.events() as f64 / all as f64;
            Ok((values, part))
        };
        wanted.insert((summary, selection), found.and_then(of));
    }
    // A distance does not depend on the distribution: where the summary is another one for each member, any will do.
    for cell in &setting.plan.cells {
        let any = || match observables.summaries[cell.summary].numbers {
            1 => {
                let list = (0..1_000_000).map(|i| (f64::from(i) + 0.5) / 1e6).collect();
                Ok((TrueValues { list, numbers: 1, worth: 1.0 }, 1.0))
            }
            _ => Err(Error::unsupported(
                "of a summary of several numbers that differs from member to member nothing is known before",
            )),
        };
        wanted.entry((cell.summary, cell.selection)).or_insert_with(any);
    }
    Ok(wanted)
}

impl Forecaster<'_> {
    fn forecast(&self, group: Group<'_>) -> Result<Forecast> {
        let cell = group.cell;
        let mut forecast = Forecast {
            cells: group.names,
            resources: Resources::default(),
            reference: cell.reference,
            rows: Ok(Vec::new()),
            takes: Vec::new(),
        };
        let (truth, part) = match &self.truths[&(cell.summary, cell.selection)] {
            Ok((values, part)) => (values, *part),
            Err(error) => return Ok(Forecast { rows: Err(error.clone()), ..forecast }),
        };
        forecast.resources = self.resources(cell, group.members, part, truth.worth)?;
        if let Some(error) = refusal(cell, truth) {
            return Ok(Forecast { rows: Err(error), ..forecast });
        }
        let Setting { session, components, experiment, .. } = *self.run;
        let name = &cell.name;
        let task =
            session.progress.task(&format!("forecast {}, {}, {}", name.summary, name.selection, name.metric));
        let done = AtomicU64::new(0);
        let all = grid().count() as u64 * self.runs;
        let simulations = Simulations {
            session,
            metric: components.metrics[cell.metric].component.as_ref().map_err(Clone::clone)?,
            truth,
            runs: self.runs,
            seed: Seed::new(experiment.experiment.seed)
                .split("forecast")
                .split(&components.metrics[cell.metric].seed_name)
                .split(&components.summaries[cell.summary].seed_name),
            advance: &|| task.update((done.fetch_add(1, Ordering::Relaxed) + 1).min(all), all, None),
        };
        let resources = forecast.resources;
        forecast.rows = (0..)
            .zip(grid())
            .filter(|(_, g)| (2.0..=LARGEST).contains(&(g * resources.n_train)))
            .map(|(k, g)| simulations.at(resources, g, simulations.seed.index(k)))
            .collect();
        match &forecast.rows {
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error.clone()),
            Err(_) => {}
            Ok(_) => {
                if let Some(g) = self.target {
                    forecast.takes = simulations.takes(resources, cell.reference.is_some(), g)?;
                }
            }
        }
        task.finish("done");
        Ok(forecast)
    }

    fn resources(&self, cell: &PlannedCell, members: u64, part: f64, worth: f64) -> Result<Resources> {
        let sizes = &self.run.experiment.experiment;
        let n_reference = match cell.reference {
            Some(reference) => self.events.events(reference)?.unwrap_or(0) as f64,
            None => 0.0,
        };
        Ok(Resources {
            n_train: sizes.n_train as f64 * part * worth,
            n_reference: n_reference * part * worth,
            members,
            n_gen: sizes.n_gen as f64 * part,
        })
    }
}

/// Why nothing can be said of a cell.
fn refusal(cell: &PlannedCell, truth: &TrueValues) -> Option<Error> {
    if cell.reference == Some(ReferenceName::Training) {
        return Some(Error::unsupported(
            "against its own training events no amplification is resolved: the generator was fitted to them",
        ));
    }
    (truth.events() == 0).then(|| Error::data("expected true events that pass the selection, found none"))
}
