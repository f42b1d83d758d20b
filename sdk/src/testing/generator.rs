//! Tests of generators: what they say they can do, parameters, and fits.

use std::sync::atomic::Ordering;

use super::inputs::{self, EVENTS, Events};
use super::outcome::{Stop, Verdict, ensure, ensure_finite, ensure_refused, ensure_same, fail, skip};
use super::subject::{Subject, Test};
use super::threads::{Impatient, same_on_two_threads};
use crate::abi::{LoadedGenerator, LoadedModel};
use crate::{Alone, Batch, Conditioned, Context, ErrorKind, Model, Result, Schema, Seed};

pub const TESTS: &[Test] = &[
    Test::new("abilities", "Its models can do what it says, and no more", abilities),
    Test::new(
        "parameters",
        "Parameters are as long as their layout says, finite, and deterministic in the seed",
        parameters,
    ),
    Test::new("fit", "A fit is finite, deterministic in its seed, and takes rows more than once", fit),
    Test::new("fit-rows", "A fit depends on the rows that it is given", fit_rows),
    Test::new("fit-threads", "Two fits at once give what they give alone", fit_threads),
    Test::new("stop", "A fit that reports progress stops when the user asks for it", stop),
    Test::new("own-members", "Members that it brings are parameter vectors of its models", own_members),
    Test::new("files", "The files that it reads exist", files),
];

/// A model as it is tested: of a conditional generator, conditions are those of the training events.
pub type Prepared = Conditioned<LoadedModel<'static>>;

/// Prepares a generator on training events.
pub fn prepared(generator: &LoadedGenerator, training: &Batch<'_>, schema: &Schema) -> Result<Prepared> {
    Conditioned::new(generator.prepare(training, schema)?, &generator.conditions(schema)?, training)
}

/// A generator with the first training set that it accepts.
pub struct Learning {
    pub generator: LoadedGenerator,
    pub training: Events,
    seed: Seed,
}

impl Learning {
    /// The first of these training sets that the generator accepts.
    pub fn on(subject: &Subject<'_>, sets: impl Iterator<Item = Events>) -> Verdict<Self> {
        let generator = subject.generator()?;
        let mut refusals = Vec::new();
        for training in sets {
            // A generator without a `check` of its own refuses events when it sees them.
            let accepted = generator.check(&training.schema).and_then(|()| {
                let training = &training;
                prepared(&generator, &training.batch(), &training.schema).map(drop)
            });
            match accepted {
                Ok(()) => return Ok(Learning { generator, training, seed: subject.seed(0) }),
                Err(error) if error.kind() == ErrorKind::Plugin => {
                    return fail(format!("{}: {error}", training.title()));
                }
                Err(error) => refusals.push(format!("{}: {error}", training.title())),
            }
        }
        skip(format!("it learns none of the suite's events: {}", refusals.first().map_or("", |r| r)))
    }

    /// On the first of all training sets.
    pub fn new(subject: &Subject<'_>) -> Verdict<Self> {
        Self::on(subject, inputs::all(subject.seed(1)))
    }

    /// On the first plain training set, and on the first of four-momenta; on one of them if it refuses the other.
    pub fn two(subject: &Subject<'_>) -> Verdict<Vec<Self>> {
        let seed = subject.seed(1);
        match (Self::on(subject, inputs::plain(seed)), Self::on(subject, inputs::particles(seed))) {
            (Ok(plain), Ok(particles)) => Ok(vec![plain, particles]),
            (Ok(one), Err(Stop::Skipped(_))) | (Err(Stop::Skipped(_)), Ok(one)) => Ok(vec![one]),
            (Err(stop), _) | (_, Err(stop)) => Err(stop),
        }
    }

    /// The seed of this number.
    pub fn seed(&self, number: u64) -> Seed {
        self.seed.index(number)
    }

    /// The model of the training set.
    pub fn model(&self) -> Result<Prepared> {
        prepared(&self.generator, &self.training.batch(), &self.training.schema)
    }

    /// Whether models of this generator can be fitted.
    pub fn needs_fit(&self) -> Verdict {
        if self.generator.abilities().fit { Ok(()) } else { skip("it has no fit") }
    }
}

/// The parameters of a short fit; those that the generator brings, or starts with, if it has none.
pub fn some_parameters(model: &dyn Model, learning: &Learning) -> Result<Vec<f32>> {
    if let Some(first) = model.own_members().and_then(|list| list.into_iter().next()) {
        return Ok(first);
    }
    if !learning.generator.abilities().fit {
        return model.initial(learning.seed(3));
    }
    model.fit(&learning.training.rows, &inputs::settings(), learning.seed(3), &Alone)
}

/// Refuses a test on two threads for a model that takes one call at a time.
pub fn needs_threads(model: &dyn Model) -> Verdict {
    if model.max_concurrency() == Some(1) { skip("one call at a time, as it says") } else { Ok(()) }
}

fn wide(parameters: &[f32]) -> impl Iterator<Item = f64> {
    parameters.iter().map(|&x| f64::from(x))
}

