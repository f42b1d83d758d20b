//! Runs an experiment: replica by replica, posterior by posterior, one streaming pass a member.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::{Error, ErrorKind, Member, Result, Seed, Summary};
use serde_json::{Value, json};

use super::collect::{Collector, PairCurves};
use super::columns::{ColumnMaker, ColumnName, Prepared, resolve_cuts};
use super::components::Components;
use super::data::TrueEvents;
use super::plan::{Plan, PlannedCell};
use super::posterior::{Job, Posterior, data_identity, in_groups};
use super::select::Cuts;
use super::stream::{Column, Counter, MemberCurve, Pass, checkpoints};
use super::truth::{self, TrueCurve};
use crate::config::Experiment;
use crate::results::{MemberRow, Results};
use crate::session::Session;
use crate::store::{Key, Store};

/// Bins of the distributions in the report.
const BINS: usize = 50;

/// An experiment that is ready to run.
pub struct Run<'a> {
    /// The process.
    pub session: &'a Session,
    /// Where stages are stored.
    pub store: &'a Store,
    /// The experiment, defaults filled in.
    pub experiment: &'a Experiment,
    /// Its components.
    pub components: &'a Components,
    /// Its cells.
    pub plan: &'a Plan,
}

/// All columns of a pass: those of the metrics, then the histograms of the report.
pub struct Columns {
    /// The metrics' columns, by name.
    pub metrics: Vec<(ColumnName, Result<Prepared>)>,
    /// Summary, selection and edges of the report's distributions.
    pub histograms: Vec<(usize, usize, Vec<f64>)>,
}

/// What all pairs of one replica share.
pub struct Replica<'a> {
    /// Its number, from 0.
    pub number: u64,
    /// Its true events.
    pub events: &'a TrueEvents<'a>,
    /// What they depend on.
    pub identity: &'a Value,
    /// All summaries of the experiment.
    pub summaries: &'a [Option<Box<dyn Summary>>],
    /// All selections of the experiment.
    pub cuts: &'a [Cuts],
    /// All columns.
    pub columns: &'a Columns,
}

