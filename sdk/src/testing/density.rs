//! A density is normalized, and is the density of the samples: by importance sampling from a wider density.

use std::time::{Duration, Instant};

use ndarray::{ArrayView2, s};

use super::extremes::{extremes, together};
use super::generator::{Learning, some_parameters};
use super::many::{each, in_time};
use super::outcome::{Stop, Verdict, ensure, ensure_finite, skip, unless_refused};
use super::proposal::{Proposal, quantile};
use super::sampled::{Fraction, Sampled, of_dataset, of_generator};
use super::subject::{Subject, Test};
use super::tails::{SHAPE_COLUMNS, SHAPE_TIME, shape};
use crate::{Model, Result, Schema};

const ABOUT: &str = "The density integrates to 1, and to the fraction of samples in every part of space";

const ABOUT_SHAPE: &str =
    "Density and samples agree in their tails, at high and low densities, and in 4, 5 and 8 columns";

const ABOUT_EXTREMES: &str =
    "At events far from all others the density is a number, or 0, or refused with the reason";

pub const DATASET_TESTS: &[Test] = &[
    Test::new("density", ABOUT, dataset),
    Test::new("density-shape", ABOUT_SHAPE, |s| of_dataset(s, &|one| shape(s, one))),
    Test::new("density-extremes", ABOUT_EXTREMES, dataset_extremes),
];
pub const GENERATOR_TESTS: &[Test] = &[
    Test::new("density", ABOUT, generator),
    Test::new("density-shape", ABOUT_SHAPE, |s| {
        of_generator(s, (&SHAPE_COLUMNS, SHAPE_TIME), &|one| shape(s, one))
    }),
    Test::new("density-extremes", ABOUT_EXTREMES, generator_extremes),
];

/// Most columns for which importance sampling needs no more events than a test can afford.
const MOST_COLUMNS: usize = 3;
/// Samples around which the proposal is built.
const CENTERS: usize = 300;
/// Samples, and draws of the proposal, that are compared: as many as the time allows, at least and at most.
const DRAWS: (usize, usize) = (2000, 10_000);
const TIME: Duration = Duration::from_millis(700);

fn dataset(subject: &Subject<'_>) -> Verdict {
    of_dataset(subject, &|one| compare(subject, one))
}

fn generator(subject: &Subject<'_>) -> Verdict {
    of_generator(subject, (&[1, 2, 3], Duration::MAX), &|one| compare(subject, one))
}

fn dataset_extremes(subject: &Subject<'_>) -> Verdict {
    let dataset = subject.dataset()?;
    let Some(density) = dataset.density() else { return skip("it has no density") };
    at_extremes(dataset.schema(), &|events, out| density.log_density(events, out))
}

fn generator_extremes(subject: &Subject<'_>) -> Verdict {
    if !subject.generator()?.abilities().log_density {
        return skip("it has no density");
    }
    each(Learning::two(subject)?, |learning| {
        let model = learning.model()?;
        let member = model.at(&some_parameters(&model, &learning)?)?;
        at_extremes(&learning.training.schema, &|events, out| {
            member.log_density(events, subject.seed(34), out)
        })
    })
}

