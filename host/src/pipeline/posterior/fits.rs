//! Summaries that are fitted to true and generated events: every fit is a stage of its own.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::abi::{LoadedFittedSummary, LoadedMetric};
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{
    Batch, Chain, Diagnostics, Error, FitNeeds, Origin, Result, Seed, Summary, SummaryFit, Values,
};

use super::members::Posterior;
use super::set_row::SetRow;
use crate::pipeline::events::{Beside, Stream};
use crate::session::CallContext;
use crate::store::Key;

/// The name of the stored parameters.
const PARAMETERS: &str = "parameters";

/// A summary that is known to be fitted.
fn fitted<'a>(row: &SetRow<'a>, summary: usize) -> Result<&'a LoadedFittedSummary> {
    let loaded = row.setting.components.summaries[summary].component.as_ref().map_err(Clone::clone)?;
    loaded.fitted().ok_or_else(|| Error::plugin("expected a fitted summary, found one that is not"))
}

/// The key of what a fit leaves.
fn key(
    kind: &'static str,
    row: &SetRow<'_>,
    posterior: &Posterior,
    summary: usize,
    members: &Range<u64>,
) -> Key {
    let made = &row.setting.components.summaries[summary];
    row.trained().fit(kind, &made.identity, &hashes(posterior, members), seed(row, summary, members))
}

fn hashes(posterior: &Posterior, members: &Range<u64>) -> Vec<String> {
    members.clone().map(|i| posterior.hash(i)).collect()
}

fn seed(row: &SetRow<'_>, summary: usize, members: &Range<u64>) -> Seed {
    row.training
        .seed
        .split("fit")
        .split(&row.setting.components.summaries[summary].seed_name)
        .index(members.start)
}

/// What a stored fit says of itself.
pub fn diagnostics(
    row: &SetRow<'_>,
    posterior: &Posterior,
    summary: usize,
    members: Range<u64>,
) -> Option<Diagnostics> {
    row.setting.store.json(&key("diagnostics", row, posterior, summary, &members))
}

/// The summary with number `summary`, fitted to events of these members unless that is stored.
pub fn fit(
    row: &SetRow<'_>,
    posterior: &Posterior,
    summary: usize,
    needs: FitNeeds,
    members: Range<u64>,
) -> Result<Arc<dyn Summary>> {
    let (setting, components) = (row.setting, row.setting.components);
    let made = &components.summaries[summary];
    let loaded = fitted(row, summary)?;
    let seed = seed(row, summary, &members);
    let [of_fit, of_diagnostics] =
        ["summary", "diagnostics"].map(|kind| key(kind, row, posterior, summary, &members));
    let stored =
        setting.store.chain(&of_fit).and_then(|chain| chain.get(PARAMETERS).map(<[f32]>::to_vec).ok());
    let parameters = match stored {
        Some(parameters) => parameters,
        None => {
            let what = format!("fit {}", made.name);
            let found = with_events(row, posterior, needs, members, seed, &what, |f, stage| {
                let found = loaded.fit(f)?;
                if found.parameters.iter().any(|x| !x.is_finite()) {
                    return Err(Error::numeric(format!(
                        "{stage}: expected finite parameters, found NaN or infinity"
                    )));
                }
                Ok(found)
            })?;
            // In this order: a stored fit has its diagnostics.
            setting.store.put_json(&of_diagnostics, &found.diagnostics)?;
            setting.store.put_chain(&of_fit, &Chain::new([(PARAMETERS, found.parameters.clone())]))?;
            found.parameters
        }
    };
    Ok(loaded.fitted(&components.schema, &parameters)?.into())
}

/// What each of these metrics, by number, makes of the pseudo-experiments of a cross-fitted summary, with events of these members,
/// unless it is stored. An error is that of all of them.
pub fn simulated(
    row: &SetRow<'_>,
    posterior: &Posterior,
    summary: usize,
    needs: FitNeeds,
    members: Range<u64>,
    metrics: &[usize],
) -> Result<BTreeMap<usize, Arc<[f64]>>> {
    let (components, store) = (row.setting.components, row.setting.store);
    let made = &components.summaries[summary];
    let loaded = fitted(row, summary)?;
    let seed = seed(row, summary, &members);
    let parameters = hashes(posterior, &members);
    let (mut known, mut missing) = (BTreeMap::new(), Vec::new());
    for &number in metrics {
        let metric = &components.metrics[number];
        // One that cannot be used says so where it is compared.
        let Ok(usable) = &metric.component else { continue };
        let key = row.trained().null(&made.identity, &metric.identity, &parameters, seed);
        match store.json::<Vec<f64>>(&key) {
            Some(stored) => _ = known.insert(number, stored.into()),
            None => missing.push((number, usable, key)),
        }
    }
    if missing.is_empty() {
        return Ok(known);
    }
    let what = format!("simulate the null law of {}", made.name);
    let usable: Vec<&LoadedMetric> = missing.iter().map(|(_, usable, _)| *usable).collect();
    let found = with_events(row, posterior, needs, members, seed.split("null"), &what, |fit, _| {
        of_pseudo_experiments(loaded, &usable, fit)
    })?;
    for ((number, _, key), list) in missing.into_iter().zip(found) {
        store.put_json(&key, &list)?;
        known.insert(number, list.into());
    }
    Ok(known)
}

