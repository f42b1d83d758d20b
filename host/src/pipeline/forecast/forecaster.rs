//! What an experiment will be able to resolve, before anything is trained.
//!
//! A generator whose amplification is G by construction needs no training: n_equiv = G n_train true events, drawn from with
//! replacement without end. Every member gets n_equiv events of its own, so that its fractions scatter about the truth by
//! I (1 - I) / n_equiv, and its distance to the truth follows the null law at n_equiv. The experiment's own metrics, references and
//! sizes are applied to such members, again and again, and it is counted how often Eq. 3 finds an interval with two ends.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::abi::LoadedMetric;
use amplicast_sdk::{Error, ErrorKind, Reference, ReferenceUse, Result, Seed, Values};

use super::simulation::{Resolved, Resources, Simulations};
use super::true_values::TrueValues;
use crate::config::ReferenceName;
use crate::pipeline::events::{Counting, TrueEvents, training_set};
use crate::pipeline::observe::{Kept, Observables, Observed, cuts, effective_events, gather, summaries};
use crate::pipeline::plan::{PlannedCell, Question, Setting, member_count};
use crate::results::CellName;

/// The forecast for cells that differ in generator and posterior alone.
pub struct Forecast {
    /// The cells.
    pub cells: Vec<CellName>,
    /// Its sizes.
    pub resources: Resources,
    /// Whether the true events among them are effective ones.
    pub effective: bool,
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

/// Values of a summary under a selection, and how much of the true events passes.
struct Truth {
    values: TrueValues,
    /// Of their number.
    part: f64,
    /// Of their weight, and so of generated events, which count alike.
    of_weight: f64,
    /// The events of a file's holdout, if they or those of the training have weights or belong together: each has its own.
    holdout: Option<Kept>,
}

/// By summary and selection.
type Truths = BTreeMap<(usize, usize), Result<Truth>>;

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
    training: Observed<'a, 'a>,
    truths: Truths,
    runs: u64,
    target: Option<f64>,
}

