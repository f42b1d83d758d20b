//! How long the jobs of a row take, from a few steps of each.

use std::time::{Duration, Instant};

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Chunk, Context, Model, Result, Seed, chunk_events};

use crate::pipeline::events::training_set;
use crate::pipeline::plan::Setting;
use crate::pipeline::posterior::Training;

/// Estimated seconds of a row's jobs on one thread; none of what cannot be tried in a moment, such as a long fit of the model's own.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Times {
    /// Of a chain.
    pub chain: Option<f64>,
    /// Of a pass over a member's events.
    pub pass: Option<f64>,
}

/// Time for trying all rows: each is tried once at least.
const BUDGET: Duration = Duration::from_millis(600);

/// Tries a step of training and a chunk of events of every row's generator, on the first training set.
pub fn measure(setting: &Setting<'_>) -> Result<Vec<Times>> {
    let (events, identity) = training_set(setting.session, setting.experiment, setting.components, 0)?;
    let rows = setting.plan.rows();
    let generators = setting.components.generators.len() as u32;
    let mut known: Vec<Option<Times>> = vec![None; setting.components.generators.len()];
    let mut times = Vec::new();
    for row in rows {
        let found = match known[row.generator] {
            Some(found) => found,
            None => {
                let training = Training::new(setting, row, 0, events.seen(), &identity);
                // What cannot be prepared or tried says so when it is run.
                let tried =
                    training.model().map(|model| try_model(setting, &*model, &training, BUDGET / generators));
                setting.session.check_stop()?;
                *known[row.generator].insert(tried.unwrap_or_default())
            }
        };
        let chain = found.chain.filter(|_| row.uncertainty.is_some());
        times.push(Times { chain, ..found });
    }
    Ok(times)
}

fn try_model(setting: &Setting<'_>, model: &dyn Model, training: &Training<'_>, budget: Duration) -> Times {
    let settings = &setting.experiment.training;
    let seed = Seed::new(0).split("measure");
    let parameters = match model.own_members() {
        Some(own) => own.into_iter().next(),
        None => model.initial(seed).ok(),
    };
    let Some(parameters) = parameters else { return Times::default() };
    let all: Vec<u64> = (0..training.seen.rows.len() as u64).collect();
    let rows: Vec<u64> = (0..training.seen.rows.len().min(settings.batch) as u64).collect();
    let step = || {
        let mut gradient = vec![0.0; parameters.len()];
        let gradients = model.gradients()?;
        gradients.loss_and_gradient(&parameters, &rows, None, seed, &mut gradient).ok()
    };
    let chain = match model.gradients() {
        Some(_) => repeated(budget / 2, step).map(|seconds| seconds * settings.iterations as f64),
        // One fit of its own, if it is over in time.
        None => repeated(Duration::ZERO, || {
            model.fit(&all, settings, seed, &UntilThen(Instant::now() + budget / 2)).ok()
        }),
    };
    let dimension = setting.components.schema.dimension();
    let sample = |member: &dyn amplicast_sdk::Member| {
        let n = member.capacity().unwrap_or(u64::MAX).min(chunk_events(dimension) as u64);
        let mut out = Array2::zeros((n as usize, dimension));
        let seconds = repeated(budget / 2, || {
            member.sample(Chunk { index: 0, first_event: 0, seed }, out.view_mut()).ok()
        })?;
        let events = member.capacity().unwrap_or(u64::MAX).min(setting.experiment.experiment.n_gen);
        (n > 0).then(|| seconds * events as f64 / n as f64)
    };
    let pass = model.at(&parameters).ok().and_then(|member| sample(&*member));
    Times { chain, pass }
}

/// A context that asks to stop when the time is over.
struct UntilThen(Instant);

impl Context for UntilThen {
    fn progress(&self, _done: u64, _total: u64, _loss: Option<f64>) {}

    fn cancelled(&self) -> bool {
        Instant::now() > self.0
    }

    fn parallel(&self, n: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..n).for_each(work);
    }
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
