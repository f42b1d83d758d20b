//! What an experiment will be able to resolve, before anything is trained.
//!
//! A generator whose amplification is G by construction needs no training: n_equiv = G n_train true events, drawn from with
//! replacement without end. Every member gets n_equiv events of its own, so that its fractions scatter about the truth by
//! I (1 - I) / n_equiv, and its distance to the truth follows the null law at n_equiv. The experiment's own metrics, references and
//! sizes are applied to such members, again and again, and it is counted how often Eq. 3 finds an interval with two ends.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::abi::LoadedMetric;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{CHUNK_EVENTS, Error, Reference, ReferenceUse, Result, Seed};
use rayon::prelude::*;

use super::data::TrueEvents;
use super::observables::Observables;
use super::plan::{PlannedCell, member_count};
use super::points::Assembled;
use super::run::Run;
use super::stream::MemberCurve;
use crate::config::ReferenceName;
use crate::estimate::estimate;
use crate::results::{CellName, Estimate, Verdict};

/// The sizes that decide what can be resolved, all under the selection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resources {
    /// True events used.
    pub n_train: f64,
    /// Events of the reference; 0 if the metric uses none.
    pub n_reference: f64,
    /// Independent members.
    pub members: u64,
    /// Generated events of each.
    pub n_gen: f64,
}

/// What is resolved at one amplification.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The amplification, known by construction.
    pub g: f64,
    /// Part of the simulated runs whose 68 % interval has two ends.
    pub at_68: f64,
    /// The same for 95 %: the verdict `resolved`.
    pub at_95: f64,
    /// Part of the runs that give only a lower bound.
    pub at_least: f64,
    /// Part of the runs that give only an upper bound.
    pub at_most: f64,
    /// Median lower and upper end of the 68 % interval, absent ends counted as 0 and infinite.
    pub interval_68: [f64; 2],
}

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
    /// What it would take to resolve the wanted amplification.
    pub takes: Vec<(String, Option<f64>)>,
}

/// Amplifications that are looked at: three a decade.
fn grid() -> impl Iterator<Item = f64> {
    (-4..=9).map(|k| 10_f64.powf(f64::from(k) / 3.0))
}

/// Most true events that a simulated member is made of.
const LARGEST: f64 = 2e7;

/// Beyond so many generated events for each n_equiv more would change nothing: their binomial noise is 0.5 % of the model's.
const ENOUGH: f64 = 200.0;

/// The part of the runs that should resolve an amplification that is asked for.
pub const CONFIDENCE: f64 = 0.8;

/// Most doublings of a size that are tried.
const DOUBLINGS: i32 = 8;