/// The forecasts of all cells from `runs` simulated runs each; with `target` also what it would take to resolve that G.
pub fn forecast(setting: &Setting<'_>, runs: u64, target: Option<f64>) -> Result<Vec<Forecast>> {
    let dataset = &**setting.components.dataset.component.as_ref().map_err(Clone::clone)?;
    let (events, _) = training_set(setting.session, setting.experiment, setting.components, 0)?;
    let summaries = summaries(setting.components);
    let without = Observables { summaries: &summaries, cuts: &[], truth: dataset.density(), member: None };
    let cuts = cuts(setting, dataset, &events, without);
    let observables = Observables { cuts: &cuts, ..without };
    let truths = truths(setting, &events, observables)?;

    let mut groups: Vec<Group<'_>> = Vec::new();
    for cell in &setting.plan.cells {
        let made = cell.uncertainty.map(|u| &setting.components.uncertainties[u].component);
        let members = member_count(setting.experiment, made.and_then(|m| m.as_ref().ok()));
        match groups.iter_mut().find(|g| g.holds(cell, members)) {
            Some(group) => group.names.push(cell.name.clone()),
            None => groups.push(Group { cell, members, names: vec![cell.name.clone()] }),
        }
    }
    let training = observables.on(events.all());
    let forecaster = Forecaster { run: setting, events: &events, training, truths, runs, target };
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
            let weight = kept.weights.as_ref().map(|weights| weights.iter().sum::<f64>());
            let own = source == ReferenceName::Holdout && events.counting() != Counting::Alike;
            let holdout = own.then(|| kept.clone());
            let values = TrueValues::new(kept, numbers, Seed::new(0).split("plan"))?;
            let part = values.events() as f64 / all.events as f64;
            let of_weight = weight.map_or(part, |weight| weight / all.weight);
            Ok(Truth { values, part, of_weight, holdout })
        };
        wanted.insert((summary, selection), found.and_then(of));
    }
    // A distance of events that count alike does not depend on the distribution: where the summary is another one for each member, any will do.
    for cell in &setting.plan.cells {
        let any = || match (events.counting(), observables.summaries[cell.summary].numbers) {
            (Counting::Weighted | Counting::Grouped, _) => Err(Error::unsupported(
                "how much events with weights, or that belong together, know of a summary that differs from member to member is not known before",
            )),
            (Counting::Alike, 1) => {
                let list = (0..1_000_000).map(|i| (f64::from(i) + 0.5) / 1e6).collect();
                let values = TrueValues { list, numbers: 1 };
                Ok(Truth { values, part: 1.0, of_weight: 1.0, holdout: None })
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
            effective: self.events.counting() != Counting::Alike,
            reference: cell.reference,
            rows: Ok(Vec::new()),
            takes: Vec::new(),
        };
        let Setting { session, components, experiment, .. } = *self.run;
        let metric = components.metrics[cell.metric].component.as_ref().map_err(Clone::clone)?;
        let known = self.truths[&(cell.summary, cell.selection)].as_ref().map_err(Clone::clone);
        let known = known.and_then(|truth| {
            refuse(cell, &truth.values)?;
            Ok((truth, self.resources(cell, metric, group.members, truth)?))
        });
        let (truth, resources) = match known {
            Ok((truth, resources)) => (&truth.values, resources),
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => return Ok(Forecast { rows: Err(error), ..forecast }),
        };
        forecast.resources = resources;
        let name = &cell.name;
        let task =
            session.progress.task(&format!("forecast {}, {}, {}", name.summary, name.selection, name.metric));
        let done = AtomicU64::new(0);
        let all = grid().count() as u64 * self.runs;
        let simulations = Simulations {
            session,
            metric,
            truth,
            runs: self.runs,
            seed: Seed::new(experiment.experiment.seed)
                .split("forecast")
                .split(&components.metrics[cell.metric].seed_name)
                .split(&components.summaries[cell.summary].seed_name),
            advance: &|| task.update((done.fetch_add(1, Ordering::Relaxed) + 1).min(all), all, None),
        };
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

    fn resources(
        &self,
        cell: &PlannedCell,
        metric: &LoadedMetric,
        members: u64,
        truth: &Truth,
    ) -> Result<Resources> {
        let sizes = &self.run.experiment.experiment;
        let n_reference = match cell.reference {
            Some(reference) => self.events.events(reference)?.unwrap_or(0) as f64,
            None => 0.0,
        };
        let mut resources = Resources {
            n_train: sizes.n_train as f64 * truth.part,
            n_reference: n_reference * truth.part,
            members,
            n_gen: sizes.n_gen as f64 * truth.of_weight,
        };
        if self.events.counting() != Counting::Alike {
            let effective = || self.effective(cell, metric, truth, resources.n_reference);
            [resources.n_train, resources.n_reference] =
                self.run.session.attempt("effective events", effective)?;
        }
        Ok(resources)
    }

    /// How many events that count alike the training events that pass are worth to the metric, and `n_reference` ones of the reference.
    fn effective(
        &self,
        cell: &PlannedCell,
        metric: &LoadedMetric,
        truth: &Truth,
        n_reference: f64,
    ) -> Result<[f64; 2]> {
        let mut memory = Kept::default();
        let all = 0..self.training.events();
        let kept = self.training.kept(cell.summary, cell.selection, all, &mut memory)?;
        let nothing = || Error::data("expected training events that pass the selection, found none");
        // What they are compared with has no part in it: themselves, of a metric that needs events.
        let (values, quantiles) = match metric.reference() {
            ReferenceUse::Values => (kept, Vec::new()),
            ReferenceUse::Quantiles(list) => (Values::none(kept.numbers()), truth.values.quantiles(list)),
        };
        let comparison = metric.compare(&Reference {
            quantiles: &quantiles,
            weighted: self.events.weighted(),
            grouped: self.events.grouped(),
            ..Reference::sample(values)
        })?;
        let question = Question::from(cell);
        let effective = effective_events(&self.training, 0, question, &*comparison)?.ok_or_else(nothing)?;
        let reference = match (cell.reference, &truth.holdout) {
            (Some(ReferenceName::Holdout), Some(holdout)) => {
                comparison.effective_events(holdout.values(truth.values.numbers))?
            }
            _ => n_reference * effective / kept.events() as f64,
        };
        Ok([effective, reference])
    }
}

/// An error where nothing can be said of a cell.
fn refuse(cell: &PlannedCell, truth: &TrueValues) -> Result<()> {
    if cell.reference == Some(ReferenceName::Training) {
        return Err(Error::unsupported(
            "against its own training events no amplification is resolved: the generator was fitted to them",
        ));
    }
    if truth.events() == 0 {
        return Err(Error::data("expected true events that pass the selection, found none"));
    }
    Ok(())
}