impl Run<'_> {
    /// Runs everything that is not stored yet; failures are in the results, except the user's wish to stop.
    pub fn execute(&self) -> Result<(Results, Vec<MemberRow>)> {
        let schema = &self.components.schema;
        let summaries: Vec<Option<Box<dyn Summary>>> = (self.components.summaries.iter())
            .map(|made| made.component.as_ref().ok().and_then(|s| s.prepare(schema).ok()))
            .collect();
        let mut collector = Collector::new(self.experiment, self.components, self.plan);
        for replica in 0..self.experiment.experiment.replicas {
            self.session.check_stop()?;
            if let Err(error) = self.replica(replica, &summaries, &mut collector) {
                if error.kind() == ErrorKind::Cancelled {
                    return Err(error);
                }
                collector.fail_all(replica, &error);
            }
        }
        Ok(collector.finish())
    }

    fn replica(
        &self,
        replica: u64,
        summaries: &[Option<Box<dyn Summary>>],
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        let dataset = self.components.dataset.component.as_ref().map_err(Clone::clone)?;
        let sizes = &self.experiment.experiment;
        let identity = data_identity(self.experiment, self.components, replica)?;
        let events =
            self.session.attempt("read training events", || TrueEvents::read(dataset, sizes, replica))?;
        let cuts = resolve_cuts(self.experiment, self.components, dataset, &events, summaries)?;
        let mut maker =
            ColumnMaker::new(self.experiment, self.components, dataset, &events, &identity, summaries, &cuts);
        let columns = self.columns(&mut maker, replica)?;
        let shared = Replica {
            number: replica,
            events: &events,
            identity: &identity,
            summaries,
            cuts: &cuts,
            columns: &columns,
        };
        let true_curves = truth::curves(self, &shared)?;
        collector.replica(replica, &mut maker, &columns, &true_curves)?;
        let mut pairs: Vec<(usize, Option<usize>)> = Vec::new();
        for cell in &self.plan.cells {
            if !pairs.contains(&(cell.generator, cell.uncertainty)) {
                pairs.push((cell.generator, cell.uncertainty));
            }
        }
        for (generator, uncertainty) in pairs {
            let cells: Vec<&PlannedCell> = (self.plan.cells.iter())
                .filter(|c| c.generator == generator && c.uncertainty == uncertainty)
                .collect();
            let pair = self.pair(&shared, generator, uncertainty, &cells);
            match pair {
                Ok(curves) => collector.pair(replica, &cells, &columns, &true_curves, &curves)?,
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Err(error) => collector.fail(replica, &cells, &error),
            }
        }
        Ok(())
    }

    fn columns(&self, maker: &mut ColumnMaker<'_>, replica: u64) -> Result<Columns> {
        let mut metrics: Vec<(ColumnName, Result<Prepared>)> = Vec::new();
        let mut histograms: Vec<(usize, usize, Vec<f64>)> = Vec::new();
        for cell in &self.plan.cells {
            self.session.check_stop()?;
            let name = ColumnName::from(cell);
            if !metrics.iter().any(|(n, _)| *n == name) {
                let stage = format!("prepare metric {}", cell.name.metric);
                metrics.push((name, self.session.attempt(&stage, || maker.make(name))));
            }
            let seen = histograms.iter().any(|(s, c, _)| (*s, *c) == (cell.summary, cell.selection));
            // The report draws the first replica.
            if replica == 0
                && !seen
                && let Ok(sorted) = maker.sorted_training(cell.summary, cell.selection)
            {
                histograms.push((cell.summary, cell.selection, edges(sorted)));
            }
        }
        Ok(Columns { metrics, histograms })
    }

    fn pair(
        &self,
        shared: &Replica<'_>,
        generator: usize,
        uncertainty: Option<usize>,
        cells: &[&PlannedCell],
    ) -> Result<PairCurves> {
        let made = &self.components.generators[generator];
        let name = format!("{} / {}", made.name, cells[0].name.uncertainty);
        let seed = Seed::new(self.experiment.experiment.seed)
            .split("pair")
            .split(&made.name)
            .split(&cells[0].name.uncertainty)
            .index(shared.number);
        let job = Job {
            session: self.session,
            store: self.store,
            experiment: self.experiment,
            replica: shared.number,
            data_identity: shared.identity,
            name: name.clone(),
            seed,
        };
        let loaded = made.component.as_ref().map_err(Clone::clone)?;
        let schema = &self.components.schema;
        let model = self
            .session
            .attempt(&format!("{name}: prepare"), || loaded.prepare(&shared.events.seen(), schema))?;
        let posterior = match uncertainty {
            None => job.given(made, Box::new(model))?,
            Some(u) => {
                let rows = shared.events.seen().values.nrows() as u64;
                job.infer(made, Box::new(model), &self.components.uncertainties[u], rows)?
            }
        };
        self.members(&name, seed, &posterior, shared, cells)
    }

    fn members(
        &self,
        name: &str,
        seed: Seed,
        posterior: &Posterior,
        shared: &Replica<'_>,
        cells: &[&PlannedCell],
    ) -> Result<PairCurves> {
        let Replica { number: replica, summaries, cuts, columns, .. } = *shared;
        let schema = &self.components.schema;
        let sizes = &self.experiment.experiment;
        let parameters = &posterior.members.parameters;
        let count = parameters.len() as u64;
        let at = |i: u64| -> Result<Box<dyn Member>> {
            self.session
                .attempt(&format!("{name}: member {}", i + 1), || posterior.model.at(&parameters[i as usize]))
        };
        let (n_gen, warning) = self.stream_length(name, count, &at)?;
        let checkpoints = checkpoints(n_gen, sizes.checkpoints);
        // Only what this pair's cells need.
        let mut specs: Vec<(Spec<'_>, Value)> = Vec::new();
        for (column, prepared) in &columns.metrics {
            if let Ok(prepared) = prepared
                && cells.iter().any(|c| ColumnName::from(*c) == *column)
            {
                specs.push((Spec::Metric(*column, prepared), prepared.identity.clone()));
            }
        }
        for histogram in &columns.histograms {
            if cells.iter().any(|c| (c.summary, c.selection) == (histogram.0, histogram.1)) {
                let bits: Vec<u64> = histogram.2.iter().map(|e| e.to_bits()).collect();
                let summary = &self.components.summaries[histogram.0].identity;
                let cut: Vec<_> =
                    cuts[histogram.1].intervals.iter().map(|c| (c.0, c.1.to_bits(), c.2.to_bits())).collect();
                specs.push((
                    Spec::Histogram(histogram),
                    json!({"summary": summary, "edges": bits, "cuts": cut}),
                ));
            }
        }
        let keys = |i: u64| -> Vec<Key> {
            let of = |(_, identity): &(Spec<'_>, Value)| {
                let inputs = json!({
                    "posterior": posterior.identity, "member": i, "column": identity, "checkpoints": checkpoints,
                    "sampling": seed.bytes(),
                });
                Key::new("curve", &inputs)
            };
            specs.iter().map(of).collect()
        };
        let task_name = format!("{name}: training set {}, {count} members x {n_gen} events", replica + 1);
        let task = self.session.progress.task(&task_name);
        let done = AtomicU64::new(0);
        let computed = AtomicU64::new(0);
        let one = |i: u64| -> Result<Vec<Result<MemberCurve>>> {
            let keys = keys(i);
            let mut curves: Vec<Option<Result<MemberCurve>>> =
                keys.iter().map(|k| self.store.json(k).map(Ok)).collect();
            let missing: Vec<usize> = (0..curves.len()).filter(|&c| curves[c].is_none()).collect();
            if missing.is_empty() {
                done.fetch_add(n_gen, Ordering::Relaxed);
                return Ok(curves.into_iter().flatten().collect());
            }
            let member = at(i)?;
            let list: Vec<Column<'_>> = missing.iter().map(|&c| specs[c].0.column()).collect();
            let pass = Pass {
                member: &*member,
                dimension: schema.dimension(),
                seed: seed.split("sample").index(i),
                checkpoints: &checkpoints,
                summaries,
                selections: cuts,
                columns: &list,
            };
            let stage = format!("{name}: training set {}, sample member {}", replica + 1, i + 1);
            let found = self.session.attempt(&stage, || {
                pass.run(self.session, &|n| {
                    let so_far = done.fetch_add(n, Ordering::Relaxed) + n;
                    task.update(so_far, count * n_gen, None);
                })
            })?;
            computed.fetch_add(1, Ordering::Relaxed);
            for (c, curve) in missing.into_iter().zip(found) {
                match curve {
                    Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                    Ok(curve) => {
                        self.store.put_json(&keys[c], &curve)?;
                        curves[c] = Some(Ok(curve));
                    }
                    failed => curves[c] = Some(failed),
                }
            }
            Ok(curves.into_iter().flatten().collect())
        };
        let most = posterior.model.max_concurrency().unwrap_or(usize::MAX).max(1);
        let members = in_groups(count, most, one)?;
        let computed = computed.into_inner();
        task.finish("done");
        let line = format!("{task_name}: {computed} member(s) sampled, {} stored before", count - computed);
        self.session.progress.say(&line);
        let mut curves = PairCurves {
            checkpoints,
            n_effective: posterior.members.n_effective,
            metrics: HashMap::new(),
            histograms: HashMap::new(),
            warning,
        };
        for (c, (spec, _)) in specs.iter().enumerate() {
            let list: Result<Vec<MemberCurve>> = members.iter().map(|m| m[c].clone()).collect();
            match spec {
                Spec::Metric(name, _) => _ = curves.metrics.insert(*name, list),
                Spec::Histogram((summary, selection, _)) => {
                    _ = curves.histograms.insert((*summary, *selection), list)
                }
            }
        }
        Ok(curves)
    }

    /// Events a member: n_gen, or what the shortest member has.
    fn stream_length(
        &self,
        name: &str,
        members: u64,
        at: &dyn Fn(u64) -> Result<Box<dyn Member>>,
    ) -> Result<(u64, Option<String>)> {
        let n_gen = self.experiment.experiment.n_gen;
        let mut shortest: Option<(u64, u64)> = None;
        let mut longest = 0;
        for i in 0..members {
            let Some(capacity) = at(i)?.capacity() else { return Ok((n_gen, None)) };
            longest = longest.max(capacity);
            if shortest.is_none_or(|(_, least)| capacity < least) {
                shortest = Some((i, capacity));
            }
        }
        let Some((member, least)) = shortest else { return Ok((n_gen, None)) };
        if least == 0 {
            return Err(Error::data(format!("{name}: expected events in member {}, found none", member + 1)));
        }
        let warning = if least < n_gen && least < longest {
            Some(format!(
                "{name}: members have from {least} (member {}) to {longest} events: the shortest counts",
                member + 1
            ))
        } else if least < n_gen {
            Some(format!("{name}: members have {least} events, fewer than n_gen = {n_gen}: {least} are used"))
        } else {
            None
        };
        if let Some(warning) = &warning {
            self.session.progress.say(&format!("warning: {warning}"));
        }
        Ok((n_gen.min(least), warning))
    }
}

/// A column of a member's pass.
enum Spec<'a> {
    Metric(ColumnName, &'a Prepared),
    Histogram(&'a (usize, usize, Vec<f64>)),
}

impl Spec<'_> {
    fn column(&self) -> Column<'_> {
        match self {
            Spec::Metric(name, prepared) => Column {
                summary: name.summary,
                selection: name.selection,
                counter: Counter::Metric(&*prepared.comparison),
            },
            Spec::Histogram((summary, selection, edges)) => {
                Column { summary: *summary, selection: *selection, counter: Counter::Histogram(edges) }
            }
        }
    }
}

/// Equal bins over the bulk of the training events.
fn edges(sorted: &[f64]) -> Vec<f64> {
    let at = |p: f64| super::select::quantile(sorted, p);
    let (mut low, mut high) = (at(0.002), at(0.998));
    if low >= high {
        (low, high) = (low - 0.5, high + 0.5);
    }
    (0..=BINS).map(|k| low + (high - low) * k as f64 / BINS as f64).collect()
}

/// The true curves by column.
pub type TrueCurves = HashMap<ColumnName, TrueCurve>;
