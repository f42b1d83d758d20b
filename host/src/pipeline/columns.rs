//! The columns of one replica: every (summary, selection, metric, reference) of the plan, made once and shared by cells.

use std::collections::{BTreeMap, BTreeSet};

use amplicast_sdk::{Accumulator, Comparison, Error, Reference, ReferenceUse, Result};
use serde_json::{Value, json};

use super::observables::Observed;
use super::plan::PlannedCell;
use super::run::{Replica, Run};
use super::select::quantile;
use super::stream::Histogram;
use crate::config::ReferenceName;

/// Bins of the distributions in the report.
const BINS: usize = 50;

/// What a column is made of, by the numbers of its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnName {
    /// Number of the summary.
    pub summary: usize,
    /// Number of the selection.
    pub selection: usize,
    /// Number of the metric.
    pub metric: usize,
    /// The reference, if the metric uses one.
    pub reference: Option<ReferenceName>,
}

impl From<&PlannedCell> for ColumnName {
    fn from(cell: &PlannedCell) -> Self {
        ColumnName {
            summary: cell.summary,
            selection: cell.selection,
            metric: cell.metric,
            reference: cell.reference,
        }
    }
}

/// A comparison with its reference.
pub struct Prepared {
    /// The comparison.
    pub comparison: Box<dyn Comparison>,
    /// Reference events that pass the selection; 0 if the metric uses none.
    pub n_reference: u64,
    /// Everything that its curves depend on.
    pub identity: Value,
}

/// A distribution of the report.
pub struct HistogramColumn {
    /// Number of the summary.
    pub summary: usize,
    /// Number of the selection.
    pub selection: usize,
    /// Edges of its bins.
    pub edges: Vec<f64>,
    /// Training events in the bins.
    pub training: Vec<f64>,
    /// Training events that pass the selection, in the bins and beside them.
    pub training_events: u64,
    /// Everything that its curves depend on.
    pub identity: Value,
}

/// All columns of a replica.
pub struct Columns {
    /// Those of the metrics.
    pub metrics: BTreeMap<ColumnName, Result<Prepared>>,
    /// Those of the report; the report draws the first replica.
    pub histograms: Vec<HistogramColumn>,
    /// True events, of all n_train, that pass each selection.
    pub passed: Vec<Result<u64>>,
}

impl Columns {
    /// Prepares everything that the cells of the plan need; what fails spoils its own columns only.
    pub fn prepare(run: &Run<'_>, replica: &Replica<'_>) -> Result<Self> {
        let mut maker = Maker {
            run,
            replica,
            training: replica.observables.on(replica.events.all()),
            sorted: BTreeMap::new(),
        };
        let names: BTreeSet<ColumnName> = run.plan.cells.iter().map(ColumnName::from).collect();
        let references: BTreeSet<Option<ReferenceName>> = names.iter().map(|n| n.reference).collect();
        let mut metrics = BTreeMap::new();
        // One reference after the other: its events are read once, and its summaries are not kept longer than needed.
        for reference in references {
            let names = names.iter().filter(|n| n.reference == reference);
            let values = match reference {
                Some(reference) => maker.reference(reference, names.clone())?,
                None => ReferenceValues::new(),
            };
            for &name in names {
                run.session.check_stop()?;
                let stage = format!("prepare metric {}", run.components.metrics[name.metric].name);
                metrics.insert(name, run.session.attempt(&stage, || maker.metric(name, &values)));
            }
        }
        let mut histograms: Vec<HistogramColumn> = Vec::new();
        for name in names.iter().filter(|_| replica.number == 0) {
            let seen = histograms.iter().any(|h| (h.summary, h.selection) == (name.summary, name.selection));
            // If it fails, so do all cells of this summary and selection, and say why.
            if !seen && let Ok(histogram) = maker.histogram(name.summary, name.selection) {
                histograms.push(histogram);
            }
        }
        let passed = (0..run.experiment.selection.len()).map(|s| maker.training.passed(s)).collect();
        Ok(Columns { metrics, histograms, passed })
    }
}

/// The values of a reference by summary and selection.
type ReferenceValues = BTreeMap<(usize, usize), Result<Vec<f64>>>;

struct Maker<'a> {
    run: &'a Run<'a>,
    replica: &'a Replica<'a>,
    /// The observables of all n_train true events.
    training: Observed<'a, 'a>,
    sorted: BTreeMap<(usize, usize), Vec<f64>>,
}

