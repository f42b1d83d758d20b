//! From curves to results: Eq. 3 for every cell and replica, and over replicas.

use std::collections::HashMap;

use amplicast_sdk::ndarray::Array3;
use amplicast_sdk::{Comparison, Curves, Error, Result};

use super::columns::{ColumnMaker, ColumnName, Prepared};
use super::components::Components;
use super::overall::overall;
use super::plan::{Plan, PlannedCell};
use super::run::Columns;
use super::stream::MemberCurve;
use super::truth::{TrueCurve, Truth};
use crate::config::{Experiment, ReferenceName};
use crate::estimate::estimate;
use crate::results::{
    Cell, CellReplica, CurvePoint, Distribution, Estimate, MemberRow, NullPoint, Results, TrueDeviation,
};

/// The curves of all members of one generator and posterior.
pub struct PairCurves {
    /// Sizes at which they are recorded.
    pub checkpoints: Vec<u64>,
    /// Independent members that they are worth.
    pub n_effective: f64,
    /// Metric columns.
    pub metrics: HashMap<ColumnName, Result<Vec<MemberCurve>>>,
    /// Histograms by summary and selection.
    pub histograms: HashMap<(usize, usize), Result<Vec<MemberCurve>>>,
    /// What the reader should know of the members.
    pub warning: Option<String>,
}

/// Collects results cell by cell.
pub struct Collector<'a> {
    experiment: &'a Experiment,
    plan: &'a Plan,
    results: Results,
    rows: Vec<MemberRow>,
    /// Training events that pass a selection in the current replica.
    passed: HashMap<usize, u64>,
    /// Training histograms and their events, in the order of the histograms.
    training: Vec<(Vec<u64>, u64)>,
}

impl<'a> Collector<'a> {
    /// No results yet.
    pub fn new(experiment: &'a Experiment, components: &'a Components, plan: &'a Plan) -> Self {
        let sizes = &experiment.experiment;
        let plugin = |c: &PlannedCell| {
            [
                components.generators[c.generator].plugin.clone(),
                c.uncertainty.map_or_else(String::new, |u| components.uncertainties[u].plugin.clone()),
                components.summaries[c.summary].plugin.clone(),
                components.metrics[c.metric].plugin.clone(),
            ]
        };
        let axis = |c: &PlannedCell| {
            components.summaries[c.summary]
                .component
                .as_ref()
                .map_or_else(|_| String::new(), |s| s.axis().to_string())
        };
        let cell = |c: &PlannedCell| Cell {
            name: c.name.clone(),
            plugins: plugin(c),
            axis: axis(c),
            replicas: Vec::new(),
            overall: None,
            failures: Vec::new(),
        };
        let results = Results {
            experiment: sizes.name.clone(),
            n_train: sizes.n_train,
            n_gen: sizes.n_gen,
            members: sizes.members,
            replicas: sizes.replicas,
            validation: None,
            cells: plan.cells.iter().map(cell).collect(),
            distributions: Vec::new(),
            warnings: Vec::new(),
        };
        Collector {
            experiment,
            plan,
            results,
            rows: Vec::new(),
            passed: HashMap::new(),
            training: Vec::new(),
        }
    }

    /// Adds a warning once.
    pub fn warn(&mut self, warning: String) {
        if !self.results.warnings.contains(&warning) {
            self.results.warnings.push(warning);
        }
    }

    /// Says that cells have no result in a replica.
    pub fn fail(&mut self, replica: u64, cells: &[&PlannedCell], error: &Error) {
        for (planned, cell) in self.plan.cells.iter().zip(&mut self.results.cells) {
            if cells.iter().any(|c| c.name == planned.name) {
                let replicas = self.experiment.experiment.replicas;
                let place =
                    if replicas > 1 { format!("training set {}: ", replica + 1) } else { String::new() };
                cell.failures.push(format!("{place}{error}"));
            }
        }
    }

    /// Says that no cell has a result in a replica.
    pub fn fail_all(&mut self, replica: u64, error: &Error) {
        let cells: Vec<&PlannedCell> = self.plan.cells.iter().collect();
        self.fail(replica, &cells, error);
    }

