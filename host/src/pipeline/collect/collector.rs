//! From curves to results: Eq. 3 for every cell and training set, and over training sets.

use std::collections::{HashMap, HashSet};

use amplicast_sdk::{Batch, Error, Values};
use rayon::prelude::*;

use super::against_truth::against_truth;
use super::fits::generated;
use super::found::Found;
use super::histograms::{Generated, fractions, histogram};
use super::overall::overall;
use crate::config::{Experiment, Selection};
use crate::covering::Layout;
use crate::format::short;
use crate::moments::{effective_size, mean, variance};
use crate::pipeline::curves::{RowCurves, Truth, mean_count};
use crate::pipeline::plan::{Components, Groups, Place, Plan, PlannedCell};
use crate::report::{LEAST_SETS, cell_title};
use crate::results::{
    Cell, CellName, CellReplica, CellRows, Distribution, EventGroups, EventWeights, NullPoint, Results,
    Schema, ShownMetric,
};

/// What a run found.
pub struct Outcome {
    /// For `results.json`.
    pub results: Results,
    /// For `results.csv`.
    pub rows: Vec<CellRows>,
    /// Generated distributions with the covariance of their bins, of the first training set, where members know their events.
    pub histograms: Vec<Generated>,
}

/// Most generated distributions that are kept with their covariance.
const MOST_HISTOGRAMS: usize = 100;

/// Most cells of which the three steps of a demonstration are kept: of a large matrix they would be half of the file.
const MOST_DEMONSTRATED: usize = 100;

/// Share of one event in all weight from which on it is said.
const LARGEST_SHARE: f64 = 0.05;
/// Effective events below which nothing that is of first order in the weights' fluctuations is believed.
const LEAST_EFFECTIVE: f64 = 10.0;