impl Maker<'_> {
    /// Reads a reference once, for all its columns.
    fn reference<'n>(
        &self,
        reference: ReferenceName,
        names: impl Iterator<Item = &'n ColumnName>,
    ) -> Result<ReferenceValues> {
        let mut values: ReferenceValues = names.map(|n| ((n.summary, n.selection), Ok(Vec::new()))).collect();
        let stage = format!("read the reference {}", reference.text());
        let read = self.run.session.attempt(&stage, || {
            self.replica.events.stream(reference, |batch| {
                self.run.session.check_stop()?;
                let observed = self.replica.observables.on(*batch);
                let mut memory = Vec::new();
                for (&(summary, selection), kept) in &mut values {
                    let Ok(list) = kept else { continue };
                    match observed.kept(summary, selection, 0..observed.events(), &mut memory) {
                        Ok(more) => list.extend_from_slice(more),
                        Err(error) => *kept = Err(error),
                    }
                }
                Ok(())
            })
        });
        // That it cannot be read is the failure of its columns.
        if let Err(error) = read {
            self.run.session.check_stop()?;
            values.values_mut().for_each(|v| *v = Err(error.clone()));
        }
        Ok(values)
    }

    /// The sorted summaries of all n_train true events that pass the selection.
    fn sorted_training(&mut self, summary: usize, selection: usize) -> Result<&[f64]> {
        if !self.sorted.contains_key(&(summary, selection)) {
            let mut kept = self.training.all_kept(summary, selection)?;
            kept.sort_unstable_by(f64::total_cmp);
            self.sorted.insert((summary, selection), kept);
        }
        let sorted = &self.sorted[&(summary, selection)];
        if sorted.is_empty() {
            let name = &self.run.experiment.selection[selection].name;
            return Err(Error::data(format!(
                "selection `{name}`: expected training events that pass it, found none"
            )));
        }
        Ok(sorted)
    }

    fn metric(&mut self, name: ColumnName, references: &ReferenceValues) -> Result<Prepared> {
        let components = self.run.components;
        let made = &components.metrics[name.metric];
        let metric = made.component.as_ref().map_err(Clone::clone)?;
        let mut identity = self.identity(name.summary, name.selection)?;
        identity["metric"] = made.identity.clone();
        match metric.reference().clone() {
            ReferenceUse::Values => {
                let found = name.reference.zip(references.get(&(name.summary, name.selection)));
                let (reference, values) =
                    found.ok_or_else(|| Error::data("expected a reference, found none"))?;
                let values = values.as_ref().map_err(Clone::clone)?;
                identity["reference"] = json!([reference.text(), self.replica.events.events(reference)?]);
                let comparison = metric.compare(&Reference { values, quantiles: &[] })?;
                Ok(Prepared { comparison, n_reference: values.len() as u64, identity })
            }
            ReferenceUse::Quantiles(probabilities) => {
                let summary = components.summaries[name.summary].component.as_ref().map_err(Clone::clone)?;
                // The true quantile where the dataset knows it; a cut changes the distribution.
                let uncut = self.run.experiment.selection[name.selection].cuts.is_empty();
                let mut quantiles = Vec::with_capacity(probabilities.len());
                for p in probabilities {
                    let exact = if uncut { self.replica.dataset.quantile(summary.label(), p)? } else { None };
                    quantiles.push(match exact {
                        Some(edge) => edge,
                        None => quantile(self.sorted_training(name.summary, name.selection)?, p),
                    });
                }
                identity["quantiles"] = bits(&quantiles);
                let comparison = metric.compare(&Reference { values: &[], quantiles: &quantiles })?;
                Ok(Prepared { comparison, n_reference: 0, identity })
            }
        }
    }

    /// Equal bins over the bulk of the training events.
    fn histogram(&mut self, summary: usize, selection: usize) -> Result<HistogramColumn> {
        let mut identity = self.identity(summary, selection)?;
        let sorted = self.sorted_training(summary, selection)?;
        let (mut low, mut high) = (quantile(sorted, 0.002), quantile(sorted, 0.998));
        if low >= high {
            (low, high) = (low - 0.5, high + 0.5);
        }
        let edges: Vec<f64> = (0..=BINS).map(|k| low + (high - low) * k as f64 / BINS as f64).collect();
        identity["edges"] = bits(&edges);
        let mut histogram = Histogram::new(&edges);
        histogram.update(sorted)?;
        let (training, training_events) = (histogram.values()?, sorted.len() as u64);
        Ok(HistogramColumn { summary, selection, edges, training, training_events, identity })
    }

    /// What the values of a summary depend on, and which of them pass a selection.
    fn identity(&self, summary: usize, selection: usize) -> Result<Value> {
        let of = |summary: usize| &self.run.components.summaries[summary].identity;
        let cuts = self.replica.observables.cuts[selection].as_ref().map_err(Clone::clone)?;
        let cuts: Value =
            cuts.0.iter().map(|c| json!([of(c.summary), c.low.to_bits(), c.high.to_bits()])).collect();
        Ok(json!({"summary": of(summary), "data": self.replica.identity, "cuts": cuts}))
    }
}

fn bits(values: &[f64]) -> Value {
    values.iter().map(|x| x.to_bits()).collect()
}
