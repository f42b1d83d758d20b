//! One generator with one posterior: its members, and one streaming pass for each of them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::{Error, ErrorKind, Member, Result};
use serde_json::Value;

use super::curve::{MemberCurve, PairCurves};
use super::length::{Length, stream_length};
use super::order::ordered;
use super::pass::{Pass, Streamed, checkpoints};
use super::plane::planes;
use super::speaker::speaking_for_all;
use crate::inspection::Glance;
use crate::pipeline::look::inspect;
use crate::pipeline::observe::Column;
use crate::pipeline::plan::{ColumnName, Place, Setting};
use crate::pipeline::posterior::{Job, OwnColumns, Pair, Posterior};
use crate::pipeline::stage::in_groups;
use crate::store::Key;

/// A column that this pair's cells need.
struct Wanted {
    place: Place,
    /// Whether it is another one for each member.
    per_member: bool,
    /// What its curves depend on, apart from the member.
    identity: Value,
}

/// Infers the posterior and samples its members, unless that is stored.
pub fn curves(pair: &Pair<'_>) -> Result<PairCurves> {
    let Setting { session, components, .. } = *pair.run;
    let made = &components.generators[pair.cells[0].generator];
    let job = Job {
        session,
        store: pair.run.store,
        experiment: pair.run.experiment,
        replica: pair.replica.number,
        data_identity: pair.replica.identity,
        name: pair.name.clone(),
        seed: pair.seed,
        stored_only: false,
    };
    let uncertainty = pair.cells[0].uncertainty.map(|u| &components.uncertainties[u]);
    let posterior = job.posterior(made, uncertainty, &pair.replica.events.seen(), &components.schema)?;
    sample(pair, &posterior)
}

fn sample(pair: &Pair<'_>, posterior: &Posterior) -> Result<PairCurves> {
    let session = pair.run.session;
    let count = posterior.members.parameters.len() as u64;
    let own = OwnColumns::new(pair, posterior)?;
    let Length { events: n_gen, part, warning } = stream_length(pair, posterior, &own)?;
    let checkpoints = checkpoints(n_gen, pair.run.experiment.experiment.checkpoints);
    let wanted = wanted(pair, &own);
    let task_name =
        format!("{}: training set {}, {count} members x {n_gen} events", pair.name, pair.replica.number + 1);
    let task = session.progress.task(&task_name);
    let done = AtomicU64::new(0);
    let computed = AtomicU64::new(0);
    let advance = |n: u64| {
        let so_far = done.fetch_add(n, Ordering::Relaxed) + n;
        task.update(so_far, count * n_gen, None);
    };
    let one = |i: u64| -> Result<(Vec<Result<MemberCurve>>, Glance)> {
        let keys = keys(pair, posterior, i, &wanted, &checkpoints);
        let glance_key = pair.trained().glance(&posterior.hash(i), pair.sampling_seed(i), &checkpoints);
        let glance: Option<Glance> = pair.run.store.json(&glance_key);
        let mut curves: Vec<Option<Result<MemberCurve>>> =
            keys.iter().map(|k| pair.run.store.json(k).map(Ok)).collect();
        let missing: Vec<usize> = (0..curves.len()).filter(|&c| curves[c].is_none()).collect();
        let known = glance.is_some();
        if let Some(glance) = glance.filter(|_| missing.is_empty()) {
            advance(n_gen);
            return Ok((curves.into_iter().flatten().collect(), glance));
        }
        let member = pair.member(posterior, i)?;
        let Streamed { curves: found, glance } =
            pass(pair, &*member, i, &own, missing.iter().map(|&c| &wanted[c]), &checkpoints, &advance)?;
        computed.fetch_add(1, Ordering::Relaxed);
        if !known {
            pair.run.store.put_json(&glance_key, &glance)?;
        }
        for (c, curve) in missing.into_iter().zip(found) {
            match curve {
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Ok(curve) => {
                    pair.run.store.put_json(&keys[c], &curve)?;
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
        session.attempt("look at the members' events", || inspect(pair, posterior, &glances))?;
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
    let (ordered, in_order) = ordered(pair, &curves, posterior, part)?;
    for warning in findings.warnings.iter().chain(&in_order) {
        session.progress.say(&format!("warning: {}: {warning}", pair.name));
    }
    findings.warnings.extend(in_order);
    let planes = if pair.replica.number == 0 { planes(pair, posterior, &own)? } else { Vec::new() };
    let diagnostics = own.diagnostics();
    let own = speaking_for_all(own, &curves)?;
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
    pair: &Pair<'_>,
    member: &dyn Member,
    i: u64,
    own: &OwnColumns<'_>,
    wanted: impl Iterator<Item = &'w Wanted>,
    checkpoints: &[u64],
    advance: &(dyn Fn(u64) + Sync),
) -> Result<Streamed> {
    let session = pair.run.session;
    let wanted: Vec<&Wanted> = wanted.collect();
    let seen = own.of_member(member, i, wanted.iter().any(|w| w.per_member))?;
    let columns = |w: &Wanted| seen.columns.as_ref().filter(|_| w.per_member).unwrap_or(pair.columns);
    // A column that cannot be prepared for this member is not streamed.
    let list: Vec<Result<Column<'_>>> = wanted.iter().map(|w| columns(w).column(w.place)).collect();
    let usable: Vec<Column<'_>> = list.iter().flatten().copied().collect();
    let pass = Pass {
        member,
        dimension: pair.run.components.schema.dimension(),
        seed: pair.sampling_seed(i),
        checkpoints,
        observables: seen.observables(pair, member, i),
        columns: &usable,
        rounding: pair.replica.events.rounding(),
        known: &pair.replica.truth.known,
    };
    let set = pair.replica.number + 1;
    let stage = format!("{}: training set {set}, sample member {}", pair.name, i + 1);
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
fn wanted(pair: &Pair<'_>, own: &OwnColumns<'_>) -> Vec<Wanted> {
    let mut list = Vec::new();
    for cell in pair.cells {
        let name = ColumnName::from(*cell);
        let (summary, selection) = (name.summary, name.selection);
        let places =
            [Place::Metric(name), Place::Histogram(summary, selection), Place::Order(summary, selection)];
        // Of a function that is another for each member, one order would say nothing of the others.
        for place in places.into_iter().take(if cell.per_member { 2 } else { 3 }) {
            if list.iter().any(|w: &Wanted| w.place == place) {
                continue;
            }
            let identity = match cell.per_member {
                true => own.identity(place),
                false => pair.columns.identity(pair.run, pair.replica, place),
            };
            list.extend(identity.map(|identity| Wanted { place, per_member: cell.per_member, identity }));
        }
    }
    list
}

fn keys(pair: &Pair<'_>, posterior: &Posterior, i: u64, wanted: &[Wanted], checkpoints: &[u64]) -> Vec<Key> {
    let (parameters, seed) = (posterior.hash(i), pair.sampling_seed(i));
    let key = |w: &Wanted| pair.trained().curve(&parameters, seed, checkpoints, &w.identity);
    wanted.iter().map(key).collect()
}
