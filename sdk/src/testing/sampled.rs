//! Samples with their density, of a dataset or of members, and what is counted of them.

use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayView2};

use super::event_groups::not_alike;
use super::generator::{Learning, some_parameters};
use super::inputs;
use super::many::each;
use super::outcome::{Stop, Verdict, skip};
use super::subject::Subject;
use crate::{Chunk, Member, Model, Result, Seed, Split};

/// Standard errors that are taken for chance. The seeds are fixed: a component passes always or never.
const CHANCE: f64 = 5.0;
/// What is allowed beyond chance, for arithmetic in f32.
const SLACK: f64 = 0.002;

/// Samples with their density.
pub struct Sampled<'a> {
    pub dimension: usize,
    /// Events of a seed.
    pub samples: &'a dyn Fn(usize, Seed) -> Result<Array2<f64>>,
    pub log_density: &'a dyn Fn(ArrayView2<'_, f64>) -> Result<Vec<f64>>,
}

/// Runs a test on a dataset, if it has a density.
pub fn of_dataset(subject: &Subject<'_>, test: &dyn Fn(&Sampled<'_>) -> Verdict) -> Verdict {
    let dataset = subject.dataset()?;
    if let Some(reason) = not_alike(&dataset) {
        return skip(reason);
    }
    let Some(density) = dataset.density() else { return skip("it has no density") };
    let dimension = dataset.schema().dimension();
    let samples = |n: usize, seed: Seed| {
        let mut out = Array2::from_elem((n, dimension), f64::NAN);
        dataset.read(Split::Holdout, Chunk { index: 0, first_event: 0, seed }, out.view_mut())?;
        Ok(out)
    };
    let log_density = |events: ArrayView2<'_, f64>| {
        let mut out = vec![f64::NAN; events.nrows()];
        density.log_density(events, &mut out)?;
        Ok(out)
    };
    test(&Sampled { dimension, samples: &samples, log_density: &log_density })
}

/// Runs a test on members of a generator that learned so many plain columns, if it has a density, while the time allows.
pub fn of_generator(
    subject: &Subject<'_>,
    (columns, time): (&[usize], Duration),
    test: &dyn Fn(&Sampled<'_>) -> Verdict,
) -> Verdict {
    if !subject.generator()?.abilities().log_density {
        return skip("it has no density");
    }
    let (mut checked, start) = (false, Instant::now());
    each(columns.iter().copied(), |dimension| {
        if start.elapsed() > time {
            return Err(Stop::Partial(format!("{dimension} column(s): not in its time")));
        }
        let training = inputs::columns(subject.seed(1), dimension, inputs::EVENTS);
        let learning = match Learning::on(subject, std::iter::once(training)) {
            Ok(learning) => learning,
            Err(Stop::Skipped(_)) => return Ok(()),
            Err(stop) => return Err(stop),
        };
        checked = true;
        let model = learning.model()?;
        let member = model.at(&some_parameters(&model, &learning)?)?;
        let log_density = |events: ArrayView2<'_, f64>| {
            let mut out = vec![f64::NAN; events.nrows()];
            member.log_density(events, subject.seed(31), &mut out)?;
            Ok(out)
        };
        test(&Sampled {
            dimension,
            samples: &|n, seed| sample(&*member, dimension, n, seed),
            log_density: &log_density,
        })
    })?;
    let most = columns.iter().max().copied().unwrap_or(0);
    if checked { Ok(()) } else { skip(format!("it learns no events of 1 to {most} plain columns")) }
}

fn sample(member: &dyn Member, dimension: usize, n: usize, seed: Seed) -> Result<Array2<f64>> {
    let mut out = Array2::from_elem((n, dimension), f64::NAN);
    member.sample(Chunk { index: 0, first_event: 0, seed }, out.view_mut())?;
    Ok(out)
}

/// A mean with its standard error.
pub struct Fraction {
    pub value: f64,
    pub error: f64,
}

impl Fraction {
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut n, mut sum, mut square) = (0.0, 0.0, 0.0);
        for x in values {
            n += 1.0;
            sum += x;
            square += x * x;
        }
        let mean: f64 = sum / n;
        Fraction { value: mean, error: ((square / n - mean * mean).max(0.0) / n).sqrt() }
    }

    /// Whether two of them agree, up to chance.
    pub fn near(&self, expected: f64, error: f64) -> bool {
        (self.value - expected).abs() <= CHANCE * self.error.hypot(error) + SLACK
    }
}
