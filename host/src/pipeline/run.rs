//! Runs an experiment: replica by replica, pair by pair.

use std::sync::Arc;

use amplicast_sdk::abi::LoadedSummaryStatistic;
use amplicast_sdk::{Error, ErrorKind, Result, Split, SummaryNeeds};
use serde_json::{Value, json};

use super::collect::Collector;
use super::columns::{ColumnName, Columns, HistogramColumn};
use super::components::{Components, Made};
use super::data::TrueEvents;
use super::inspect::{rounding, true_sample};
use super::observables::{Observable, Observables};
use super::pair::Pair;
use super::plan::{Plan, PlannedCell};
use super::posterior::data_identity;
use super::select::Cuts;
use super::true_source::TrueSource;
use super::truth::Truth;
use crate::config::Experiment;
use crate::inspection::{Order, TrueSample};
use crate::results::{CellRows, Results};
use crate::session::Session;
use crate::store::Store;

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

/// What all pairs of one replica share.
pub struct Replica<'a> {
    /// Its number, from 0.
    pub number: u64,
    /// Where its true events come from.
    pub dataset: &'a dyn TrueSource,
    /// Its true events.
    pub events: &'a TrueEvents<'a>,
    /// What they depend on.
    pub identity: &'a Value,
    /// All summaries and selections of the experiment.
    pub observables: Observables<'a>,
    /// What members are compared with.
    pub truth: &'a TrueSample,
}

impl Run<'_> {
    /// Runs everything that is not stored yet; failures are in the results, except the user's wish to stop.
    pub fn execute(&self) -> Result<(Results, Vec<CellRows>)> {
        let summaries = self.summaries();
        let mut collector = Collector::new(self.experiment, self.components, self.plan);
        for note in &self.components.notes {
            self.session.progress.say(&format!("warning: {note}"));
            collector.warn(note.clone());
        }
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

    /// All summaries, those that are fitted without their fit.
    pub fn summaries(&self) -> Vec<Observable> {
        let schema = &self.components.schema;
        let observable = |made: &Made<LoadedSummaryStatistic>| match &made.component {
            Ok(loaded) => {
                let needs = loaded.needs();
                let summary = match needs.fit {
                    None => loaded.prepare(schema).map(Arc::from),
                    // What it is before its fit is nobody's to evaluate.
                    Some(_) => Err(Error::data("expected a fitted summary, found one without its fit")),
                };
                Observable { summary, needs, null: None }
            }
            Err(error) => {
                Observable { summary: Err(error.clone()), needs: SummaryNeeds::default(), null: None }
            }
        };
        self.components.summaries.iter().map(observable).collect()
    }

    fn replica(&self, number: u64, summaries: &[Observable], collector: &mut Collector<'_>) -> Result<()> {
        let dataset = &**self.components.dataset.component.as_ref().map_err(Clone::clone)?;
        let sizes = &self.experiment.experiment;
        let mut identity = data_identity(self.experiment, self.components, number)?;
        let mut events =
            self.session.attempt("read training events", || TrueEvents::read(dataset, sizes, number))?;
        let rounding = self
            .session
            .attempt("look at the precision of events", || Ok(rounding(self, dataset, &events)))?;
        if !rounding.is_none() {
            identity["rounding"] = json!(rounding);
        }
        events.round(rounding);
        let truth = dataset.density();
        let without_cuts = Observables { summaries, cuts: &[], truth, member: None };
        let (sample, warnings) = true_sample(self, dataset, &events, without_cuts)?;
        for warning in warnings {
            self.session.progress.say(&format!("warning: {warning}"));
            collector.warn(warning);
        }
        let cuts = self.cuts(dataset, &events, without_cuts);
        let observables = Observables { cuts: &cuts, ..without_cuts };
        let replica =
            Replica { number, dataset, events: &events, identity: &identity, observables, truth: &sample };
        let names = self.plan.cells.iter().filter(|c| !c.per_member).map(ColumnName::from).collect();
        let columns = Columns::prepare(self, &replica, observables, &names, None)?;
        for warning in self.ordered(dataset, &columns)? {
            self.session.progress.say(&format!("warning: {warning}"));
            collector.warn(warning);
        }
        let truth = Truth::of(self, &replica, &columns)?;
        let mut pairs: Vec<(usize, Option<usize>)> = Vec::new();
        for cell in &self.plan.cells {
            if !pairs.contains(&(cell.generator, cell.uncertainty)) {
                pairs.push((cell.generator, cell.uncertainty));
            }
        }
        for pair in pairs {
            let cells: Vec<&PlannedCell> =
                self.plan.cells.iter().filter(|c| (c.generator, c.uncertainty) == pair).collect();
            match Pair::new(self, &replica, &columns, &cells).curves() {
                Ok(curves) => collector.pair(number, &cells, &columns, &truth, &curves),
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Err(error) => collector.fail(number, &cells, &error),
            }
        }
        Ok(())
    }

    /// What is to be said of training events of a file that come in an order: it may hold a part of a longer one, and parts of it may
    /// be taken for something.
    fn ordered(&self, dataset: &dyn TrueSource, columns: &Columns) -> Result<Vec<String>> {
        let sizes = &self.experiment.experiment;
        if sizes.left_out == 0.0 && dataset.capacity(Split::Training)?.is_none() {
            return Ok(Vec::new());
        }
        let warning = |h: &HistogramColumn| {
            let order = h.order.filter(Order::matters)?;
            Some(format!(
                "the training events come in an order: `{}` changes its side or turns {:.2} times as often as for independent events; \
                 a part of them is no random one: shuffle the file",
                self.components.summaries[h.summary].name, order.ratio
            ))
        };
        Ok(columns.histograms.iter().filter_map(warning).collect())
    }

    /// All selections, their quantiles resolved.
    pub fn cuts(
        &self,
        dataset: &dyn TrueSource,
        events: &TrueEvents<'_>,
        observables: Observables<'_>,
    ) -> Vec<Result<Cuts>> {
        let resolve = |selection| Cuts::resolve(selection, self.components, dataset, events, observables);
        self.experiment.selection.iter().map(resolve).collect()
    }
}
