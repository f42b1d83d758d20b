//! The columns of one replica: every (summary, selection, metric, reference) of the plan, made once and shared by cells.

use std::collections::HashMap;

use amplicast_sdk::abi::LoadedDataset;
use amplicast_sdk::{Comparison, Error, Reference, ReferenceUse, Result, Summary};
use serde_json::{Value, json};

use super::components::Components;
use super::data::{TrueEvents, evaluate};
use super::plan::PlannedCell;
use super::select::{Cuts, quantile};
use crate::config::{Experiment, ReferenceName};

/// What a column is made of, by the numbers of its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// What the columns of one replica are made from.
pub struct ColumnMaker<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// Its components.
    pub components: &'a Components,
    /// The dataset.
    pub dataset: &'a LoadedDataset,
    /// The true events.
    pub events: &'a TrueEvents<'a>,
    /// What they depend on.
    pub data_identity: &'a Value,
    /// All summaries.
    pub summaries: &'a [Option<Box<dyn Summary>>],
    /// All selections; an error if their summary is not available.
    pub cuts: &'a [Cuts],
    sorted: HashMap<(usize, usize), Vec<f64>>,
}

impl<'a> ColumnMaker<'a> {
    /// A maker for one replica.
    pub fn new(
        experiment: &'a Experiment,
        components: &'a Components,
        dataset: &'a LoadedDataset,
        events: &'a TrueEvents<'a>,
        data_identity: &'a Value,
        summaries: &'a [Option<Box<dyn Summary>>],
        cuts: &'a [Cuts],
    ) -> Self {
        ColumnMaker {
            experiment,
            components,
            dataset,
            events,
            data_identity,
            summaries,
            cuts,
            sorted: HashMap::new(),
        }
    }

    /// The sorted summaries of all n_train true events that pass the selection.
    pub fn sorted_training(&mut self, summary: usize, selection: usize) -> Result<&[f64]> {
        if !self.sorted.contains_key(&(summary, selection)) {
            let batch = self.events.all();
            let values = evaluate(self.summaries, summary, &batch)?;
            let mut kept = self.cuts[selection].keep(self.summaries, &batch, &values)?;
            kept.sort_unstable_by(f64::total_cmp);
            self.sorted.insert((summary, selection), kept);
        }
        let sorted = &self.sorted[&(summary, selection)];
        if sorted.is_empty() {
            let name = &self.experiment.selection[selection].name;
            return Err(Error::data(format!(
                "selection `{name}`: expected training events that pass it, found none"
            )));
        }
        Ok(sorted)
    }

    /// Makes one column.
    pub fn make(&mut self, name: ColumnName) -> Result<Prepared> {
        let made = &self.components.metrics[name.metric];
        let metric = made.component.as_ref().map_err(Clone::clone)?;
        let summary = &self.components.summaries[name.summary];
        let label = summary.component.as_ref().map_err(Clone::clone)?.label().to_string();
        let mut identity = json!({
            "summary": summary.identity, "metric": made.identity, "data": self.data_identity,
            "cuts": self.cuts_identity(name.selection),
        });
        match metric.reference().clone() {
            ReferenceUse::Values => {
                let reference =
                    name.reference.ok_or_else(|| Error::data("expected a reference, found none"))?;
                let values = self.events.summaries(
                    reference,
                    self.summaries,
                    name.summary,
                    &self.cuts[name.selection],
                )?;
                identity["reference"] = json!([reference.text(), self.events.events(reference)?]);
                let comparison = metric.compare(&Reference { values: &values, quantiles: &[] })?;
                Ok(Prepared { comparison, n_reference: values.len() as u64, identity })
            }
            ReferenceUse::Quantiles(probabilities) => {
                let mut quantiles = Vec::with_capacity(probabilities.len());
                for p in probabilities {
                    // The true quantile where the dataset knows it; a cut changes the distribution.
                    let uncut = self.cuts[name.selection].intervals.is_empty();
                    let exact = if uncut { self.dataset.quantile(&label, p)? } else { None };
                    quantiles.push(match exact {
                        Some(edge) => edge,
                        None => quantile(self.sorted_training(name.summary, name.selection)?, p),
                    });
                }
                identity["quantiles"] = json!(quantiles.iter().map(|q| q.to_bits()).collect::<Vec<_>>());
                let comparison = metric.compare(&Reference { values: &[], quantiles: &quantiles })?;
                Ok(Prepared { comparison, n_reference: 0, identity })
            }
        }
    }

    /// What a selection's outcome depends on.
    pub fn cuts_identity(&self, selection: usize) -> Value {
        let one = |&(summary, low, high): &(usize, f64, f64)| {
            json!([self.components.summaries[summary].identity, low.to_bits(), high.to_bits()])
        };
        self.cuts[selection].intervals.iter().map(one).collect()
    }
}

/// Resolves the quantiles of every selection: the true ones where the dataset knows them, else those of the training events.
pub fn resolve_cuts(
    experiment: &Experiment,
    components: &Components,
    dataset: &LoadedDataset,
    events: &TrueEvents<'_>,
    summaries: &[Option<Box<dyn Summary>>],
) -> Result<Vec<Cuts>> {
    let mut all = Vec::new();
    for selection in &experiment.selection {
        let mut intervals = Vec::new();
        for cut in &selection.cuts {
            let number = components.summaries.iter().position(|s| s.name == cut.summary).unwrap_or(0);
            let (low, high) = match (cut.interval, cut.quantiles) {
                (Some([low, high]), _) => (low, high),
                (None, Some([low, high])) => {
                    let label =
                        components.summaries[number].component.as_ref().map_err(Clone::clone)?.label();
                    let mut sorted: Option<Vec<f64>> = None;
                    let mut at = |p: f64| -> Result<f64> {
                        if p <= 0.0 || p >= 1.0 {
                            return Ok(if p <= 0.0 { f64::NEG_INFINITY } else { f64::INFINITY });
                        }
                        if let Some(exact) = dataset.quantile(label, p)? {
                            return Ok(exact);
                        }
                        if sorted.is_none() {
                            let mut values = evaluate(summaries, number, &events.all())?;
                            values.sort_unstable_by(f64::total_cmp);
                            sorted = Some(values);
                        }
                        Ok(quantile(sorted.as_deref().unwrap_or_default(), p))
                    };
                    (at(low)?, at(high)?)
                }
                (None, None) => return Err(Error::data("a cut without an interval")),
            };
            intervals.push((number, low, high));
        }
        all.push(Cuts { intervals });
    }
    Ok(all)
}
