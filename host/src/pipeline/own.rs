//! The columns of summaries that are another function for each member, such as a likelihood ratio.

use std::collections::{BTreeMap, BTreeSet};

use amplicast_sdk::{Member, Result};
use serde_json::{Value, json};

use super::collect::Curves;
use super::columns::{Bins, ColumnName, Columns, Place, bits};
use super::observables::Observables;
use super::pair::Pair;
use super::posterior::Posterior;
use super::select::Cuts;

/// Which columns of a pair are another for each member.
pub struct OwnColumns {
    names: BTreeSet<ColumnName>,
    /// The first member's, which also fix the bins of the report.
    first: Option<Columns>,
    bins: Option<Bins>,
}

/// How one member sees the true events.
pub struct Seen {
    /// Its columns, if they were asked for.
    pub columns: Option<Columns>,
    /// Its selections; none if they do not differ from member to member.
    cuts: Option<Vec<Result<Cuts>>>,
}

impl Seen {
    /// The observables of the member's events.
    pub fn observables<'s>(&'s self, pair: &'s Pair<'_>, member: &'s dyn Member, i: u64) -> Observables<'s> {
        let observables = pair.observables(member, i);
        self.cuts.as_ref().map_or(observables, |cuts| Observables { cuts, ..observables })
    }
}

impl OwnColumns {
    /// Finds them, and prepares those of the first member.
    pub fn new(pair: &Pair<'_>, posterior: &Posterior) -> Result<Self> {
        let names: BTreeSet<ColumnName> =
            pair.cells.iter().filter(|c| c.per_member).map(|c| ColumnName::from(*c)).collect();
        let mut own = OwnColumns { names, first: None, bins: None };
        if !own.names.is_empty() {
            let member = pair.member(posterior, 0)?;
            own.first = own.of_member(pair, &*member, 0, true)?.columns;
            let histograms = own.first.iter().flat_map(|c| &c.histograms);
            own.bins = Some(histograms.map(|h| ((h.summary, h.selection), h.edges.clone())).collect());
        }
        Ok(own)
    }

    /// A member's selections and, if asked for, its columns.
    pub fn of_member(
        &self,
        pair: &Pair<'_>,
        member: &dyn Member,
        i: u64,
        with_columns: bool,
    ) -> Result<Seen> {
        if self.names.is_empty() {
            return Ok(Seen { columns: None, cuts: None });
        }
        let observables = pair.observables(member, i);
        let cuts = pair.run.cuts(pair.replica.dataset, pair.replica.events, observables);
        let observables = Observables { cuts: &cuts, ..observables };
        let prepare =
            || Columns::prepare(pair.run, pair.replica, observables, &self.names, self.bins.as_ref());
        Ok(Seen { columns: with_columns.then(prepare).transpose()?, cuts: Some(cuts) })
    }

    /// What a column's curves depend on, apart from the member: known without evaluating anything for that member.
    pub fn identity(&self, pair: &Pair<'_>, place: Place) -> Option<Value> {
        let components = pair.run.components;
        let (summary, selection) = match place {
            Place::Metric(name) => (name.summary, name.selection),
            Place::Histogram(summary, selection) => (summary, selection),
        };
        let of = |name: &str| components.summaries.iter().find(|s| s.name == name).map(|s| &s.identity);
        let cuts = &pair.run.experiment.selection[selection].cuts;
        let cuts: Vec<Value> =
            cuts.iter().map(|c| json!([of(&c.summary), c.interval, c.quantiles])).collect();
        let mut identity = json!({"summary": components.summaries[summary].identity, "cuts": cuts});
        match place {
            Place::Metric(name) => {
                identity["metric"] = components.metrics[name.metric].identity.clone();
                let events = name.reference.and_then(|r| pair.replica.events.events(r).ok().flatten());
                identity["reference"] = json!([name.reference.map(|r| r.text()), events]);
            }
            Place::Histogram(summary, selection) => {
                identity["edges"] = bits(self.bins.as_ref()?.get(&(summary, selection))?);
            }
        }
        Some(identity)
    }

    /// For each metric the comparison of one member, which stands for all: that with the median number of reference events.
    ///
    /// Members differ in these numbers only where a selection cuts on what is another function for each of them.
    pub fn speaking_for_all(
        mut self,
        pair: &Pair<'_>,
        posterior: &Posterior,
        curves: &Curves,
    ) -> Result<Columns> {
        let mut all = Columns::default();
        let Some(first) = self.first.take() else { return Ok(all) };
        let mut prepared: BTreeMap<usize, Columns> = BTreeMap::from([(0, first)]);
        for &name in &self.names {
            let Some(Ok(list)) = curves.get(&Place::Metric(name)) else { continue };
            let mut numbers: Vec<(u64, usize)> = list
                .iter()
                .enumerate()
                .map(|(i, curve)| (curve.own.as_ref().map_or(0, |own| own.n_reference), i))
                .collect();
            numbers.sort_unstable();
            let median = numbers[numbers.len() / 2].0;
            let speaker = numbers.iter().find(|(n, _)| *n == median).map_or(0, |(_, i)| *i);
            if !prepared.contains_key(&speaker) {
                let member = pair.member(posterior, speaker as u64)?;
                let seen = self.of_member(pair, &*member, speaker as u64, true)?;
                prepared.extend(seen.columns.map(|columns| (speaker, columns)));
            }
            if let Some(found) = prepared.get_mut(&speaker).and_then(|columns| columns.metrics.remove(&name))
            {
                all.metrics.insert(name, found);
            }
        }
        if let Some(first) = prepared.remove(&0) {
            // Of a column that failed the first member tells why.
            first.metrics.into_iter().for_each(|(name, found)| _ = all.metrics.entry(name).or_insert(found));
            all.histograms = first.histograms;
        }
        Ok(all)
    }
}
