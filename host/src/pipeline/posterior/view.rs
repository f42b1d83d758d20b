//! How members see events: all alike, or each in its own way where a summary differs from member to member, such as a likelihood
//! ratio.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use amplicast_sdk::{Diagnostics, ErrorKind, FitNeeds, Member, Result, Summary};
use serde_json::Value;

use super::diagnosed::{Subject, diagnosed};
use super::fits::{diagnostics, fit, reserved, simulated};
use super::members::Posterior;
use super::set_row::SetRow;
use crate::config::ReferenceName;
use crate::pipeline::observe::{Columns, Cuts, Observable, Observables, Simulated, column_identity, cuts};
use crate::pipeline::plan::{Place, Question};
use crate::results::Diagnosed;

/// How a member sees events.
pub struct View {
    summaries: Vec<Observable>,
    cuts: Vec<Result<Cuts>>,
    /// The columns that its row's cells need, all of which it sees.
    pub columns: Columns,
}

impl View {
    /// The observables of the member's events.
    pub fn observables<'s>(&'s self, row: &'s SetRow<'_>, member: &'s dyn Member, i: u64) -> Observables<'s> {
        Observables { summaries: &self.summaries, cuts: &self.cuts, ..row.observables(member, i) }
    }
}

/// The views of all members.
pub struct Views<'a, 'r> {
    /// Whose they are.
    pub row: &'a SetRow<'r>,
    /// Its members.
    pub posterior: &'a Posterior,
    /// The columns that are another for each member.
    pub own: BTreeSet<Question>,
    /// Summaries that are fitted, by number.
    fitted: Vec<(usize, FitNeeds)>,
    /// Of these, the ones that were fitted once for all members.
    pooled: BTreeMap<usize, Result<Arc<dyn Summary>>>,
    /// Of the cross-fitted ones that are compared with training events, what each metric made of pseudo-experiments.
    simulated: BTreeMap<usize, Simulated>,
    /// The first member's, whose bins are those of all.
    pub first: Arc<View>,
}

impl<'a, 'r> Views<'a, 'r> {
    /// Those of members that see everything alike: what differs from member to member is known by name.
    pub fn alike(row: &'a SetRow<'r>, posterior: &'a Posterior) -> Self {
        let cells = || row.cells.iter().filter(|c| c.per_member);
        let own: BTreeSet<Question> = cells().map(|c| Question::from(*c)).collect();
        let used = |s: usize| {
            let name = &row.setting.components.summaries[s].name;
            let cut = |selection: usize| {
                row.setting.experiment.selection[selection].cuts.iter().any(|c| c.summary == *name)
            };
            cells().any(|c| c.summary == s || cut(c.selection))
        };
        let Observables { summaries, cuts, .. } = row.set.observables;
        let fitted = summaries.iter().enumerate().filter_map(|(s, o)| Some((s, o.fit?)));
        let fitted = fitted.filter(|(s, _)| used(*s)).collect();
        let columns = row.columns.clone();
        let first = Arc::new(View { summaries: summaries.to_vec(), cuts: cuts.to_vec(), columns });
        Views { row, posterior, own, fitted, pooled: BTreeMap::new(), simulated: BTreeMap::new(), first }
    }

    /// Fits what all members share, and prepares the view of the first one.
    pub fn new(row: &'a SetRow<'r>, posterior: &'a Posterior) -> Result<Self> {
        let mut views = Views::alike(row, posterior);
        if views.own.is_empty() {
            return Ok(views);
        }
        let all = posterior.speaking_together();
        for &(s, needs) in views.fitted.iter().filter(|(_, needs)| needs.pooled) {
            views.pooled.insert(s, going_on(fit(row, posterior, s, needs, all.clone()))?);
        }
        for &(s, needs) in views.fitted.iter().filter(|(_, needs)| needs.cross_fitted()) {
            let in_training = |n: &&Question| n.summary == s && n.reference == Some(ReferenceName::Training);
            let metrics: BTreeSet<usize> = views.own.iter().filter(in_training).map(|n| n.metric).collect();
            let metrics: Vec<usize> = metrics.into_iter().collect();
            // Of the first member: the laws of the others, whose densities are nearly the same, would cost as much again each.
            let members = if needs.pooled { all.clone() } else { 0..1 };
            let found = match going_on(simulated(row, posterior, s, needs, members, &metrics))? {
                Ok(found) => found.into_iter().map(|(metric, list)| (metric, Ok(list))).collect(),
                Err(error) => metrics.into_iter().map(|metric| (metric, Err(error.clone()))).collect(),
            };
            views.simulated.insert(s, found);
        }
        views.first = Arc::new(views.prepared(&*row.member(posterior, 0)?, 0, None)?);
        Ok(views)
    }