impl Run<'_> {
    /// The forecasts of all cells from `runs` simulated runs each; with `target` also what it would take to resolve that G.
    pub fn forecast(&self, runs: u64, target: Option<f64>) -> Result<Vec<Forecast>> {
        let dataset = &**self.components.dataset.component.as_ref().map_err(Clone::clone)?;
        let sizes = &self.experiment.experiment;
        let events = self.session.attempt("read training events", || TrueEvents::read(dataset, sizes, 0))?;
        let summaries = self.summaries();
        let without =
            Observables { summaries: &summaries, cuts: &[], truth: dataset.density(), member: None };
        let cuts = self.cuts(dataset, &events, without);
        let observables = Observables { cuts: &cuts, ..without };
        let truths = self.truths(&events, observables)?;

        let mut groups: Vec<(&PlannedCell, u64, Vec<CellName>)> = Vec::new();
        for cell in &self.plan.cells {
            let members = self.members(cell);
            let same = |c: &PlannedCell| {
                (c.summary, c.selection, c.metric, c.reference)
                    == (cell.summary, cell.selection, cell.metric, cell.reference)
            };
            match groups.iter_mut().find(|(c, m, _)| same(c) && *m == members) {
                Some((.., names)) => names.push(cell.name.clone()),
                None => groups.push((cell, members, vec![cell.name.clone()])),
            }
        }
        let mut forecasts = Vec::new();
        for (cell, members, names) in groups {
            forecasts.push(self.of_cell(cell, members, names, &events, &truths, runs, target)?);
        }
        Ok(forecasts)
    }

    fn members(&self, cell: &PlannedCell) -> u64 {
        let most = cell.uncertainty.and_then(|u| {
            self.components.uncertainties[u]
                .component
                .as_ref()
                .ok()
                .and_then(|m| m.requirements().most_members)
        });
        member_count(self.experiment, most)
    }

    /// A large true sample of every summary and selection that is the same for all members, and the part that passes.
    fn truths(&self, events: &TrueEvents<'_>, observables: Observables<'_>) -> Result<Truths> {
        let mut source = ReferenceName::Training;
        for name in [ReferenceName::Holdout, ReferenceName::Truth] {
            if events.events(name)?.is_some() {
                source = name;
            }
        }
        let mut wanted: Truths = BTreeMap::new();
        for cell in self.plan.cells.iter().filter(|c| !c.per_member) {
            wanted.insert((cell.summary, cell.selection), Ok((Vec::new(), 0.0)));
        }
        let mut seen = 0;
        let mut memory = Vec::new();
        self.session.attempt("true events", || {
            events.stream(source, |batch| {
                self.session.check_stop()?;
                let observed = observables.on(*batch);
                for (&(summary, selection), found) in &mut wanted {
                    let Ok((values, _)) = found else { continue };
                    match observed.kept(summary, selection, 0..observed.events(), &mut memory) {
                        Ok(kept) => values.extend_from_slice(kept),
                        Err(error) => *found = Err(error),
                    }
                }
                seen += observed.events();
                Ok(())
            })
        })?;
        for (values, part) in wanted.values_mut().flatten() {
            values.sort_unstable_by(f64::total_cmp);
            *part = values.len() as f64 / seen as f64;
        }
        Ok(wanted)
    }

    #[allow(clippy::too_many_arguments)]
    fn of_cell(
        &self,
        cell: &PlannedCell,
        members: u64,
        cells: Vec<CellName>,
        events: &TrueEvents<'_>,
        truths: &Truths,
        runs: u64,
        target: Option<f64>,
    ) -> Result<Forecast> {
        let sizes = &self.experiment.experiment;
        // A distance does not depend on the distribution: where the summary is not known yet, any will do.
        let uniform: (Vec<f64>, f64) = ((0..1_000_000).map(|i| (f64::from(i) + 0.5) / 1e6).collect(), 1.0);
        let failed = |error: Error, resources| Forecast {
            cells: cells.clone(),
            resources,
            reference: cell.reference,
            rows: Err(error),
            takes: Vec::new(),
        };
        let (truth, part) = match truths.get(&(cell.summary, cell.selection)) {
            None => (&uniform.0, 1.0),
            Some(Ok((values, part))) => (values, *part),
            Some(Err(error)) => return Ok(failed(error.clone(), Resources::NONE)),
        };
        let n_reference = match cell.reference {
            Some(reference) => events.events(reference)?.unwrap_or(0) as f64,
            None => 0.0,
        };
        let resources = Resources {
            n_train: sizes.n_train as f64 * part,
            n_reference: n_reference * part,
            members,
            n_gen: sizes.n_gen as f64 * part,
        };
        if cell.reference == Some(ReferenceName::Training) {
            let error = Error::unsupported(
                "against its own training events no amplification is resolved: the generator was fitted to them",
            );
            return Ok(failed(error, resources));
        }
        if truth.is_empty() {
            return Ok(failed(
                Error::data("expected true events that pass the selection, found none"),
                resources,
            ));
        }
        let metric = self.components.metrics[cell.metric].component.as_ref().map_err(Clone::clone)?;
        let name = &cells[0];
        let task = self
            .session
            .progress
            .task(&format!("forecast {}, {}, {}", name.summary, name.selection, name.metric));
        let seed = Seed::new(sizes.seed).split("forecast").split(&name.metric).split(&name.summary);
        let done = AtomicU64::new(0);
        let all = grid().count() as u64 * runs;
        let at = |resources: &Resources, g: f64, seed: Seed| {
            let simulation = Simulation { metric, truth, resources: *resources };
            let found = (0..runs).into_par_iter().map(|k| {
                self.session.check_stop()?;
                let found = self.session.attempt("forecast", || simulation.run(g, seed.index(k)));
                task.update((done.fetch_add(1, Ordering::Relaxed) + 1).min(all), all, None);
                found
            });
            Ok(resolved(g, &found.collect::<Result<Vec<Estimate>>>()?))
        };
        let possible = |g: &f64| g * resources.n_train <= LARGEST && g * resources.n_train >= 2.0;
        let rows: Result<Vec<Resolved>> = grid()
            .enumerate()
            .filter(|(_, g)| possible(g))
            .map(|(k, g)| at(&resources, g, seed.index(k as u64)))
            .collect();
        let mut takes = Vec::new();
        if let (Some(g), Ok(_)) = (target, &rows) {
            type Larger = fn(&Resources, f64) -> Resources;
            let mut knobs: Vec<(&str, Larger)> = vec![
                ("members", |r, f| Resources { members: (r.members as f64 * f) as u64, ..*r }),
                ("n_gen", |r, f| Resources { n_gen: r.n_gen * f, ..*r }),
            ];
            if cell.reference.is_some() {
                knobs.push(("reference events", |r, f| Resources { n_reference: r.n_reference * f, ..*r }));
                knobs.push(("reference events and n_gen", |r, f| Resources {
                    n_reference: r.n_reference * f,
                    n_gen: r.n_gen * f,
                    ..*r
                }));
            }
            knobs.push(("members and n_gen", |r, f| Resources {
                members: (r.members as f64 * f) as u64,
                n_gen: r.n_gen * f,
                ..*r
            }));
            for (k, (name, larger)) in knobs.into_iter().enumerate() {
                let mut factor = None;
                for doubling in 0..=DOUBLINGS {
                    let f = 2_f64.powi(doubling);
                    let resources = larger(&resources, f);
                    if resources.members as f64 * resources.n_gen > MOST_EVENTS {
                        break;
                    }
                    let seed = seed.split("target").index(100 * k as u64 + doubling as u64);
                    if at(&resources, g, seed)?.at_95 >= CONFIDENCE {
                        factor = Some(f);
                        break;
                    }
                }
                takes.push((name.to_string(), factor));
            }
        }
        task.finish("done");
        match rows {
            Err(error) if error.kind() == amplicast_sdk::ErrorKind::Cancelled => Err(error),
            rows => Ok(Forecast { cells, resources, reference: cell.reference, rows, takes }),
        }
    }
}

