//! One generator with one posterior: its members, and one streaming pass for each of them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::{Error, ErrorKind, Member, Result, Seed};
use serde_json::{Value, json};

use super::collect::{Curves, PairCurves};
use super::columns::{ColumnName, Columns, Place};
use super::observables::Observables;
use super::own::OwnColumns;
use super::plan::PlannedCell;
use super::plane::planes;
use super::posterior::{Job, Posterior, in_groups};
use super::run::{Replica, Run};
use super::stream::{Column, MemberCurve, Pass, Streamed, checkpoints};
use crate::inspection::{Glance, Runs};
use crate::store::Key;
use crate::terminal::one_line;

/// The randomness of a generator and an uncertainty model on one training set, by the names of their seeds: `given` for members
/// that the generator brings itself.
pub fn pair_seed(experiment: u64, generator: &str, uncertainty: &str, replica: u64) -> Seed {
    Seed::new(experiment).split("pair").split(generator).split(uncertainty).index(replica)
}

/// A generator and an uncertainty model in one replica.
pub struct Pair<'a> {
    /// The experiment.
    pub run: &'a Run<'a>,
    /// The training set.
    pub replica: &'a Replica<'a>,
    columns: &'a Columns,
    /// The cells of this pair.
    pub cells: &'a [&'a PlannedCell],
    /// `generator / posterior`, for progress and errors.
    pub name: String,
    /// The randomness of this pair and replica.
    pub seed: Seed,
}

/// Refusals by summary and selection.
pub type Ordered = BTreeMap<(usize, usize), String>;

/// How many events of each member are streamed.
struct Length {
    events: u64,
    /// Whether members have more.
    part: bool,
    warning: Option<String>,
}

/// A column that this pair's cells need.
struct Wanted {
    place: Place,
    /// Whether it is another one for each member.
    per_member: bool,
    /// What its curves depend on, apart from the member.
    identity: Value,
}

