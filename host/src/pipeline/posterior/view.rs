//! The columns of summaries that differ from member to member, such as a likelihood ratio.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use amplicast_sdk::{Diagnostics, ErrorKind, FitNeeds, Member, Result, Summary};
use serde_json::Value;

use super::chains::Posterior;
use super::diagnosed::{Subject, diagnosed};
use super::fits::{diagnostics, fit, reserved, simulated};
use super::row::Pair;
use crate::config::ReferenceName;
use crate::pipeline::observe::{
    Bins, Columns, Cuts, Observable, Observables, Simulated, column_identity, cuts,
};
use crate::pipeline::plan::{ColumnName, Place};
use crate::results::Diagnosed;

/// Which columns of a pair are another for each member.
pub struct OwnColumns<'a> {
    /// Whose they are.
    pub pair: &'a Pair<'a>,
    /// Its members.
    pub posterior: &'a Posterior,
    /// Their names.
    pub names: BTreeSet<ColumnName>,
    /// Summaries that are fitted, by number.
    fitted: Vec<(usize, FitNeeds)>,
    /// Of these, the ones that were fitted once for all members.
    pooled: BTreeMap<usize, Result<Arc<dyn Summary>>>,
    /// Of the cross-fitted ones that are compared with training events, what each metric made of pseudo-experiments.
    simulated: BTreeMap<usize, Simulated>,
    /// The first member's, which also fix the bins of the report.
    pub first: Option<Columns>,
    bins: Option<Bins>,
}

/// How one member sees the true events.
pub struct Seen {
    /// Its columns, if they were asked for.
    pub columns: Option<Columns>,
    /// Its summaries and selections; none if they do not differ from member to member.
    own: Option<(Vec<Observable>, Vec<Result<Cuts>>)>,
}

impl Seen {
    /// The observables of the member's events.
    pub fn observables<'s>(&'s self, pair: &'s Pair<'_>, member: &'s dyn Member, i: u64) -> Observables<'s> {
        let observables = pair.observables(member, i);
        match &self.own {
            Some((summaries, cuts)) => Observables { summaries, cuts, ..observables },
            None => observables,
        }
    }
}

impl<'a> OwnColumns<'a> {
    /// Finds them, and prepares those of the first member.
    pub fn new(pair: &'a Pair<'a>, posterior: &'a Posterior) -> Result<Self> {
        let cells = || pair.cells.iter().filter(|c| c.per_member);
        let names: BTreeSet<ColumnName> = cells().map(|c| ColumnName::from(*c)).collect();
        let used = |s: usize| {
            let name = &pair.run.components.summaries[s].name;
            let cut = |selection: usize| {
                pair.run.experiment.selection[selection].cuts.iter().any(|c| c.summary == *name)
            };
            cells().any(|c| c.summary == s || cut(c.selection))
        };
        let summaries = pair.replica.observables.summaries.iter().enumerate();
        let fitted = summaries.filter_map(|(s, o)| Some((s, o.fit?))).filter(|(s, _)| used(*s)).collect();
        let (pooled, simulated_of, first, bins) = (BTreeMap::new(), BTreeMap::new(), None, None);
        let mut own =
            OwnColumns { pair, posterior, names, fitted, pooled, simulated: simulated_of, first, bins };
        if own.names.is_empty() {
            return Ok(own);
        }
        let all = 0..posterior.members.parameters.len() as u64;
        for &(s, needs) in own.fitted.iter().filter(|(_, needs)| needs.pooled) {
            own.pooled.insert(s, going_on(fit(pair, posterior, s, needs, all.clone()))?);
        }
        for &(s, needs) in own.fitted.iter().filter(|(_, needs)| needs.cross_fitted()) {
            let in_training =
                |n: &&ColumnName| n.summary == s && n.reference == Some(ReferenceName::Training);
            let metrics: BTreeSet<usize> = own.names.iter().filter(in_training).map(|n| n.metric).collect();
            let metrics: Vec<usize> = metrics.into_iter().collect();
            // Of the first member: the laws of the others, whose densities are nearly the same, would cost as much again each.
            let members = if needs.pooled { all.clone() } else { 0..1 };
            let found = match going_on(simulated(pair, posterior, s, needs, members, &metrics))? {
                Ok(found) => found.into_iter().map(|(metric, list)| (metric, Ok(list))).collect(),
                Err(error) => metrics.into_iter().map(|metric| (metric, Err(error.clone()))).collect(),
            };
            own.simulated.insert(s, found);
        }
        let member = pair.member(posterior, 0)?;
        own.first = own.of_member(&*member, 0, true)?.columns;
        let histograms = own.first.iter().flat_map(|c| &c.histograms);
        own.bins = Some(histograms.map(|h| ((h.summary, h.selection), h.edges.clone())).collect());
        Ok(own)
    }

