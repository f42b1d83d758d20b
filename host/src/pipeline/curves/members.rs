//! The members of a generator and posterior: one streaming pass for each of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::{Error, ErrorKind, Member, Result};
use serde_json::Value;

use super::curve::{MemberCurve, RowCurves};
use super::length::{Length, stream_length};
use super::order::ordered;
use super::pass::{Pass, Source, Streamed, checkpoints};
use super::plane::planes;
use super::speaker::speaking_for_all;
use crate::inspection::Glance;
use crate::pipeline::look::inspect;
use crate::pipeline::observe::{Column, FittedTo, Tally};
use crate::pipeline::plan::{Place, Question};
use crate::pipeline::posterior::{Posterior, SetRow, Views};
use crate::pipeline::stage::{at_once, in_groups};
use crate::results::Plane;
use crate::store::Key;

/// A column that this row's cells need, and what its curves depend on apart from the member.
type Wanted = (Place, Value);

/// The members of a row, and what each of them is asked.
pub struct Sampling<'a, 'r> {
    row: &'a SetRow<'r>,
    posterior: &'a Posterior,
    views: Views<'a, 'r>,
    length: Length,
    checkpoints: Vec<u64>,
    wanted: Vec<Wanted>,
    /// Held, so that nothing below makes them anew.
    _measured: Vec<Arc<dyn Member>>,
}

/// What one member's events give.
struct Sampled {
    curves: Vec<Result<MemberCurve>>,
    glance: Glance,
    /// Whether everything was stored before.
    stored: bool,
}

impl<'a, 'r> Sampling<'a, 'r> {
    /// Finds it, and makes what all members share, unless that is stored.
    pub fn new(row: &'a SetRow<'r>, posterior: &'a Posterior) -> Result<Self> {
        let measured = row.measured(posterior)?;
        let views = Views::new(row, posterior)?;
        let length = stream_length(row, &measured, &views)?;
        let checkpoints = checkpoints(length.events, row.setting.experiment.experiment.checkpoints);
        let wanted = wanted(row, &views);
        Ok(Sampling { row, posterior, views, length, checkpoints, wanted, _measured: measured })
    }

    /// How many members there are.
    pub fn members(&self) -> u64 {
        self.posterior.members.parameters.len() as u64
    }

    /// An error if what all members share could not be stored. What fails otherwise is told by the passes that need it.
    pub fn shared(&self) -> Result<()> {
        self.views.stored()
    }

    /// Stores what member `i` has to give, with the planes of the first one, and gives the keys of its curves; an error if any of its
    /// columns fails.
    pub fn store(&self, i: u64, advance: &(dyn Fn(u64) + Sync)) -> Result<Vec<Key>> {
        self.member(i, advance)?.curves.into_iter().collect::<Result<Vec<_>>>()?;
        if i == 0 {
            self.planes()?;
        }
        let (mut keys, glance) = self.keys(i);
        keys.push(glance);
        Ok(keys)
    }

    /// The keys of member `i`'s curves, and that of the glance at its events.
    fn keys(&self, i: u64) -> (Vec<Key>, Key) {
        let Sampling { row, posterior, checkpoints, wanted, .. } = self;
        let glance = row.trained().glance(&posterior.hash(i), row.sampling_seed(i), checkpoints);
        (keys(row, posterior, i, wanted, checkpoints), glance)
    }

    /// The planes of the first training set.
    fn planes(&self) -> Result<Vec<Plane>> {
        if self.row.set.number > 0 {
            return Ok(Vec::new());
        }
        planes(self.row, self.posterior, &self.views)
    }