    /// Begins a replica: how many training events pass each selection, and their histograms.
    pub fn replica(
        &mut self,
        replica: u64,
        maker: &mut ColumnMaker<'_>,
        columns: &Columns,
        truth: &Truth,
    ) -> Result<()> {
        self.passed.clear();
        for selection in 0..self.experiment.selection.len() {
            let batch = maker.events.all();
            let mask = maker.cuts[selection].mask(maker.summaries, &batch)?;
            let passed = mask.map_or(batch.values.nrows(), |m| m.iter().filter(|p| **p).count());
            self.passed.insert(selection, passed as u64);
        }
        if replica == 0 {
            self.results.validation = truth.validation.clone();
            for (summary, selection, edges) in &columns.histograms {
                let sorted = maker.sorted_training(*summary, *selection)?;
                let mut histogram = super::stream::Histogram::new(edges);
                amplicast_sdk::Accumulator::update(&mut histogram, sorted)?;
                let counts = amplicast_sdk::Accumulator::values(&histogram)?;
                self.training.push((counts.iter().map(|&c| c as u64).collect(), sorted.len() as u64));
            }
        }
        Ok(())
    }

    /// Takes the curves of a pair's cells.
    pub fn pair(
        &mut self,
        replica: u64,
        cells: &[&PlannedCell],
        columns: &Columns,
        truth: &Truth,
        curves: &PairCurves,
    ) -> Result<()> {
        if let Some(warning) = &curves.warning {
            self.warn(warning.clone());
        }
        for cell in cells {
            let column = ColumnName::from(*cell);
            let prepared = columns.metrics.iter().find(|(name, _)| *name == column).map(|(_, p)| p);
            let found = match (prepared, curves.metrics.get(&column)) {
                (Some(Err(error)), _) => Err(error.clone()),
                (Some(Ok(prepared)), Some(list)) => list.as_ref().map_err(Clone::clone).and_then(|list| {
                    let true_curve = truth.metrics.get(&column);
                    self.cell(replica, cell, prepared, list, curves, true_curve)
                }),
                _ => Err(Error::plugin("the cell was not computed")),
            };
            match found {
                Err(error) => self.fail(replica, &[*cell], &error),
                Ok(found) => {
                    if let Some(target) = self.results.cells.iter_mut().find(|c| c.name == cell.name) {
                        target.replicas.push(found);
                    }
                }
            }
        }
        if replica == 0 {
            self.distributions(cells, columns, truth, curves);
        }
        Ok(())
    }

    fn cell(
        &mut self,
        replica: u64,
        cell: &PlannedCell,
        prepared: &Prepared,
        list: &[MemberCurve],
        pair: &PairCurves,
        truth: Option<&TrueCurve>,
    ) -> Result<CellReplica> {
        let comparison = &*prepared.comparison;
        let names = comparison.value_names();
        let data = Assembled::new(list, &pair.checkpoints, names.len(), pair.n_effective);
        self.member_rows(replica, cell, &names, list, &pair.checkpoints);
        let curves = data.curves();
        let n_train = self.passed.get(&cell.selection).copied().unwrap_or(0);
        if n_train == 0 {
            return Err(Error::data("expected training events that pass the selection, found none"));
        }
        let in_sample = cell.reference == Some(ReferenceName::Training);
        let estimate = estimate(comparison, &curves, n_train as f64, in_sample)?;
        let deviation = match truth {
            Some(t) if t.passed > 0 => comparison.deviation(&curves, &t.values, t.passed)?,
            _ => None,
        };
        if let Some(pull) = deviation.as_ref().and_then(|d| largest(&d.pulls))
            && pull > UNCALIBRATED
        {
            let name = &cell.name;
            self.warn(format!(
                "{} / {}, {}, {}: the spread of the members does not cover the deviation from the truth (a region is \
                 {pull:.0} sigma_model away): the estimated G is too large",
                name.generator, name.uncertainty, name.summary, name.metric
            ));
        }
        let curve = curve_points(comparison, &data, truth)?;
        let null = null_points(comparison, &curves, &estimate)?;
        Ok(CellReplica {
            replica,
            n_train_passed: n_train,
            n_reference: prepared.n_reference,
            n_effective: pair.n_effective,
            estimate,
            curve,
            null,
            deviation: deviation.map(|d| TrueDeviation {
                posterior_mean: d.posterior_mean,
                single_member: d.single_member,
                null_scale: d.null_scale,
                pulls: d.pulls.into_iter().map(|p| p.is_finite().then_some(p)).collect(),
            }),
        })
    }

