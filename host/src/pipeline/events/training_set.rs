//! A training set as everything else sees it: in the precision in which events are compared, with what it depends on.

use amplicast_sdk::ndarray::{Array2, ArrayViewMut2, s};
use amplicast_sdk::{Chunk, Model as _, Result, Seed, Split};
use serde_json::Value;

use super::true_events::TrueEvents;
use crate::config::Experiment;
use crate::inspection::{Grain, Rounding};
use crate::pipeline::plan::{Components, TrueSource};
use crate::pipeline::stage::identity::rounded;
use crate::session::Session;

/// True events whose precision is looked at, and events of each member.
const GRAIN_EVENTS: usize = 512;
const GRAIN_EVENTS_OF_MEMBER: u64 = 256;

/// Reads the events of training set `number`, and brings them to the precision in which they are compared. Beside them stands what they
/// depend on: an input of every stage that uses them.
pub fn training_set<'a>(
    session: &Session,
    experiment: &'a Experiment,
    components: &'a Components,
    number: u64,
) -> Result<(TrueEvents<'a>, Value)> {
    let dataset = &**components.dataset.component.as_ref().map_err(Clone::clone)?;
    let read = || TrueEvents::read(dataset, &experiment.experiment, number);
    let mut events = session.attempt("read training events", read)?;
    let precision = || Ok(rounding(components, dataset, &events));
    let rounding = session.attempt("look at the precision of events", precision)?;
    let identity = rounded(components.data_identity(experiment, number)?, &rounding);
    events.round(rounding);
    Ok((events, identity))
}

/// The precision in which a training set's events are compared: the coarsest of training events, holdout, and members that
/// exist before anything is trained.
fn rounding(components: &Components, dataset: &dyn TrueSource, events: &TrueEvents<'_>) -> Rounding {
    let training = events.all().values;
    let n = training.nrows().min(GRAIN_EVENTS);
    let mut sources = vec![Grain::of(training.slice(s![..n, ..]))];
    let dimension = training.ncols();
    // What cannot be read or made is told where it is needed.
    let holdout = dataset.capacity(Split::Holdout).ok().flatten().unwrap_or(0);
    sources.extend(beginning(holdout, dimension, |chunk, out| dataset.read(Split::Holdout, chunk, out)));
    let mut all_known = true;
    for made in &components.generators {
        let Ok(generator) = &made.component else { continue };
        if !generator.abilities().own_members {
            all_known = false;
            continue;
        }
        let Ok(model) = generator.prepare(&events.seen(), &components.schema) else { continue };
        for member in model.own_members().unwrap_or_default().iter().filter_map(|p| model.at(p).ok()) {
            let n = member.capacity().unwrap_or(u64::MAX).min(GRAIN_EVENTS_OF_MEMBER);
            sources.extend(beginning(n, dimension, |chunk, out| member.sample(chunk, out)));
        }
    }
    Rounding::common(&sources, all_known)
}

/// The grains of the first events of a source of `n`; none if they cannot be had.
fn beginning(
    n: u64,
    dimension: usize,
    read: impl Fn(Chunk, ArrayViewMut2<'_, f64>) -> Result<()>,
) -> Option<Vec<Grain>> {
    let n = n.min(GRAIN_EVENTS as u64) as usize;
    let mut events = Array2::zeros((n, dimension));
    let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(0).split("precision") };
    (n > 0 && read(chunk, events.view_mut()).is_ok()).then(|| Grain::of(events.view()))
}