/// Most generated events of one simulated run when more are tried.
const MOST_EVENTS: f64 = 5e7;

/// Sorted values of a summary under a selection, and the part of the true events that passes.
type Truths = BTreeMap<(usize, usize), Result<(Vec<f64>, f64)>>;

impl Resources {
    const NONE: Resources = Resources { n_train: 0.0, n_reference: 0.0, members: 0, n_gen: 0.0 };
}

/// One cell with members of a known amplification.
struct Simulation<'a> {
    metric: &'a LoadedMetric,
    /// Sorted.
    truth: &'a [f64],
    resources: Resources,
}

impl Simulation<'_> {
    fn run(&self, g: f64, seed: Seed) -> Result<Estimate> {
        let Resources { n_train, n_reference, members, n_gen } = self.resources;
        let draw = |n: usize, seed: Seed| -> Vec<f64> {
            let mut stream = seed.stream();
            (0..n).map(|_| self.truth[stream.random_range(0..self.truth.len())]).collect()
        };
        let (values, quantiles) = match self.metric.reference() {
            ReferenceUse::Values => (draw(n_reference as usize, seed.split("reference")), Vec::new()),
            ReferenceUse::Quantiles(list) => {
                let last = (self.truth.len() - 1) as f64;
                let at = |&p: &f64| match p {
                    p if p <= 0.0 => f64::NEG_INFINITY,
                    p if p >= 1.0 => f64::INFINITY,
                    p => self.truth[(p * last).round() as usize],
                };
                (Vec::new(), list.iter().map(at).collect())
            }
        };
        let comparison = self.metric.compare(&Reference {
            values: &values,
            quantiles: &quantiles,
            simulated_null: None,
        })?;
        let n_equiv = (g * n_train).round().max(1.0);
        let n_gen = n_gen.min(ENOUGH * n_equiv).max(1.0) as u64;
        let width = comparison.value_names().len();
        let member = |i: u64| -> Result<MemberCurve> {
            let seed = seed.split("member").index(i);
            let pool = draw(n_equiv as usize, seed.split("pool"));
            let mut accumulator = comparison.accumulator();
            let mut stream = seed.split("sample").stream();
            let mut chunk = Vec::with_capacity(CHUNK_EVENTS);
            let mut left = n_gen as usize;
            while left > 0 {
                let n = left.min(CHUNK_EVENTS);
                chunk.clear();
                chunk.extend((0..n).map(|_| pool[stream.random_range(0..pool.len())]));
                accumulator.update(&chunk)?;
                left -= n;
            }
            Ok(MemberCurve { passed: vec![n_gen], values: vec![accumulator.values()?], own: None })
        };
        let curves: Vec<MemberCurve> = (0..members).into_par_iter().map(member).collect::<Result<_>>()?;
        let data = Assembled::new(&curves, &[n_gen], width, members as f64);
        estimate(&*comparison, &data.curves(), n_train, false)
    }
}

fn resolved(g: f64, runs: &[Estimate]) -> Resolved {
    let part = |f: &dyn Fn(&Estimate) -> bool| {
        runs.iter().filter(|e| f(e)).count() as f64 / runs.len().max(1) as f64
    };
    let median = |end: &dyn Fn(&Estimate) -> f64| {
        let mut list: Vec<f64> = runs.iter().map(end).collect();
        list.sort_unstable_by(f64::total_cmp);
        list.get(list.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Resolved {
        g,
        at_68: part(&|e| e.interval_68.low.is_some() && e.interval_68.high.is_some()),
        at_95: part(&|e| e.verdict == Verdict::Resolved),
        at_least: part(&|e| e.verdict == Verdict::AtLeast),
        at_most: part(&|e| e.verdict == Verdict::AtMost),
        interval_68: [
            median(&|e| e.interval_68.low.unwrap_or(0.0)),
            median(&|e| e.interval_68.high.unwrap_or(f64::INFINITY)),
        ],
    }
}
