//! Summaries that are fitted to true and generated events: every fit is a stage of its own.

use std::ops::Range;
use std::sync::Arc;

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Batch, Chain, Diagnostics, Error, FitNeeds, Origin, Result, Seed, Summary, SummaryFit};

use super::chains::Posterior;
use super::row::Pair;
use crate::pipeline::events::Stream;
use crate::session::CallContext;
use crate::store::Key;

/// The name of the stored parameters.
const PARAMETERS: &str = "parameters";

/// The key of what a fit leaves.
fn key(
    kind: &'static str,
    pair: &Pair<'_>,
    posterior: &Posterior,
    summary: usize,
    members: &Range<u64>,
) -> Key {
    let made = &pair.run.components.summaries[summary];
    let parameters: Vec<String> = members.clone().map(|i| posterior.hash(i)).collect();
    pair.trained().fit(kind, &made.identity, &parameters, seed(pair, summary, members))
}

fn seed(pair: &Pair<'_>, summary: usize, members: &Range<u64>) -> Seed {
    pair.training
        .seed
        .split("fit")
        .split(&pair.run.components.summaries[summary].seed_name)
        .index(members.start)
}

/// What a stored fit says of itself.
pub fn diagnostics(
    pair: &Pair<'_>,
    posterior: &Posterior,
    summary: usize,
    members: Range<u64>,
) -> Option<Diagnostics> {
    pair.run.store.json(&key("diagnostics", pair, posterior, summary, &members))
}

/// The summary with number `summary`, fitted to events of these members unless that is stored.
pub fn fit(
    pair: &Pair<'_>,
    posterior: &Posterior,
    summary: usize,
    needs: FitNeeds,
    members: Range<u64>,
) -> Result<Arc<dyn Summary>> {
    let (run, components) = (pair.run, pair.run.components);
    let made = &components.summaries[summary];
    let loaded = made.component.as_ref().map_err(Clone::clone)?;
    let seed = seed(pair, summary, &members);
    let [of_fit, of_diagnostics] =
        ["summary", "diagnostics"].map(|kind| key(kind, pair, posterior, summary, &members));
    let stored = run.store.chain(&of_fit).and_then(|chain| chain.get(PARAMETERS).map(<[f32]>::to_vec).ok());
    let parameters = match stored {
        Some(parameters) => parameters,
        None => {
            let what = format!("fit {}", made.name);
            let found = with_events(pair, posterior, needs, members, seed, &what, |f, stage| {
                let found = loaded.fit(f)?;
                if found.parameters.iter().any(|x| !x.is_finite()) {
                    return Err(Error::numeric(format!(
                        "{stage}: expected finite parameters, found NaN or infinity"
                    )));
                }
                Ok(found)
            })?;
            // In this order: a stored fit has its diagnostics.
            run.store.put_json(&of_diagnostics, &found.diagnostics)?;
            run.store.put_chain(&of_fit, &Chain::new([(PARAMETERS, found.parameters.clone())]))?;
            found.parameters
        }
    };
    Ok(loaded.fitted(&components.schema, &parameters)?.into())
}

/// The simulated law of a cross-fitted summary's distance to the training events, from events of these members, unless it
/// is stored.
pub fn null(
    pair: &Pair<'_>,
    posterior: &Posterior,
    summary: usize,
    needs: FitNeeds,
    members: Range<u64>,
) -> Result<Arc<[f64]>> {
    let made = &pair.run.components.summaries[summary];
    let loaded = made.component.as_ref().map_err(Clone::clone)?;
    let key = key("null", pair, posterior, summary, &members);
    if let Some(stored) = pair.run.store.json::<Vec<f64>>(&key) {
        return Ok(stored.into());
    }
    let seed = seed(pair, summary, &members).split("null");
    let what = format!("simulate the null law of {}", made.name);
    let found = with_events(pair, posterior, needs, members, seed, &what, |f, _| loaded.simulated_null(f))?;
    if let Some(x) = found.iter().find(|x| !x.is_finite() || **x <= 0.0) {
        let name = &made.name;
        return Err(Error::numeric(format!(
            "the simulated law of `{name}`: expected finite positive distances, found {x}"
        )));
    }
    pair.run.store.put_json(&key, &found)?;
    Ok(found.into())
}

/// Calls with the true events and those of these members that a summary is fitted to, and with the stage's name.
fn with_events<T>(
    pair: &Pair<'_>,
    posterior: &Posterior,
    needs: FitNeeds,
    members: Range<u64>,
    seed: Seed,
    what: &str,
    call: impl FnOnce(&SummaryFit<'_>, &str) -> Result<T>,
) -> Result<T> {
    let session = pair.run.session;
    let who = if members.end - members.start == 1 {
        format!("member {}", members.start + 1)
    } else {
        "all members".into()
    };
    let stage = format!("{}: training set {}, {what} of {who}", pair.training.name, pair.replica.number + 1);
    let task = session.progress.task(&stage);
    let context = CallContext::new(session, &task);
    let events = session.attempt(&stage, || generated(pair, posterior, needs.generated, members))?;
    let rows: Vec<u64> = (0..events.nrows() as u64).collect();
    let [training, unseen] = pair.replica.events.parts(&needs);
    let fit = SummaryFit {
        schema: &pair.run.components.schema,
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
fn generated(pair: &Pair<'_>, posterior: &Posterior, n: u64, members: Range<u64>) -> Result<Array2<f64>> {
    let dimension = pair.run.components.schema.dimension();
    let each = n.div_ceil(members.end - members.start);
    let mut values = Vec::new();
    for i in members {
        let member = pair.member(posterior, i)?;
        let range = match member.capacity() {
            None => 0..each,
            Some(capacity) => capacity - reserved(capacity, each)..capacity,
        };
        let seed = pair.training.seed.split("fit").split("events").index(i);
        let rounding = pair.replica.events.rounding();
        Stream { dimension, seed, origin: Origin::Generated, rounding }.read(
            range,
            |chunk, out| member.sample(chunk, out).map(|()| None),
            |batch| {
                pair.run.session.check_stop()?;
                values.extend(batch.values.iter());
                Ok(())
            },
        )?;
    }
    let events = values.len() / dimension;
    Array2::from_shape_vec((events, dimension), values).map_err(|e| Error::plugin(e.to_string()))
}