    /// What the posterior and the fits of its members' summaries say of themselves; fits that failed say nothing.
    pub fn diagnostics(&self) -> Vec<Diagnosed> {
        let (row, count) = (self.row, self.posterior.speaking_together().end);
        let name = &row.cells[0].name;
        let subject = |summary: Option<String>| Subject {
            generator: name.generator.clone(),
            uncertainty: name.uncertainty.clone(),
            summary,
            replica: row.set.number,
        };
        let own = diagnosed(&subject(None), std::slice::from_ref(&self.posterior.members.diagnostics));
        let of_fits = |(s, needs): &(usize, FitNeeds)| {
            let of = |members| diagnostics(row, self.posterior, *s, members);
            let list: Vec<Diagnostics> = if needs.pooled {
                of(0..count).into_iter().collect()
            } else {
                (0..count).filter_map(|i| of(i..i + 1)).collect()
            };
            diagnosed(&subject(Some(row.setting.components.summaries[*s].name.clone())), &list)
        };
        own.into_iter().chain(self.fitted.iter().filter_map(of_fits)).collect()
    }

    /// Events that are left for streaming of a member with `capacity` events, whose last ones summaries are fitted to.
    pub fn left_to_stream(&self, capacity: u64) -> u64 {
        let members = self.posterior.speaking_together().end;
        let each =
            |needs: &FitNeeds| if needs.pooled { needs.generated.div_ceil(members) } else { needs.generated };
        capacity - self.fitted.iter().map(|(_, needs)| reserved(capacity, each(needs))).max().unwrap_or(0)
    }

    /// An error if a fit that all members share could not be stored.
    pub fn stored(&self) -> Result<()> {
        let simulated =
            self.simulated.values().flat_map(|of| of.values()).filter_map(|found| found.as_ref().err());
        let pooled = self.pooled.values().filter_map(|found| found.as_ref().err());
        let first = self.first.columns.metrics.values().filter_map(|found| found.as_ref().err());
        match pooled.chain(simulated).chain(first).find(|error| error.kind() == ErrorKind::Io) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// The view of member `i`.
    pub fn of(&self, member: &dyn Member, i: u64) -> Result<Arc<View>> {
        if self.own.is_empty() || i == 0 {
            return Ok(self.first.clone());
        }
        self.prepared(member, i, Some(&self.first.columns)).map(Arc::new)
    }

    fn prepared(&self, member: &dyn Member, i: u64, like: Option<&Columns>) -> Result<View> {
        let SetRow { setting, set, .. } = *self.row;
        let mut summaries = set.observables.summaries.to_vec();
        for &(s, needs) in &self.fitted {
            summaries[s].summary = match self.pooled.get(&s) {
                Some(pooled) => pooled.clone(),
                None => going_on(fit(self.row, self.posterior, s, needs, i..i + 1))?,
            };
            summaries[s].simulated = self.simulated.get(&s).cloned().unwrap_or_default();
        }
        let observables = Observables { summaries: &summaries, ..self.row.observables(member, i) };
        let cuts = cuts(setting, set.dataset, set.events, observables);
        let observables = Observables { cuts: &cuts, ..observables };
        let own = Columns::prepare(setting, set, observables, &self.own, like)?;
        Ok(View { columns: self.row.columns.clone().with(own), summaries, cuts })
    }

    /// Whether a column is the same for all members.
    pub fn shares(&self, place: Place) -> bool {
        let (Place::Metric(Question { summary, selection, .. })
        | Place::Histogram(summary, selection)
        | Place::Order(summary, selection)) = place;
        !self.own.iter().any(|name| (name.summary, name.selection) == (summary, selection))
    }

    /// What a column's curves depend on, apart from the member: known without evaluating anything for that member; none if there is
    /// no such column.
    pub fn identity(&self, place: Place) -> Option<Value> {
        let SetRow { setting, set, columns, .. } = *self.row;
        if self.shares(place) {
            return columns.identity(setting, set, place);
        }
        let edges = match place {
            Place::Metric(_) => None,
            Place::Histogram(summary, selection) => {
                Some(&self.first.columns.histogram(summary, selection)?.edges[..])
            }
            // Of a function that is another for each member, one order would say nothing of the others.
            Place::Order(..) => return None,
        };
        let members = self.posterior.speaking_together();
        let pooled = (!self.pooled.is_empty()).then(|| members.map(|i| self.posterior.hash(i)).collect());
        column_identity(setting, set, place, edges, pooled)
    }
}

/// A failure is that of the columns that need this; the wish to stop is everybody's.
fn going_on<T>(result: Result<T>) -> Result<Result<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
        other => Ok(other),
    }
}