/// Collects results cell by cell.
pub struct Collector<'a> {
    experiment: &'a Experiment,
    plan: &'a Plan,
    results: Results,
    /// Places of the cells in the results.
    places: HashMap<&'a CellName, usize>,
    /// Numbers of the null laws, by the bits of their points.
    laws: HashMap<Vec<u64>, usize>,
    rows: Vec<CellRows>,
    histograms: Vec<Generated>,
    /// All warnings so far.
    said: HashSet<String>,
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
        let cell = |c: &PlannedCell| Cell {
            name: c.name.clone(),
            plugins: plugin(c),
            axis: components.axis(c.summary),
            replicas: Vec::new(),
            overall: None,
            failures: Vec::new(),
        };
        let results = Results {
            schema: Schema::this(),
            experiment: sizes.name.clone(),
            dataset: experiment.dataset.name.clone(),
            n_train: sizes.n_train,
            n_gen: sizes.n_gen,
            members: sizes.members,
            replicas: sizes.training_sets,
            validation: None,
            weights: None,
            groups: None,
            metrics: components
                .metrics
                .iter()
                .filter_map(|made| {
                    let shown = made.component.as_ref().ok()?.shown().clone();
                    Some(ShownMetric { name: made.name.clone(), shown })
                })
                .collect(),
            cells: plan.cells.iter().map(cell).collect(),
            null_laws: Vec::new(),
            distributions: Vec::new(),
            planes: Vec::new(),
            diagnostics: Vec::new(),
            inspections: Vec::new(),
            warnings: Vec::new(),
        };
        let places = plan.cells.iter().enumerate().map(|(i, cell)| (&cell.name, i)).collect();
        Collector {
            experiment,
            plan,
            results,
            places,
            laws: HashMap::new(),
            rows: Vec::new(),
            histograms: Vec::new(),
            said: HashSet::new(),
        }
    }

    /// Takes the weights of the first training set, and says where they make little of many events.
    pub fn weights(&mut self, weights: &[f64]) {
        if self.results.weights.is_some() || weights.is_empty() {
            return;
        }
        let (events, mean) = (weights.len() as f64, mean(weights));
        let negative = weights.iter().filter(|w| **w < 0.0).count() as f64 / events;
        let largest = weights.iter().fold(0.0_f64, |most, w| most.max(w.abs())) / mean.abs();
        let effective = effective_size(weights);
        if largest > LARGEST_SHARE * events {
            self.warn(format!(
                "one training event has {:.0} % of all weight: whatever is measured is as uncertain as that event",
                100.0 * largest / events
            ));
        }
        if effective < LEAST_EFFECTIVE {
            self.warn(format!(
                "the weights of {events} training events make them {effective:.2} effective ones: positive and negative weights cancel, or \
                 few events have all weight; errors to first order mean nothing then, nor does G"
            ));
        }
        self.results.weights = Some(EventWeights { effective, negative, largest });
    }

    /// Takes the groups of the first training set's events, and says where they are few.
    pub fn groups(&mut self, training: &Batch<'_>) {
        let Some(numbers) = training.groups.filter(|_| self.results.groups.is_none()) else { return };
        let groups = Groups::new(numbers);
        let events = Values { w: training.weights, g: training.groups, ..Values::new(training.values) };
        let (number, largest, effective) =
            (groups.number() as u64, groups.largest(), events.effective_size());
        if effective < LEAST_EFFECTIVE {
            self.warn(format!(
                "{} training events belong to {number} groups, worth {effective:.2} events if those of a group know the same: errors to first \
                 order mean nothing then, nor does G",
                numbers.len()
            ));
        }
        self.results.groups = Some(EventGroups { number, largest, effective });
    }

    /// Adds a warning once.
    pub fn warn(&mut self, warning: String) {
        if self.said.insert(warning.clone()) {
            self.results.warnings.push(warning);
        }
    }

    /// Says that cells have no result on a training set.
    pub fn fail(&mut self, set: u64, cells: &[&PlannedCell], error: &Error) {
        let replicas = self.experiment.experiment.training_sets;
        let place = if replicas > 1 { format!("training set {}: ", set + 1) } else { String::new() };
        for cell in cells {
            self.target(cell).failures.push(format!("{place}{error}"));
        }
    }

    /// Where the results of a cell go.
    fn target(&mut self, cell: &PlannedCell) -> &mut Cell {
        &mut self.results.cells[self.places[&cell.name]]
    }

    /// Says that no cell has a result on a training set.
    pub fn fail_all(&mut self, set: u64, error: &Error) {
        let cells: Vec<&PlannedCell> = self.plan.cells.iter().collect();
        self.fail(set, &cells, error);
    }

    /// Takes the curves of a row's cells.
    pub fn row(&mut self, set: u64, cells: &[&PlannedCell], truth: &Truth, curves: &RowCurves) {
        self.results.validation = self.results.validation.take().or_else(|| truth.validation.clone());
        if let Some(warning) = &curves.warning {
            self.warn(warning.clone());
        }
        let name = &cells[0].name;
        for warning in &curves.findings.warnings {
            self.warn(format!("{} / {}: {warning}", name.generator, name.uncertainty));
        }
        self.results.inspections.push(curves.inspected.clone());
        for found in &curves.diagnostics {
            for warning in &found.warnings {
                self.warn(format!("{} / {}: {warning}", found.generator, found.uncertainty));
            }
        }
        self.results.planes.extend(curves.planes.iter().cloned());
        self.results.diagnostics.extend(curves.diagnostics.iter().cloned());
        let found: Vec<Found> = cells.par_iter().map(|cell| Found::of(set, cell, truth, curves)).collect();
        for (cell, Found { rows, warnings, outcome }) in cells.iter().zip(found) {
            self.rows.extend(rows);
            warnings.into_iter().for_each(|warning| self.warn(warning));
            match outcome {
                Err(error) => self.fail(set, &[*cell], &error),
                Ok((mut found, law)) => {
                    found.null_law = self.law(law);
                    self.target(cell).replicas.push(found);
                }
            }
        }
        if set == 0 {
            self.distributions(cells, truth, curves);
        }
    }

    /// The number of a null law, which is stored once.
    fn law(&mut self, points: Vec<NullPoint>) -> usize {
        let numbers =
            |p: &NullPoint| [p.n, p.mean].into_iter().chain(p.bands.into_iter().flatten()).map(f64::to_bits);
        let laws = &mut self.results.null_laws;
        *self.laws.entry(points.iter().flat_map(numbers).collect()).or_insert_with(|| {
            laws.push(points);
            laws.len() - 1
        })
    }

    fn distributions(&mut self, cells: &[&PlannedCell], truth: &Truth, curves: &RowCurves) {
        for (i, column) in curves.columns.histograms.iter().enumerate() {
            let place = Place::Histogram(column.summary, column.selection);
            let name = (column.summary, column.selection);
            let Some(cell) = cells.iter().find(|c| (c.summary, c.selection) == name) else { continue };
            let Some(Ok(members)) = curves.curves.get(&place) else { continue };
            let bins = column.edges.len() - 1;
            let fractions: Vec<Vec<f64>> = members.iter().map(|m| fractions(&generated(m), bins)).collect();
            let spread = curves.layout.as_ref().map_or_else(|| curves.speaking.clone(), Layout::spread);
            let (generated, generated_spread) = (0..bins)
                .map(|bin| {
                    let of =
                        |some: &[usize]| -> Vec<f64> { some.iter().map(|i| fractions[*i][bin]).collect() };
                    (mean(&of(&curves.speaking)), variance(&of(&spread)).unwrap_or(0.0).sqrt())
                })
                .unzip();
            let axis = self.target(cell).axis.clone();
            let true_curve = truth.histograms.get(i).and_then(Option::as_ref).filter(|t| t.passed > 0);
            let (mut generated_error, mut distance) = (None, None);
            if let Some(layout) = curves.layout.as_ref().filter(|_| self.histograms.len() < MOST_HISTOGRAMS) {
                let texts = [cell.name.summary.as_str(), axis.as_str()];
                let further = truth.validation.as_ref().map(|v| v.source.as_str()).zip(true_curve);
                match histogram(members, layout, &column.edges, texts, &cell.name, further) {
                    Ok(Some(found)) => {
                        (generated_error, distance) = (Some(found.errors), found.distance);
                        self.histograms.push(Generated { of: cell.name.clone(), histogram: found.histogram });
                    }
                    Ok(None) => (),
                    Err(error) => self.warn(format!("{}: no export: {error}", cell.name.summary)),
                }
            }
            self.results.distributions.push(Distribution {
                summary: cell.name.summary.clone(),
                selection: cell.name.selection.clone(),
                generator: cell.name.generator.clone(),
                uncertainty: cell.name.uncertainty.clone(),
                axis,
                edges: column.edges.clone(),
                training: (0..column.training.len())
                    .map(|bin| mean_count(members, |truth| truth.training[bin] as u64))
                    .collect(),
                training_fractions: members
                    .first()
                    .map(|member| member.truth.training_fractions.clone())
                    .filter(|fractions| !fractions.is_empty()),
                training_events: mean_count(members, |truth| truth.n_train),
                generated,
                generated_spread,
                generated_error,
                distance,
                truth: true_curve.map(|t| self::fractions(t, bins)),
            });
        }
    }

    /// The results over all training sets.
    pub fn finish(mut self) -> Outcome {
        let many = self.results.cells.len() > MOST_DEMONSTRATED;
        for cell in &mut self.results.cells {
            cell.overall = overall(&cell.replicas);
            cell.replicas.iter_mut().filter(|_| many).for_each(|r| r.demonstrated = None);
            // What one fit generates shows no scatter of so few.
            if cell.replicas.len() < LEAST_SETS {
                cell.replicas.iter_mut().flat_map(|r| &mut r.curve).for_each(|point| point.one_fit = None);
            }
        }
        let used =
            |selection: &&Selection| self.plan.cells.iter().any(|c| c.name.selection == selection.name);
        let thinned = self.experiment.selection.iter().filter(used).filter_map(predictable);
        let missed = self.results.cells.iter().filter_map(against_truth);
        let leaks = self.results.cells.iter().filter_map(leak);
        let warnings: Vec<String> = thinned.chain(missed).chain(leaks).collect();
        warnings.into_iter().for_each(|warning| self.warn(warning));
        Outcome { results: self.results, rows: self.rows, histograms: self.histograms }
    }
}

/// What knows more of a shift than the training events hold, on most training sets.
fn leak(cell: &Cell) -> Option<String> {
    let more = |r: &&CellReplica| r.estimate.lower_bound().is_some_and(|low| low > 1.0);
    let those = cell.replicas.iter().filter(more).count();
    (cell.is_information() && 2 * those > cell.replicas.len()).then(|| {
        format!(
            "{}: the generator seems to know more of a shift than its training events do, which nothing that is made of these alone can \
             (Matchev et al. 2022, section 3): it saw other events, or does not follow its own",
            cell_title(&cell.name)
        )
    })
}

/// What G owes to an analysis that throws events away.
fn predictable(selection: &Selection) -> Option<String> {
    let part = selection.thin?;
    Some(format!(
        "selection {}: it keeps {} of all events, whatever they are: this alone multiplies G by {}, for every generator, and is no gain \
         (Matchev et al. 2022, section 5.1)",
        selection.name,
        short(part),
        short(1.0 / part)
    ))
}