    fn member_rows(
        &mut self,
        replica: u64,
        cell: &PlannedCell,
        names: &[String],
        list: &[MemberCurve],
        checkpoints: &[u64],
    ) {
        for (member, curve) in list.iter().enumerate() {
            for (k, &n_gen) in checkpoints.iter().enumerate() {
                for (quantity, &value) in names.iter().zip(&curve.values[k]) {
                    self.rows.push(MemberRow {
                        generator: cell.name.generator.clone(),
                        uncertainty: cell.name.uncertainty.clone(),
                        summary: cell.name.summary.clone(),
                        selection: cell.name.selection.clone(),
                        metric: cell.name.metric.clone(),
                        reference: cell.name.reference.clone(),
                        replica,
                        member,
                        n_gen,
                        n_passed: curve.passed[k],
                        quantity: quantity.clone(),
                        value,
                    });
                }
            }
        }
    }

    fn distributions(
        &mut self,
        cells: &[&PlannedCell],
        columns: &Columns,
        truth: &Truth,
        curves: &PairCurves,
    ) {
        for (i, (summary, selection, edges)) in columns.histograms.iter().enumerate() {
            let Some(cell) = cells.iter().find(|c| (c.summary, c.selection) == (*summary, *selection)) else {
                continue;
            };
            let Some(Ok(members)) = curves.histograms.get(&(*summary, *selection)) else { continue };
            let fraction = |m: &MemberCurve, bin: usize| {
                let total = m.passed.last().copied().unwrap_or(0).max(1) as f64;
                m.values.last().map_or(0.0, |v| v[bin]) / total
            };
            let n = members.len() as f64;
            let bins = edges.len() - 1;
            let mean: Vec<f64> =
                (0..bins).map(|b| members.iter().map(|m| fraction(m, b)).sum::<f64>() / n).collect();
            let spread = |b: usize| {
                let sum: f64 = members.iter().map(|m| (fraction(m, b) - mean[b]).powi(2)).sum();
                (sum / (n - 1.0).max(1.0)).sqrt()
            };
            let axis = self
                .results
                .cells
                .iter()
                .find(|c| c.name == cell.name)
                .map_or_else(String::new, |c| c.axis.clone());
            let (training, training_events) = self.training.get(i).cloned().unwrap_or_default();
            let truth = truth.histograms.get(i).filter(|t| t.passed > 0);
            self.results.distributions.push(Distribution {
                summary: cell.name.summary.clone(),
                selection: cell.name.selection.clone(),
                generator: cell.name.generator.clone(),
                uncertainty: cell.name.uncertainty.clone(),
                axis,
                edges: edges.clone(),
                training,
                training_events,
                generated_spread: (0..bins).map(spread).collect(),
                generated: mean,
                truth: truth.map(|t| t.values.iter().map(|v| v / t.passed as f64).collect()),
            });
        }
    }

    /// The results over all replicas.
    pub fn finish(mut self) -> (Results, Vec<MemberRow>) {
        for cell in &mut self.results.cells {
            cell.overall = overall(&cell.replicas);
        }
        (self.results, self.rows)
    }
}

/// A pull beyond which members are said not to cover the truth: one in 500 for 10 calibrated members, rarer for more.
const UNCALIBRATED: f64 = 4.3;

fn largest(pulls: &[f64]) -> Option<f64> {
    pulls.iter().copied().filter(|p| p.is_finite()).map(f64::abs).max_by(f64::total_cmp)
}

