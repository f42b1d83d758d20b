//! Tests of generators on every training set: of any columns, of any number of events, with extreme ones.

use ndarray::{Array2, Axis, concatenate};

use super::extremes::{extremes, together};
use super::generator::{Learning, prepared, some_parameters};
use super::gradients::along_the_gradient;
use super::inputs::{self, Events, ODD_NUMBERS};
use super::loss::with_losses;
use super::many::{each, in_time};
use super::outcome::{Stop, Verdict, ensure, ensure_finite, skip, unless_refused};
use super::subject::{Subject, Test};
use crate::abi::LoadedGenerator;
use crate::{Alone, Chunk, Model, Result, TrainingSettings};

pub const TESTS: &[Test] = &[
    Test::new(
        "training-sets",
        "It works on every training set that it accepts: 1 to 16 columns, 1 to 8 four-momenta",
        training_sets,
    ),
    Test::new(
        "row-counts",
        "1, 2, 3, 7 and 101 events or rows give as many parameters as others, or are refused with the reason",
        row_counts,
    ),
    Test::new(
        "extreme-events",
        "Training events far from the others, or all alike, give finite events, or are refused with the reason",
        extreme_events,
    ),
];

/// Samples in these tests.
const SAMPLED: usize = 7;

/// Samples, and takes the log densities of what was sampled, if it has any; that both are numbers is checked at the boundary.
fn sample(learning: &Learning, model: &dyn Model, parameters: &[f32]) -> Result<()> {
    let dimension = learning.training.schema.dimension();
    let member = model.at(parameters)?;
    let n = member.capacity().map_or(SAMPLED, |events| SAMPLED.min(events as usize));
    let chunk = Chunk { index: 0, first_event: 0, seed: learning.seed(15) };
    let mut out = Array2::from_elem((n, dimension), f64::NAN);
    member.sample(chunk, out.view_mut())?;
    if !learning.generator.abilities().log_density {
        return Ok(());
    }
    member.log_density(out.view(), learning.seed(16), &mut vec![f64::NAN; n])
}

fn training_sets(subject: &Subject<'_>) -> Verdict {
    let mut accepted = 0;
    in_time("training sets", inputs::all(subject.seed(1)).collect(), |training| {
        let title = training.title();
        let learning = match Learning::on(subject, std::iter::once(training)) {
            Ok(learning) => learning,
            Err(Stop::Skipped(_)) => return Ok(()),
            Err(stop) => return Err(stop),
        };
        accepted += 1;
        one_training_set(&learning).map_err(|stop| stop.at(&title))
    })?;
    if accepted > 0 { Ok(()) } else { skip("it learns none of the suite's events") }
}

fn one_training_set(learning: &Learning) -> Verdict {
    let model = learning.model()?;
    let wide = |parameters: &[f32]| parameters.iter().map(|&p| f64::from(p)).collect::<Vec<_>>();
    ensure_finite("initial parameters", wide(&model.initial(learning.seed(17))?))?;
    let parameters = some_parameters(&model, learning)?;
    ensure_finite("parameters", wide(&parameters))?;
    sample(learning, &model, &parameters)?;
    if learning.generator.abilities().gradients.is_some() {
        with_losses(learning, along_the_gradient)?;
    }
    Ok(())
}

/// A training of even fewer steps.
fn short() -> TrainingSettings {
    TrainingSettings { iterations: 2, ..inputs::settings() }
}

fn row_counts(subject: &Subject<'_>) -> Verdict {
    each(Learning::two(subject)?, |learning| {
        row_counts_of(&learning).map_err(|stop| stop.at(&learning.training.title()))
    })
}

fn row_counts_of(learning: &Learning) -> Verdict {
    let model = learning.model()?;
    in_time("numbers of rows", ODD_NUMBERS.to_vec(), |n| {
        // That they are as many as the layout says is checked where they cross the boundary.
        let rows = &learning.training.rows[..n];
        fit_and_sample(learning, &model, rows, &format!("a fit to {n} row(s)"))?;
        let what = format!("a training set of {n} event(s)");
        let few = learning.training.more(learning.seed(18), n);
        let few = prepared(&learning.generator, &few.batch(), &few.schema);
        let Some(model) = unless_refused(&what, few)? else {
            ensure(n < 100, || format!("{what}: expected a model, found a refusal"))?;
            return Ok(());
        };
        if unless_refused(&what, model.initial(learning.seed(17)))?.is_none() {
            return Ok(());
        }
        // A bootstrap may have more rows than there are events.
        let rows: Vec<u64> = (0..2 * n as u64 + 1).map(|i| i % n as u64).collect();
        fit_and_sample(learning, &model, &rows, &what)
    })
}

/// Fits to rows and samples; a refusal is no fault unless there are rows enough.
fn fit_and_sample(learning: &Learning, model: &dyn Model, rows: &[u64], what: &str) -> Verdict {
    let Some(result) = fitted(learning, model, rows) else { return Ok(()) };
    let result = result.and_then(|parameters| sample(learning, model, &parameters));
    let done = unless_refused(what, result)?.is_some();
    ensure(done || rows.len() < 100, || format!("{what}: expected events, found a refusal"))
}

/// A short fit, if it has a fit.
fn fitted(learning: &Learning, model: &dyn Model, rows: &[u64]) -> Option<Result<Vec<f32>>> {
    let fits = learning.generator.abilities().fit;
    fits.then(|| model.fit(rows, &short(), learning.seed(19), &Alone))
}

fn extreme_events(subject: &Subject<'_>) -> Verdict {
    each(Learning::two(subject)?, |learning| {
        with_extremes(&learning).map_err(|stop| stop.at(&learning.training.title()))
    })
}

fn with_extremes(learning: &Learning) -> Verdict {
    let usual = learning.training.more(learning.seed(18), 64);
    let list = extremes(&usual.schema);
    let mixed = |extremes: Array2<f64>| {
        concatenate(Axis(0), &[usual.values.view(), extremes.view()]).expect("events of one length")
    };
    let mut sets = vec![
        ("all extreme events".to_string(), mixed(together(&list))),
        ("one event many times".to_string(), usual.values.select(Axis(0), &[0; 64])),
        ("two events many times".to_string(), usual.values.select(Axis(0), &[[0, 1]; 32].concat())),
    ];
    sets.extend(list.iter().map(|extreme| (extreme.what.clone(), mixed(extreme.values()))));
    in_time("extreme training sets", sets, |(what, values)| {
        let what = format!("training events with {what}");
        let events = Events::new(usual.schema.clone(), values);
        one_extreme(learning, &learning.generator, &events, &what)
    })
}

fn one_extreme(learning: &Learning, generator: &LoadedGenerator, events: &Events, what: &str) -> Verdict {
    let model = prepared(generator, &events.batch(), &events.schema);
    let Some(model) = unless_refused(what, model)? else { return Ok(()) };
    let Some(result) = fitted(learning, &model, &events.rows) else { return Ok(()) };
    let Some(parameters) = unless_refused(what, result)? else { return Ok(()) };
    unless_refused(what, sample(learning, &model, &parameters)).map(drop)
}
