//! Where the events lie that a selection cuts: the lower right panel of Fig. 10.

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Batch, Chunk, Error, Origin, Result};
use serde::{Deserialize, Serialize};

use crate::pipeline::posterior::{Posterior, SetRow, Views};
use crate::pipeline::stage::identity;
use crate::results::Plane;

/// Events in the figure: enough to see a shape, few enough to see single ones.
const EVENTS: usize = 2000;

/// What is stored of a plane.
#[derive(Default, Serialize, Deserialize)]
struct Points {
    passed: Vec<[f64; 2]>,
    cut: Vec<[f64; 2]>,
}

/// The planes that the selections of this row's cells ask for, of its first member.
pub fn planes(row: &SetRow<'_>, posterior: &Posterior, views: &Views<'_, '_>) -> Result<Vec<Plane>> {
    let selections = row.setting.experiment.selection.iter().enumerate();
    let used = selections.filter(|(number, _)| row.cells.iter().any(|c| c.selection == *number));
    let of = |(number, selection): (usize, &crate::config::Selection)| {
        let names = selection.plane.as_ref()?;
        Some(plane(row, posterior, views, number, names))
    };
    used.filter_map(of).collect()
}

fn plane(
    row: &SetRow<'_>,
    posterior: &Posterior,
    views: &Views<'_, '_>,
    selection: usize,
    names: &[String; 2],
) -> Result<Plane> {
    let (components, experiment) = (row.setting.components, row.setting.experiment);
    let seed = row.training.seed.split("plane").index(selection as u64);
    let summary = |name: &String| {
        let found = components.summaries.iter().position(|s| s.name == *name);
        found.ok_or_else(|| Error::data(format!("there is no summary `{name}`")))
    };
    let [x, y] = [summary(&names[0])?, summary(&names[1])?];
    let cuts = experiment.selection[selection].cuts.iter();
    let cuts = cuts.map(|cut| Ok((summary(&cut.summary)?, cut))).collect::<Result<Vec<_>>>()?;
    let identity_of = |summary: usize| &components.summaries[summary].identity;
    // What the summaries and cuts are, not what they are called. A fit to all members depends on every one of them.
    let used = || cuts.iter().map(|(summary, _)| *summary).chain([x, y]);
    let pooled = used().any(|s| row.set.observables.summaries[s].fit.is_some_and(|fit| fit.pooled));
    let members = if pooled { posterior.members.parameters.len() as u64 } else { 1 };
    let parameters: Vec<String> = (0..members).map(|i| posterior.hash(i)).collect();
    let configured = identity::cuts(
        cuts.iter().map(|(s, cut)| (identity_of(*s), *cut)),
        experiment.selection[selection].thin,
    );
    let axes = [identity_of(x), identity_of(y)];
    let key = row.trained().plane(axes, configured, &parameters, seed, EVENTS);
    // In a stored plane stand the names of the run that made it.
    let named = |points: Points| Plane {
        selection: experiment.selection[selection].name.clone(),
        generator: row.cells[0].name.generator.clone(),
        uncertainty: row.cells[0].name.uncertainty.clone(),
        axes: [components.axis(x), components.axis(y)],
        passed: points.passed,
        cut: points.cut,
    };
    if let Some(stored) = row.setting.store.json(&key) {
        return Ok(named(stored));
    }
    let stage =
        format!("{}: the plane of selection {}", row.training.name, experiment.selection[selection].name);
    let found = row.setting.session.attempt(&stage, || {
        let member = row.member(posterior, 0)?;
        let n = member.capacity().map_or(EVENTS, |most| EVENTS.min(most as usize));
        let mut events = Array2::zeros((n, components.schema.dimension()));
        member.sample(Chunk { index: 0, first_event: 0, seed }, events.view_mut())?;
        let rows: Vec<u64> = (0..n as u64).collect();
        let view = views.of(&*member, 0)?;
        let observed =
            view.observables(row, &*member, 0).on(Batch::new(events.view(), Origin::Generated, &rows));
        let mut plane = Points::default();
        for (event, (x, y)) in observed.values(x)?.iter().zip(observed.values(y)?).enumerate() {
            let passes = observed.passed(selection, event..event + 1)? == 1;
            let list = if passes { &mut plane.passed } else { &mut plane.cut };
            list.push([*x, *y]);
        }
        Ok(plane)
    })?;
    row.setting.store.put_json(&key, &found)?;
    Ok(named(found))
}