/// Curves of all members in one block of memory.
struct Assembled {
    generated: Vec<u64>,
    passed: Vec<u64>,
    values: Array3<f64>,
    n_effective: f64,
}

impl Assembled {
    fn new(list: &[MemberCurve], checkpoints: &[u64], width: usize, n_effective: f64) -> Self {
        let values =
            Array3::from_shape_fn((list.len(), checkpoints.len(), width), |(i, k, v)| list[i].values[k][v]);
        let passed = list.iter().flat_map(|m| m.passed.iter().copied()).collect();
        Assembled { generated: checkpoints.to_vec(), passed, values, n_effective }
    }

    fn curves(&self) -> Curves<'_> {
        Curves {
            generated: &self.generated,
            passed: &self.passed,
            values: self.values.view(),
            n_effective: self.n_effective,
        }
    }

    /// The same with checkpoint `k` alone.
    fn only(&self, k: usize) -> Assembled {
        let (members, checkpoints, width) = self.values.dim();
        Assembled {
            generated: vec![self.generated[k]],
            passed: (0..members).map(|i| self.passed[i * checkpoints + k]).collect(),
            values: Array3::from_shape_fn((members, 1, width), |(i, _, v)| self.values[[i, k, v]]),
            n_effective: self.n_effective,
        }
    }
}

fn curve_points(
    comparison: &dyn Comparison,
    data: &Assembled,
    truth: Option<&TrueCurve>,
) -> Result<Vec<CurvePoint>> {
    let curves = data.curves();
    let members = curves.members() as f64;
    let mut points = Vec::new();
    for k in 0..curves.checkpoints() {
        // A selection may leave no event of a small sample.
        if (0..curves.members()).any(|i| curves.passed(i, k) == 0) {
            continue;
        }
        let measured = comparison.measure(&curves, k)?;
        let single = data.only(k);
        let deviation = match truth {
            Some(t) if t.passed > 0 => comparison.deviation(&single.curves(), &t.values, t.passed)?,
            _ => None,
        };
        let first: Vec<f64> = (0..curves.members()).map(|i| data.values[[i, k, 0]]).collect();
        let mean = first.iter().sum::<f64>() / members;
        let variance = first.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (members - 1.0).max(1.0);
        points.push(CurvePoint {
            n_gen: curves.generated[k],
            n_passed: (0..curves.members()).map(|i| curves.passed(i, k) as f64).sum::<f64>() / members,
            value: measured.value,
            statistical: measured.statistical,
            model: measured.model,
            truth: deviation.map(|d| d.single_member + measured.statistical.unwrap_or(0.0)),
            spread: variance.sqrt(),
        });
    }
    Ok(points)
}

/// The null law from 100 events to beyond n_gen and n_equiv, for figures.
fn null_points(
    comparison: &dyn Comparison,
    curves: &Curves<'_>,
    estimate: &Estimate,
) -> Result<Vec<NullPoint>> {
    const POINTS: usize = 60;
    const BANDS: [f64; 3] = [0.682_689_492, 0.954_499_736, 0.997_300_204];
    let probabilities: Vec<f64> = BANDS.iter().flat_map(|b| [0.5 - b / 2.0, 0.5 + b / 2.0]).collect();
    let largest = curves.generated.last().copied().unwrap_or(1) as f64;
    let high = largest.max(3.0 * estimate.n_equiv.unwrap_or(0.0)).min(100.0 * largest);
    let low = estimate.n_equiv.unwrap_or(100.0).clamp(1.0, 100.0).min(largest);
    let at = |k: usize| {
        let n = low * (high / low).powf(k as f64 / (POINTS - 1) as f64);
        let law = comparison.null(curves, n, &probabilities)?;
        let band = |b: usize| [law.quantiles[2 * b], law.quantiles[2 * b + 1]];
        Ok(NullPoint { n, mean: law.mean, bands: [band(0), band(1), band(2)] })
    };
    (0..POINTS).map(at).collect()
}
