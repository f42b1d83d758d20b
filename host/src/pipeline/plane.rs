//! Where the events lie that a selection cuts: the lower right panel of Fig. 10.

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Batch, Chunk, Error, Origin, Result};
use serde_json::json;

use super::own::OwnColumns;
use super::pair::Pair;
use super::posterior::Posterior;
use crate::results::Plane;
use crate::store::Key;

/// Events in the figure: enough to see a shape, few enough to see single ones.
const EVENTS: usize = 2000;

/// The planes that the selections of this pair's cells ask for, of its first member.
pub fn planes(pair: &Pair<'_>, posterior: &Posterior, own: &OwnColumns<'_>) -> Result<Vec<Plane>> {
    let selections = pair.run.experiment.selection.iter().enumerate();
    let used = selections.filter(|(number, _)| pair.cells.iter().any(|c| c.selection == *number));
    let of = |(number, selection): (usize, &crate::config::Selection)| {
        let names = selection.plane.as_ref()?;
        Some(plane(pair, posterior, own, number, names))
    };
    used.filter_map(of).collect()
}

fn plane(
    pair: &Pair<'_>,
    posterior: &Posterior,
    own: &OwnColumns<'_>,
    selection: usize,
    names: &[String; 2],
) -> Result<Plane> {
    let (components, experiment) = (pair.run.components, pair.run.experiment);
    let seed = pair.seed.split("plane").index(selection as u64);
    // What any summary or cut depends on is in here; this is too much only if another table changes.
    let identity = json!({
        "experiment": experiment.effective(), "data": pair.replica.identity, "generator": pair.generator_identity(),
        "summaries": components.summaries.iter().map(|s| &s.identity).collect::<Vec<_>>(),
        "parameters": posterior.hash(0), "seed": seed.bytes(), "selection": selection, "events": EVENTS,
    });
    let key = Key::new("plane", &identity);
    if let Some(stored) = pair.run.store.json(&key) {
        return Ok(stored);
    }
    let summary = |name: &String| {
        let found = components.summaries.iter().position(|s| s.name == *name);
        found.ok_or_else(|| Error::data(format!("there is no summary `{name}`")))
    };
    let [x, y] = [summary(&names[0])?, summary(&names[1])?];
    let stage = format!("{}: the plane of selection {}", pair.name, experiment.selection[selection].name);
    let found = pair.run.session.attempt(&stage, || {
        let member = pair.member(posterior, 0)?;
        let n = member.capacity().map_or(EVENTS, |most| EVENTS.min(most as usize));
        let mut events = Array2::zeros((n, components.schema.dimension()));
        member.sample(Chunk { index: 0, first_event: 0, seed }, events.view_mut())?;
        let rows: Vec<u64> = (0..n as u64).collect();
        let seen = own.of_member(&*member, 0, false)?;
        let observed =
            seen.observables(pair, &*member, 0).on(Batch::new(events.view(), Origin::Generated, &rows));
        let mut plane = Plane {
            selection: experiment.selection[selection].name.clone(),
            generator: pair.cells[0].name.generator.clone(),
            uncertainty: pair.cells[0].name.uncertainty.clone(),
            axes: [components.axis(x), components.axis(y)],
            passed: Vec::new(),
            cut: Vec::new(),
        };
        for (event, (x, y)) in observed.values(x)?.iter().zip(observed.values(y)?).enumerate() {
            let passes = observed.passed(selection, event..event + 1)? == 1;
            let list = if passes { &mut plane.passed } else { &mut plane.cut };
            list.push([*x, *y]);
        }
        Ok(plane)
    })?;
    pair.run.store.put_json(&key, &found)?;
    Ok(found)
}