impl<'a> Pair<'a> {
    /// The pair of these cells, which are all of one generator and one uncertainty model.
    pub fn new(
        run: &'a Run<'a>,
        replica: &'a Replica<'a>,
        columns: &'a Columns,
        cells: &'a [&'a PlannedCell],
    ) -> Self {
        let (generator, uncertainty) = (&cells[0].name.generator, &cells[0].name.uncertainty);
        let components = run.components;
        let seed = pair_seed(
            run.experiment.experiment.seed,
            &components.generators[cells[0].generator].seed_name,
            cells[0].uncertainty.map_or("given", |u| &components.uncertainties[u].seed_name),
            replica.number,
        );
        Pair { run, replica, columns, cells, name: one_line(&format!("{generator} / {uncertainty}")), seed }
    }

    /// Infers the posterior and samples its members, unless that is stored.
    pub fn curves(&self) -> Result<PairCurves> {
        let Run { session, components, .. } = *self.run;
        let made = &components.generators[self.cells[0].generator];
        let job = Job {
            session,
            store: self.run.store,
            experiment: self.run.experiment,
            replica: self.replica.number,
            data_identity: self.replica.identity,
            name: self.name.clone(),
            seed: self.seed,
            stored_only: false,
        };
        let uncertainty = self.cells[0].uncertainty.map(|u| &components.uncertainties[u]);
        let posterior = job.posterior(made, uncertainty, &self.replica.events.seen(), &components.schema)?;
        self.sample(&posterior)
    }

    fn sample(&self, posterior: &Posterior) -> Result<PairCurves> {
        let session = self.run.session;
        let count = posterior.members.parameters.len() as u64;
        let own = OwnColumns::new(self, posterior)?;
        let Length { events: n_gen, part, warning } = self.stream_length(posterior, &own)?;
        let checkpoints = checkpoints(n_gen, self.run.experiment.experiment.checkpoints);
        let wanted = self.wanted(&own);
        let task_name = format!(
            "{}: training set {}, {count} members x {n_gen} events",
            self.name,
            self.replica.number + 1
        );
        let task = session.progress.task(&task_name);
        let done = AtomicU64::new(0);
        let computed = AtomicU64::new(0);
        let advance = |n: u64| {
            let so_far = done.fetch_add(n, Ordering::Relaxed) + n;
            task.update(so_far, count * n_gen, None);
        };
        let one = |i: u64| -> Result<(Vec<Result<MemberCurve>>, Glance)> {
            let keys = self.keys(posterior, i, &wanted, &checkpoints);
            let last = &checkpoints[checkpoints.len().saturating_sub(1)..];
            let glance_key = Key::new("glance", &self.events_identity(posterior, i, last));
            let glance: Option<Glance> = self.run.store.json(&glance_key);
            let mut curves: Vec<Option<Result<MemberCurve>>> =
                keys.iter().map(|k| self.run.store.json(k).map(Ok)).collect();
            let missing: Vec<usize> = (0..curves.len()).filter(|&c| curves[c].is_none()).collect();
            let known = glance.is_some();
            if let Some(glance) = glance.filter(|_| missing.is_empty()) {
                advance(n_gen);
                return Ok((curves.into_iter().flatten().collect(), glance));
            }
            let member = self.member(posterior, i)?;
            let Streamed { curves: found, glance } =
                self.pass(&*member, i, &own, missing.iter().map(|&c| &wanted[c]), &checkpoints, &advance)?;
            computed.fetch_add(1, Ordering::Relaxed);
            if !known {
                self.run.store.put_json(&glance_key, &glance)?;
            }
            for (c, curve) in missing.into_iter().zip(found) {
                match curve {
                    Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                    Ok(curve) => {
                        self.run.store.put_json(&keys[c], &curve)?;
                        curves[c] = Some(Ok(curve));
                    }
                    failed => curves[c] = Some(failed),
                }
            }
            Ok((curves.into_iter().flatten().collect(), glance))
        };
        let most = posterior.model.max_concurrency().unwrap_or(usize::MAX).max(1);
        let (members, glances): (Vec<_>, Vec<Glance>) = in_groups(count, most, one)?.into_iter().unzip();
        let computed = computed.into_inner();
        task.finish("done");
        let stored = count - computed;
        session.progress.say(&format!("{task_name}: {computed} member(s) sampled, {stored} stored before"));
        let (mut findings, inspected) =
            session.attempt("look at the members' events", || self.inspect(posterior, &glances))?;
        if let Some(refused) = findings.refused.take() {
            return Err(Error::data(refused));
        }
        let mut members: Vec<_> = members.into_iter().map(Vec::into_iter).collect();
        let mut curves: BTreeMap<Place, Result<Vec<MemberCurve>>> = BTreeMap::new();
        for wanted in &wanted {
            // The next one of each: all of them, or a failure of one for all.
            let list: Vec<_> = members.iter_mut().filter_map(Iterator::next).collect();
            curves.insert(wanted.place, list.into_iter().collect());
        }
        let (ordered, in_order) = self.ordered(&curves, posterior, part)?;
        for warning in findings.warnings.iter().chain(&in_order) {
            session.progress.say(&format!("warning: {}: {warning}", self.name));
        }
        findings.warnings.extend(in_order);
        let planes = if self.replica.number == 0 { planes(self, posterior, &own)? } else { Vec::new() };
        let diagnostics = own.diagnostics();
        let own = own.speaking_for_all(&curves)?;
        let n_effective = posterior.members.n_effective;
        Ok(PairCurves {
            checkpoints,
            n_effective,
            curves,
            own,
            diagnostics,
            planes,
            warning,
            findings,
            inspected,
            ordered,
        })
    }

    /// One pass over a member's events for the columns that are not stored.
    fn pass<'w>(
        &self,
        member: &dyn Member,
        i: u64,
        own: &OwnColumns<'_>,
        wanted: impl Iterator<Item = &'w Wanted>,
        checkpoints: &[u64],
        advance: &(dyn Fn(u64) + Sync),
    ) -> Result<Streamed> {
        let session = self.run.session;
        let wanted: Vec<&Wanted> = wanted.collect();
        let seen = own.of_member(member, i, wanted.iter().any(|w| w.per_member))?;
        let columns = |w: &Wanted| seen.columns.as_ref().filter(|_| w.per_member).unwrap_or(self.columns);
        // A column that cannot be prepared for this member is not streamed.
        let list: Vec<Result<Column<'_>>> = wanted.iter().map(|w| columns(w).column(w.place)).collect();
        let usable: Vec<Column<'_>> = list.iter().flatten().copied().collect();
        let pass = Pass {
            member,
            dimension: self.run.components.schema.dimension(),
            seed: self.sampling_seed(i),
            checkpoints,
            observables: seen.observables(self, member, i),
            columns: &usable,
            rounding: self.replica.events.rounding(),
            known: &self.replica.truth.known,
        };
        let set = self.replica.number + 1;
        let stage = format!("{}: training set {set}, sample member {}", self.name, i + 1);
        let Streamed { curves, glance } = session.attempt(&stage, || pass.run(session, advance))?;
        let mut found = curves.into_iter();
        let curve = |(w, column): (&&Wanted, Result<Column<'_>>)| -> Result<MemberCurve> {
            column?;
            let mut curve = found.next().ok_or_else(|| Error::plugin("a column was not streamed"))??;
            curve.own = if w.per_member { Some(columns(w).own(w.place)?) } else { None };
            Ok(curve)
        };
        Ok(Streamed { curves: wanted.iter().zip(list).map(curve).collect(), glance })
    }

    /// Only the columns that this pair's cells need.
    fn wanted(&self, own: &OwnColumns<'_>) -> Vec<Wanted> {
        let mut list = Vec::new();
        for cell in self.cells {
            let name = ColumnName::from(*cell);
            let (summary, selection) = (name.summary, name.selection);
            let places =
                [Place::Metric(name), Place::Histogram(summary, selection), Place::Order(summary, selection)];
            // Of a function that is another for each member, one order would say nothing of the others.
            for place in places.into_iter().take(if cell.per_member { 2 } else { 3 }) {
                if list.iter().any(|w: &Wanted| w.place == place) {
                    continue;
                }
                let identity =
                    if cell.per_member { own.identity(place) } else { self.columns.identity(place).cloned() };
                list.extend(identity.map(|identity| Wanted { place, per_member: cell.per_member, identity }));
            }
        }
        list
    }

    /// The summaries and selections of the replica, with this member's densities.
    pub fn observables<'m>(&'m self, member: &'m dyn Member, i: u64) -> Observables<'m> {
        let seed = self.seed.split("density").index(i);
        Observables { member: Some((member, seed)), ..self.replica.observables }
    }

    /// The member with number `i`.
    pub fn member(&self, posterior: &Posterior, i: u64) -> Result<Box<dyn Member>> {
        let stage = format!("{}: member {}", self.name, i + 1);
        self.run.session.attempt(&stage, || posterior.model.at(&posterior.members.parameters[i as usize]))
    }

    /// What the generator depends on, apart from its training events.
    pub fn generator_identity(&self) -> &Value {
        &self.run.components.generators[self.cells[0].generator].identity
    }

    fn sampling_seed(&self, member: u64) -> Seed {
        self.seed.split("sample").index(member)
    }

    /// A member's curves depend on its own parameters, so that a run with more members keeps those of the first.
    fn keys(&self, posterior: &Posterior, i: u64, wanted: &[Wanted], checkpoints: &[u64]) -> Vec<Key> {
        let events = self.events_identity(posterior, i, checkpoints);
        let key = |wanted: &Wanted| {
            let mut inputs = events.clone();
            inputs["column"] = wanted.identity.clone();
            if let Place::Order(..) = wanted.place {
                inputs["order"] = json!(true);
            }
            Key::new("curve", &inputs)
        };
        wanted.iter().map(key).collect()
    }

    /// What the events of a member's stream depend on.
    fn events_identity(&self, posterior: &Posterior, i: u64, checkpoints: &[u64]) -> Value {
        json!({
            "generator": self.generator_identity(), "data": self.replica.identity, "parameters": posterior.hash(i),
            "sampling": self.sampling_seed(i).bytes(), "checkpoints": checkpoints,
        })
    }

    /// By summary and selection, what is to be said of the order of the members' events; an error where only a part of them was
    /// taken, which is no random one.
    fn ordered(&self, curves: &Curves, posterior: &Posterior, part: bool) -> Result<(Ordered, Vec<String>)> {
        let (mut refused, mut warnings) = (Ordered::new(), Vec::new());
        for (place, list) in curves {
            let (Place::Order(summary, selection), Ok(list)) = (place, list) else { continue };
            let matters = |(i, curve): (usize, &MemberCurve)| {
                let order = Runs::order(curve.values.last()?)?;
                order.matters().then_some((order.ratio, i))
            };
            let found: Vec<(f64, usize)> = list.iter().enumerate().filter_map(matters).collect();
            let Some(&(ratio, i)) = found.iter().min_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
            let name = &self.run.components.summaries[*summary].name;
            let text = format!(
                "the events of {} member(s), {} among them, come in an order: `{name}` changes its side or turns {ratio:.2} times as \
                 often as for independent events",
                found.len(),
                self.place(i, posterior.members.parameters.len())?
            );
            if part {
                let text = format!("{text}; the first events are no random part: shuffle them, or take all");
                refused.insert((*summary, *selection), text);
            } else {
                warnings.push(format!(
                    "{text}; all are taken, so the result stands, but curves at fewer events do not"
                ));
            }
        }
        Ok((refused, warnings))
    }

    /// Events a member: n_gen, or what members of one length have.
    fn stream_length(&self, posterior: &Posterior, own: &OwnColumns<'_>) -> Result<Length> {
        let (name, n_gen) = (&self.name, self.run.experiment.experiment.n_gen);
        let mut capacities = Vec::new();
        for i in 0..posterior.members.parameters.len() {
            match self.member(posterior, i as u64)?.capacity() {
                Some(capacity) => capacities.push((capacity, i)),
                None => return Ok(Length { events: n_gen, part: false, warning: None }),
            }
        }
        let Some((&(least, shortest), &(most, longest))) =
            capacities.iter().min().zip(capacities.iter().max())
        else {
            return Ok(Length { events: n_gen, part: false, warning: None });
        };
        // A file that ends early is, more often than not, one whose writing was cut off.
        if least < n_gen && least < most {
            let message = format!(
                "expected {most} events as in {}, found {least}; a smaller n_gen takes as many of each member",
                self.place(longest, capacities.len())?
            );
            return Err(Error::data(message).at(self.place(shortest, capacities.len())?));
        }
        let left = own.left_to_stream(least);
        if left == 0 {
            return Err(Error::data(format!(
                "{name}: expected events in member {}, found none",
                shortest + 1
            )));
        }
        let warning = if least < n_gen {
            Some(format!(
                "{name}: members have {least} events, fewer than the {n_gen} that are asked for: {left} are used"
            ))
        } else if left < n_gen {
            Some(format!(
                "{name}: members have {least} events, of which summaries are fitted to the last {}",
                least - left
            ))
        } else {
            None
        };
        if let Some(warning) = &warning {
            self.run.session.progress.say(&format!("warning: {warning}"));
        }
        Ok(Length { events: n_gen.min(left), part: n_gen.min(left) < most, warning })
    }

    /// Where a member comes from: its file, if each of `members` has one.
    pub fn place(&self, member: usize, members: usize) -> Result<String> {
        let generator = &self.run.components.generators[self.cells[0].generator].component;
        let generator = generator.as_ref().map_err(Clone::clone)?;
        // Several members may be arrays of one file.
        let own = generator.own_events()?;
        if own.len() == members && member < members {
            return Ok(own[member].0.clone());
        }
        let files = generator.files()?;
        Ok(match files.get(member) {
            Some(file) if files.len() == members => file.display().to_string(),
            _ => format!("member {}", member + 1),
        })
    }
}