fn abilities(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    let stated = learning.generator.abilities();
    let model = learning.model()?;
    let found = model.gradients().map(|g| g.loss_kind());
    ensure(stated.gradients == found, || {
        format!(
            "expected a model with gradients {:?} as the generator says, found {found:?}",
            stated.gradients
        )
    })?;
    let own = model.own_members().is_some();
    ensure(stated.own_members == own, || {
        format!("the generator says own members: {}, its model has them: {own}", stated.own_members)
    })?;
    let fitted = model.fit(&learning.training.rows, &inputs::settings(), learning.seed(3), &Alone);
    if stated.fit {
        fitted?;
    } else {
        let error = ensure_refused("a fit, which the generator says it has not", fitted)?;
        ensure(error.kind() == ErrorKind::Unsupported, || {
            format!("a fit, which the generator says it has not: expected `unsupported`, found: {error}")
        })?;
    }
    let member = model.at(&some_parameters(&model, &learning)?)?;
    let mut out = vec![0.0; EVENTS];
    let density = member.log_density(learning.training.values.view(), learning.seed(4), &mut out);
    match (stated.log_density, density) {
        (true, density) => Ok(density?),
        (false, density) => {
            ensure_refused("a density, which the generator says it has not", density).map(drop)
        }
    }
}

fn parameters(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    let model = learning.model()?;
    let layout = model.layout();
    let mut names: Vec<&str> = layout.segments().iter().map(|s| s.name.as_str()).collect();
    names.sort_unstable();
    ensure(names.windows(2).all(|pair| pair[0] != pair[1]), || {
        format!("expected a name of its own for each segment, found {}", names.join(", "))
    })?;
    // The length is checked where the vector crosses the boundary.
    let first = model.initial(learning.seed(5))?;
    ensure_finite("initial parameters", wide(&first))?;
    ensure_same("initial parameters of one seed", &first, &model.initial(learning.seed(5))?)?;
    let anew = Learning::new(subject)?.model()?;
    ensure_same("the layout of a model made anew", &layout, &anew.layout())?;
    ensure_same("initial parameters of a model made anew", &first, &anew.initial(learning.seed(5))?)
}

fn fit_once(model: &dyn Model, rows: &[u64], seed: Seed, context: &dyn Context) -> Result<Vec<f32>> {
    model.fit(rows, &inputs::settings(), seed, context)
}

fn fit(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    learning.needs_fit()?;
    let model = learning.model()?;
    let rows = &learning.training.rows;
    let first = fit_once(&model, rows, learning.seed(6), &Alone)?;
    ensure_finite("fitted parameters", wide(&first))?;
    ensure_same("fits with one seed", &first, &fit_once(&model, rows, learning.seed(6), &Alone)?)?;
    let anew = Learning::new(subject)?.model()?;
    ensure_same(
        "fits with one seed of a model made anew",
        &first,
        &fit_once(&anew, rows, learning.seed(6), &Alone)?,
    )?;
    // A bootstrap: every other row twice.
    let twice: Vec<u64> = rows.iter().map(|r| r - r % 2).collect();
    let bootstrap = fit_once(&model, &twice, learning.seed(6), &Alone)?;
    ensure_finite("parameters fitted to rows that occur twice", wide(&bootstrap))?;
    model.at(&bootstrap)?;
    Ok(())
}

fn fit_rows(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    learning.needs_fit()?;
    let model = learning.model()?;
    let (low, high) = learning.training.rows.split_at(EVENTS / 2);
    let [low, high] =
        [fit_once(&model, low, learning.seed(7), &Alone)?, fit_once(&model, high, learning.seed(7), &Alone)?];
    ensure(low != high, || "fits to the first and to the second half of the rows are the same".into())
}

fn fit_threads(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    learning.needs_fit()?;
    let model = learning.model()?;
    needs_threads(&model)?;
    same_on_two_threads(subject.context, "fitted parameters", |i| {
        fit_once(&model, &learning.training.rows, learning.seed(8 + i as u64), &Alone)
    })
}

fn stop(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    learning.needs_fit()?;
    let model = learning.model()?;
    let counting = Impatient::default();
    fit_once(&model, &learning.training.rows, learning.seed(10), &counting)?;
    if counting.progressed.load(Ordering::Relaxed) == 0 {
        return skip("its fit reports no progress");
    }
    let stopped = fit_once(
        &model,
        &learning.training.rows,
        learning.seed(10),
        &Impatient { stop: true, ..Impatient::default() },
    );
    let error = ensure_refused("a fit whose user asked to stop", stopped)?;
    ensure(error.kind() == ErrorKind::Cancelled, || {
        format!("a fit whose user asked to stop: expected `cancelled`, found: {error}")
    })
}

fn own_members(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    if !learning.generator.abilities().own_members {
        return skip("it brings none");
    }
    let model = learning.model()?;
    let members = model.own_members().unwrap_or_default();
    ensure(!members.is_empty(), || "expected at least one member, found none".into())?;
    for (i, parameters) in members.iter().enumerate() {
        let (expected, found) = (model.layout().len(), parameters.len());
        ensure(expected == found, || format!("member {i}: expected {expected} parameters, found {found}"))?;
        ensure_finite(&format!("parameters of member {i}"), wide(parameters))?;
        model.at(parameters)?;
    }
    ensure_same("members that are asked for twice", &Some(members), &model.own_members())
}

fn files(subject: &Subject<'_>) -> Verdict {
    let files = subject.generator()?.files()?;
    match files.iter().find(|f| !f.is_file()) {
        Some(file) => ensure(false, || format!("expected a file, found none at {}", file.display())),
        None if files.is_empty() => skip("it reads no file"),
        None => Ok(()),
    }
}