    /// One member's curves, and a glance at its events, unless they are stored; `advance` hears of every chunk.
    fn member(&self, i: u64, advance: &(dyn Fn(u64) + Sync)) -> Result<Sampled> {
        let Sampling { row, posterior, views, checkpoints, wanted, .. } = self;
        let store = row.setting.store;
        let (keys, glance_key) = self.keys(i);
        let glance: Option<Glance> = store.json(&glance_key);
        let mut curves: Vec<Option<Result<MemberCurve>>> =
            keys.iter().map(|k| store.json(k).map(Ok)).collect();
        let missing: Vec<usize> = (0..curves.len()).filter(|&c| curves[c].is_none()).collect();
        let known = glance.is_some();
        if let Some(glance) = glance.filter(|_| missing.is_empty()) {
            advance(self.length.events);
            return Ok(Sampled { curves: curves.into_iter().flatten().collect(), glance, stored: true });
        }
        let member = row.member(posterior, i)?;
        let Streamed { curves: found, glance } =
            pass(&*member, i, views, missing.iter().map(|&c| &wanted[c]), checkpoints, advance)?;
        if !known {
            store.put_json(&glance_key, &glance)?;
        }
        for (c, curve) in missing.into_iter().zip(found) {
            match curve {
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Ok(curve) => {
                    store.put_json(&keys[c], &curve)?;
                    curves[c] = Some(Ok(curve));
                }
                failed => curves[c] = Some(failed),
            }
        }
        Ok(Sampled { curves: curves.into_iter().flatten().collect(), glance, stored: false })
    }

    /// The curves of all members, and what was found in their events.
    pub fn curves(self) -> Result<RowCurves> {
        let (row, posterior, session) = (self.row, self.posterior, self.row.setting.session);
        let (count, n_gen) = (self.members(), self.length.events);
        let set = row.set.number + 1;
        let task_name =
            format!("{}: training set {set}, {count} members x {n_gen} events", row.training.name);
        let task = session.progress.task(&task_name);
        let done = AtomicU64::new(0);
        let advance = |n: u64| {
            let so_far = done.fetch_add(n, Ordering::Relaxed) + n;
            task.update(so_far, count * n_gen, None);
        };
        let sampled = in_groups(count, at_once(&*posterior.model), |i| self.member(i, &advance))?;
        task.finish("done");
        let stored = sampled.iter().filter(|member| member.stored).count() as u64;
        let computed = count - stored;
        session.progress.say(&format!("{task_name}: {computed} member(s) sampled, {stored} stored before"));
        let (mut members, glances): (Vec<_>, Vec<Glance>) =
            sampled.into_iter().map(|member| (member.curves.into_iter(), member.glance)).unzip();
        let (mut findings, inspected) =
            session.attempt("look at the members' events", || inspect(row, posterior, &glances))?;
        if let Some(refused) = findings.refused.take() {
            return Err(Error::data(refused));
        }
        let mut curves: BTreeMap<Place, Result<Vec<MemberCurve>>> = BTreeMap::new();
        for (place, _) in &self.wanted {
            // The next one of each: all of them, or a failure of one for all.
            let list: Vec<_> = members.iter_mut().filter_map(Iterator::next).collect();
            curves.insert(*place, list.into_iter().collect());
        }
        let (ordered, in_order) = ordered(row, &curves, posterior, self.length.part)?;
        for warning in findings.warnings.iter().chain(&in_order) {
            session.progress.say(&format!("warning: {}: {warning}", row.training.name));
        }
        findings.warnings.extend(in_order);
        let planes = self.planes()?;
        let diagnostics = self.views.diagnostics();
        let columns = speaking_for_all(&self.views, &curves)?;
        Ok(RowCurves {
            checkpoints: self.checkpoints,
            n_effective: posterior.members.n_effective,
            layout: posterior.layout.clone(),
            speaking: posterior.speaking(),
            curves,
            columns,
            diagnostics,
            planes,
            warning: self.length.warning,
            findings,
            inspected,
            ordered,
        })
    }
}

