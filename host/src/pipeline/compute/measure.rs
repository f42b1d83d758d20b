//! How long the jobs of a row take, from a few steps of each.

use std::time::{Duration, Instant};

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Chunk, Model, Result, Seed, chunk_events};

use crate::pipeline::events::training_set;
use crate::pipeline::plan::Setting;
use crate::pipeline::posterior::{Chains, Training};

/// Estimated seconds of a row's jobs on one thread; none of what cannot be tried in a moment, such as a long fit that does not say how far it is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Times {
    /// Of a chain.
    pub chain: Option<f64>,
    /// Of a pass over a member's events.
    pub pass: Option<f64>,
}

/// Time for trying all rows: each is tried once at least.
const BUDGET: Duration = Duration::from_millis(600);

/// Tries a moment of every row's chain, and a chunk of events of its generator, on the first training set.
pub fn measure(setting: &Setting<'_>) -> Result<Vec<Times>> {
    let (events, identity) = training_set(setting.session, setting.experiment, setting.components, 0)?;
    let rows = setting.plan.rows();
    let budget = BUDGET / (2 * rows.len().max(1) as u32);
    let mut times = Vec::new();
    for row in rows {
        let training = Training::new(setting, row, 0, events.seen(), &identity);
        // What cannot be prepared or tried says so when it is run.
        let tried = training.model().map(|model| Times {
            chain: Chains::of(&training).ok().flatten().and_then(|chains| chains.tried(&*model, budget)),
            pass: pass(setting, &*model, budget),
        });
        setting.session.check_stop()?;
        times.push(tried.unwrap_or_default());
    }
    Ok(times)
}

fn pass(setting: &Setting<'_>, model: &dyn Model, budget: Duration) -> Option<f64> {
    let seed = Seed::new(0).split("measure");
    let parameters = match model.own_members() {
        Some(own) => own.into_iter().next(),
        None => model.initial(seed).ok(),
    };
    let member = model.at(&parameters?).ok()?;
    let dimension = setting.components.schema.dimension();
    let most = member.capacity().unwrap_or(u64::MAX);
    let n = most.min(chunk_events(dimension) as u64);
    let mut out = Array2::zeros((n as usize, dimension));
    let seconds =
        repeated(budget, || member.sample(Chunk { index: 0, first_event: 0, seed }, out.view_mut()).ok())?;
    (n > 0).then(|| seconds * most.min(setting.experiment.experiment.n_gen) as f64 / n as f64)
}

/// Seconds of a call, the shortest of those that fit into the budget: a first one may prepare something.
fn repeated<T>(budget: Duration, mut call: impl FnMut() -> Option<T>) -> Option<f64> {
    let begun = Instant::now();
    let mut least: Option<f64> = None;
    while least.is_none() || begun.elapsed() < budget {
        let started = Instant::now();
        call()?;
        let seconds = started.elapsed().as_secs_f64();
        least = Some(least.map_or(seconds, |least| least.min(seconds)));
    }
    least
}