/// For each metric a number of each pseudo-experiment; none if it has no use for them.
fn of_pseudo_experiments(
    loaded: &LoadedFittedSummary,
    metrics: &[&LoadedMetric],
    fit: &SummaryFit<'_>,
) -> Result<Vec<Vec<f64>>> {
    let count = loaded.pseudo_experiments();
    let draw = |number: u64| -> Result<Vec<Option<f64>>> {
        let found = loaded.pseudo_experiment(fit, number)?;
        let [training, generated] = [found.training.view(), found.generated.view()].map(Values::new);
        metrics.iter().map(|metric| metric.simulate(training, generated)).collect()
    };
    // The first tells whether it is worth to go on: each is as much work as a fit.
    let first = if count > 0 { draw(0)? } else { Vec::new() };
    let done = AtomicU64::new(u64::from(count > 0));
    let others = if first.iter().all(Option::is_none) { 0 } else { count - 1 };
    let others = fit.context.collect(others as usize, |i| {
        let found = draw(i as u64 + 1)?;
        fit.context.progress(done.fetch_add(1, Ordering::Relaxed) + 1, count, None);
        Ok(found)
    })?;
    let all = || [&first].into_iter().chain(&others);
    Ok((0..metrics.len()).map(|m| all().filter_map(|found| *found.get(m)?).collect()).collect())
}

/// Calls with the true events and those of these members that a summary is fitted to, and with the stage's name.
fn with_events<T>(
    row: &SetRow<'_>,
    posterior: &Posterior,
    needs: FitNeeds,
    members: Range<u64>,
    seed: Seed,
    what: &str,
    call: impl FnOnce(&SummaryFit<'_>, &str) -> Result<T>,
) -> Result<T> {
    let session = row.setting.session;
    let who = if members.end - members.start == 1 {
        format!("member {}", members.start + 1)
    } else {
        "all members".into()
    };
    let stage = format!("{}: training set {}, {what} of {who}", row.training.name, row.set.number + 1);
    let task = session.progress.task(&stage);
    let context = CallContext::new(session, &task);
    let events = session.attempt(&stage, || generated(row, posterior, needs.generated, members))?;
    let rows: Vec<u64> = (0..events.nrows() as u64).collect();
    let [training, unseen] = row.set.events.parts(&needs);
    let fit = SummaryFit {
        schema: &row.setting.components.schema,
        training,
        unseen,
        generated: Batch::new(events.view(), Origin::Generated, &rows),
        seed,
        context: &context,
    };
    let found = session.attempt(&stage, || call(&fit, &stage))?;
    task.finish("done");
    Ok(found)
}

/// Events of a member with `capacity` events in all that summaries are fitted to: its last ones, which are not streamed.
pub fn reserved(capacity: u64, wanted: u64) -> u64 {
    wanted.min(capacity / 2)
}

/// Events of these members in equal numbers, from streams of their own or, of finite members, the last ones.
fn generated(row: &SetRow<'_>, posterior: &Posterior, n: u64, members: Range<u64>) -> Result<Array2<f64>> {
    let dimension = row.setting.components.schema.dimension();
    let each = n.div_ceil(members.end - members.start);
    let mut values = Vec::new();
    for i in members {
        let member = row.member(posterior, i)?;
        let range = match member.capacity() {
            None => 0..each,
            Some(capacity) => capacity - reserved(capacity, each)..capacity,
        };
        let seed = row.training.seed.split("fit").split("events").index(i);
        let rounding = row.set.events.rounding();
        Stream { dimension, seed, origin: Origin::Generated, rounding }.read(
            range,
            |chunk, out| member.sample(chunk, out).map(|()| Beside::default()),
            |batch| {
                row.setting.session.check_stop()?;
                values.extend(batch.values.iter());
                Ok(())
            },
        )?;
    }
    let events = values.len() / dimension;
    Array2::from_shape_vec((events, dimension), values).map_err(|e| Error::plugin(e.to_string()))
}