/// One pass over a member's events for the columns that are not stored.
fn pass<'w>(
    member: &dyn Member,
    i: u64,
    views: &Views<'_, '_>,
    wanted: impl Iterator<Item = &'w Wanted>,
    checkpoints: &[u64],
    advance: &(dyn Fn(u64) + Sync),
) -> Result<Streamed> {
    let (row, session) = (views.row, views.row.setting.session);
    let wanted: Vec<&Wanted> = wanted.collect();
    let view = views.of(member, i)?;
    // A column that cannot be prepared for this member is not streamed.
    let list: Vec<Result<Column<'_>>> = wanted.iter().map(|(place, _)| view.columns.column(*place)).collect();
    let usable: Vec<Column<'_>> = list.iter().flatten().copied().collect();
    let pass = Pass {
        source: Source::Member {
            member,
            seed: row.sampling_seed(i),
            rounding: row.set.events.rounding(),
            known: &row.set.truth.known,
        },
        dimension: row.setting.components.schema.dimension(),
        checkpoints,
        observables: view.observables(row, member, i),
        columns: &usable,
    };
    let set = row.set.number + 1;
    let stage = format!("{}: training set {set}, sample member {}", row.training.name, i + 1);
    let Streamed { curves, glance } = session.attempt(&stage, || pass.run(session, advance))?;
    let mut found = curves.into_iter();
    let training = row.set.observables.on(row.set.events.seen());
    let curve = |((place, _), column): (&&Wanted, Result<Column<'_>>)| -> Result<MemberCurve> {
        let column = column?;
        let mut curve = found.next().ok_or_else(|| Error::plugin("a column was not streamed"))??;
        curve.truth = view.columns.true_counts(*place)?;
        // Of a function that is another for each member the differences between members are no spread of one quantity.
        if let Some(layout) = views.posterior.layout.as_ref().filter(|_| views.shares(*place)) {
            let counted = || FittedTo::of(&training, column, layout.rows(i as usize));
            curve.fitted_to = match place {
                Place::Metric(name) => {
                    let counted = counted()?;
                    let comparison = view.columns.comparison(*name)?;
                    let averages = |events: &Tally| comparison.expectations(&events.values, events.passed);
                    // That no training event passes is told where the curves are compared.
                    let averaging = counted.all.passed > 0 && averages(&counted.all)?.is_some();
                    averaging.then_some(counted)
                }
                Place::Histogram(..) => Some(counted()?),
                Place::Order(..) => None,
            };
        }
        Ok(curve)
    };
    Ok(Streamed { curves: wanted.iter().zip(list).map(curve).collect(), glance })
}

/// Only the columns that this row's cells need.
fn wanted(row: &SetRow<'_>, views: &Views<'_, '_>) -> Vec<Wanted> {
    let mut list: Vec<Wanted> = Vec::new();
    for cell in row.cells {
        let name = Question::from(*cell);
        let (summary, selection) = (name.summary, name.selection);
        for place in
            [Place::Metric(name), Place::Histogram(summary, selection), Place::Order(summary, selection)]
        {
            if !list.iter().any(|(there, _)| *there == place) {
                list.extend(views.identity(place).map(|identity| (place, identity)));
            }
        }
    }
    list
}

/// The keys of all members' curves, of columns that members share; nothing is fitted or sampled.
pub fn shared_keys(row: &SetRow<'_>, posterior: &Posterior) -> Result<Vec<Key>> {
    let views = Views::alike(row, posterior);
    let length = stream_length(row, &row.measured(posterior)?, &views)?;
    let checkpoints = checkpoints(length.events, row.setting.experiment.experiment.checkpoints);
    let mut shared = wanted(row, &views);
    shared.retain(|(place, _)| views.shares(*place));
    let members = 0..posterior.members.parameters.len() as u64;
    Ok(members.flat_map(|i| keys(row, posterior, i, &shared, &checkpoints)).collect())
}

fn keys(row: &SetRow<'_>, posterior: &Posterior, i: u64, wanted: &[Wanted], checkpoints: &[u64]) -> Vec<Key> {
    let (parameters, seed) = (posterior.hash(i), row.sampling_seed(i));
    let key = |(_, identity): &Wanted| row.trained().curve(&parameters, seed, checkpoints, identity);
    wanted.iter().map(key).collect()
}