    /// What the posterior and the fits of its members' summaries say of themselves; fits that failed say nothing.
    pub fn diagnostics(&self) -> Vec<Diagnosed> {
        let (pair, count) = (self.pair, self.posterior.members.parameters.len() as u64);
        let name = &pair.cells[0].name;
        let subject = |summary: Option<String>| Subject {
            generator: name.generator.clone(),
            uncertainty: name.uncertainty.clone(),
            summary,
            replica: pair.replica.number,
        };
        let own = diagnosed(&subject(None), std::slice::from_ref(&self.posterior.members.diagnostics));
        let of_fits = |(s, needs): &(usize, FitNeeds)| {
            let of = |members| diagnostics(pair, self.posterior, *s, members);
            let list: Vec<Diagnostics> = if needs.pooled {
                of(0..count).into_iter().collect()
            } else {
                (0..count).filter_map(|i| of(i..i + 1)).collect()
            };
            diagnosed(&subject(Some(pair.run.components.summaries[*s].name.clone())), &list)
        };
        own.into_iter().chain(self.fitted.iter().filter_map(of_fits)).collect()
    }

    /// Events that are left for streaming of a member with `capacity` events, whose last ones summaries are fitted to.
    pub fn left_to_stream(&self, capacity: u64) -> u64 {
        let members = self.posterior.members.parameters.len() as u64;
        let each =
            |needs: &FitNeeds| if needs.pooled { needs.generated.div_ceil(members) } else { needs.generated };
        capacity - self.fitted.iter().map(|(_, needs)| reserved(capacity, each(needs))).max().unwrap_or(0)
    }

    /// A member's summaries and selections and, if asked for, its columns.
    pub fn of_member(&self, member: &dyn Member, i: u64, with_columns: bool) -> Result<Seen> {
        if self.names.is_empty() {
            return Ok(Seen { columns: None, own: None });
        }
        let Pair { run, replica, .. } = *self.pair;
        let mut summaries = replica.observables.summaries.to_vec();
        for &(s, needs) in &self.fitted {
            summaries[s].summary = match self.pooled.get(&s) {
                Some(pooled) => pooled.clone(),
                None => going_on(fit(self.pair, self.posterior, s, needs, i..i + 1))?,
            };
            summaries[s].simulated = self.simulated.get(&s).cloned().unwrap_or_default();
        }
        let observables = Observables { summaries: &summaries, ..self.pair.observables(member, i) };
        let cuts = cuts(run, replica.dataset, replica.events, observables);
        let observables = Observables { cuts: &cuts, ..observables };
        let prepare = || Columns::prepare(run, replica, observables, &self.names, self.bins.as_ref());
        let columns = with_columns.then(prepare).transpose()?;
        Ok(Seen { columns, own: Some((summaries, cuts)) })
    }

    /// What a column's curves depend on, apart from the member: known without evaluating anything for that member.
    pub fn identity(&self, place: Place) -> Option<Value> {
        let edges = match place {
            Place::Metric(_) => None,
            Place::Histogram(summary, selection) | Place::Order(summary, selection) => {
                Some(&self.bins.as_ref()?.get(&(summary, selection))?[..])
            }
        };
        let members = 0..self.posterior.members.parameters.len() as u64;
        let pooled = (!self.pooled.is_empty()).then(|| members.map(|i| self.posterior.hash(i)).collect());
        column_identity(self.pair.run, self.pair.replica, place, edges, pooled)
    }
}

/// A failure is that of the columns that need this; the wish to stop is everybody's.
fn going_on<T>(result: Result<T>) -> Result<Result<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
        other => Ok(other),
    }
}