type WriteLogDensity<'a> = &'a dyn Fn(ArrayView2<'_, f64>, &mut [f64]) -> Result<()>;

/// NaN and +inf are refused at the boundary.
fn at_extremes(schema: &Schema, log_density: WriteLogDensity<'_>) -> Verdict {
    let list = extremes(schema);
    let all = together(&list);
    let together = log_density(all.view(), &mut vec![f64::NAN; all.nrows()]);
    if unless_refused("extreme events together", together)?.is_some() {
        return Ok(());
    }
    // One that is refused must not hide the others.
    in_time("extreme events", list, |extreme| {
        unless_refused(&extreme.what, log_density(extreme.values().view(), &mut [f64::NAN])).map(drop)
    })
}

fn compare(subject: &Subject<'_>, of: &Sampled<'_>) -> Verdict {
    let Sampled { dimension, samples, log_density } = *of;
    if dimension > MOST_COLUMNS {
        return skip(format!("{dimension} columns: the integral is checked up to {MOST_COLUMNS}"));
    }
    let events = samples(CENTERS + DRAWS.1, subject.seed(32))?;
    let (centers, events) = (events.slice(s![..CENTERS, ..]), events.slice(s![CENTERS.., ..]));
    // The first densities tell how many more the time allows.
    let start = Instant::now();
    let some = DRAWS.0 / 4;
    ensure_finite("log densities of own events", log_density(events.slice(s![..some, ..]))?)?;
    let affordable = some as f64 * TIME.as_secs_f64() / start.elapsed().as_secs_f64().max(1e-9);
    let n = (affordable as usize).clamp(DRAWS.0, DRAWS.1);
    if n == DRAWS.1 {
        ensure_finite("log densities of own events", log_density(events)?)?;
    }
    let proposal = Proposal::new(centers);
    let draws = proposal.sample(n, subject.seed(33));
    let pairs = log_density(draws.view())?.into_iter().zip(proposal.log_density(draws.view()));
    let weights: Vec<f64> = pairs.map(|(density, proposed)| (density - proposed).exp()).collect();
    if let Some(i) = weights.iter().position(|w| !w.is_finite()) {
        return ensure(false, || {
            format!("expected a density or 0 at {}, found {}", draws.row(i), weights[i])
        });
    }
    let whole = Fraction::of(weights.iter().copied());
    if whole.error > 0.1 && whole.near(1.0, 0.0) {
        return skip(format!("too peaked: its integral is known to {:.2} only", whole.error));
    }
    ensure(whole.near(1.0, 0.0), || {
        format!(
            "{dimension} column(s): expected an integral of 1, found {:.4} +- {:.4}",
            whole.value, whole.error
        )
    })?;
    for (name, region) in regions(&proposal, centers) {
        let inside = |event: ndarray::ArrayView1<'_, f64>| if region(event) { 1.0 } else { 0.0 };
        let sampled = Fraction::of(events.rows().into_iter().map(inside));
        let integral =
            Fraction::of(draws.rows().into_iter().zip(&weights).map(|(event, w)| w * inside(event)));
        ensure(integral.near(sampled.value, sampled.error), || {
            format!(
                "{dimension} column(s), events with {name}: {:.4} +- {:.4} of the samples, the density says {:.4} +- {:.4}",
                sampled.value, sampled.error, integral.value, integral.error
            )
        })?;
    }
    if n < DRAWS.1 {
        return Err(Stop::Partial(format!(
            "{dimension} column(s): {n} of {} densities in its time",
            DRAWS.1
        )));
    }
    Ok(())
}

type Region<'a> = (String, Box<dyn Fn(ndarray::ArrayView1<'_, f64>) -> bool + 'a>);

/// Parts of space: below the quartiles of every column, and around the middle.
fn regions<'a>(proposal: &'a Proposal<'_>, centers: ArrayView2<'_, f64>) -> Vec<Region<'a>> {
    let mut list: Vec<Region<'a>> = Vec::new();
    for k in 0..centers.ncols() {
        for p in [0.25, 0.5, 0.75] {
            let edge = quantile(centers.column(k).iter().copied(), p);
            list.push((format!("x{} < {edge:.3}", k + 1), Box::new(move |event| event[k] < edge)));
        }
    }
    let distance = |event: ndarray::ArrayView1<'_, f64>| {
        event.iter().zip(&proposal.middle).map(|(x, m)| (x - m).powi(2)).sum::<f64>().sqrt()
    };
    let radius = quantile(centers.rows().into_iter().map(distance), 0.5);
    list.push((
        format!("a distance < {radius:.3} from their middle"),
        Box::new(move |event| distance(event) < radius),
    ));
    list
}
