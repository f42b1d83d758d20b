//! Tests of a differentiable model: its loss.

use super::generator::{Learning, some_parameters};
use super::inputs;
use super::outcome::{Verdict, ensure, ensure_finite, ensure_same, skip};
use super::subject::{Subject, Test};
use crate::{Differentiable, Error, LossKind, Model, Result, Seed};

pub const TESTS: &[Test] = &[
    Test::new("loss", "Loss and gradient are finite, and deterministic in the seed", loss),
    Test::new("loss-alone", "The loss alone is the loss that comes with the gradient", loss_alone),
    Test::new("loss-weights", "Equal weights change nothing; a weight of 2 is the same row twice", weights),
    Test::new("loss-rows", "The loss of many rows is the mean of those of 1, 2, 3, 7 and 101 of them", rows),
];

/// Rows of a loss.
const ROWS: u64 = 48;

/// Losses of a model on some rows of its training set.
pub struct Losses<'a> {
    pub model: &'a dyn Model,
    pub rows: Vec<u64>,
    pub seed: Seed,
}

impl<'a> Losses<'a> {
    pub fn gradients(&self) -> Result<&'a dyn Differentiable> {
        self.model.gradients().ok_or_else(|| Error::plugin("expected gradients, found none"))
    }

    /// Loss and gradient at parameters.
    pub fn at(&self, parameters: &[f32]) -> Result<(f64, Vec<f32>)> {
        self.weighted(parameters, &self.rows, None)
    }

    pub fn weighted(
        &self,
        parameters: &[f32],
        rows: &[u64],
        weights: Option<&[f64]>,
    ) -> Result<(f64, Vec<f32>)> {
        let mut gradient = vec![f32::NAN; parameters.len()];
        let loss =
            self.gradients()?.loss_and_gradient(parameters, rows, weights, self.seed, &mut gradient)?;
        Ok((loss, gradient))
    }
}

/// Runs a test on the losses of a fitted model.
pub fn with_losses(learning: &Learning, test: impl Fn(&Losses<'_>, &[f32]) -> Verdict) -> Verdict {
    if learning.generator.abilities().gradients.is_none() {
        return skip("it has no gradients");
    }
    let model = learning.model()?;
    // Beside the start: at a symmetric start many derivatives vanish.
    let mut parameters = some_parameters(&model, learning)?;
    let noise = inputs::normals(learning.seed(20), parameters.len(), 0.0);
    parameters.iter_mut().zip(noise).for_each(|(p, z)| *p += 0.03 * z as f32);
    test(&Losses { model: &model, rows: (0..ROWS).collect(), seed: learning.seed(21) }, &parameters)
}

fn loss(subject: &Subject<'_>) -> Verdict {
    with_losses(&Learning::new(subject)?, |losses, parameters| {
        let (value, gradient) = losses.at(parameters)?;
        ensure_finite("the loss", [value])?;
        ensure_finite("the gradient", gradient.iter().map(|&g| f64::from(g)))?;
        let again = losses.at(parameters)?;
        ensure_same("losses of one seed", &value, &again.0)?;
        ensure_same("gradients of one seed", &gradient, &again.1)
    })
}

/// Relative difference that another order of f32 sums may make to a loss.
const SAME_VALUE: f64 = 1e-5;

fn loss_alone(subject: &Subject<'_>) -> Verdict {
    with_losses(&Learning::new(subject)?, |losses, parameters| {
        for n in [1, 7, ROWS] {
            let rows = &losses.rows[..n as usize];
            let (expected, _) = losses.weighted(parameters, rows, None)?;
            let found = losses.gradients()?.loss(parameters, rows, losses.seed)?;
            ensure((found - expected).abs() <= SAME_VALUE * (1.0 + expected.abs()), || {
                format!("{n} row(s): {found} alone, {expected} with the gradient")
            })?;
        }
        Ok(())
    })
}

/// Relative difference that f32 arithmetic in another order may make to a loss.
pub const SAME_LOSS: f64 = 1e-4;

fn weights(subject: &Subject<'_>) -> Verdict {
    with_losses(&Learning::new(subject)?, |losses, parameters| {
        let compare = |what: &str, first: (f64, Vec<f32>), second: (f64, Vec<f32>)| {
            let close = |a: f64, b: f64, scale: f64| (a - b).abs() <= SAME_LOSS * (1.0 + scale);
            ensure(close(first.0, second.0, first.0.abs()), || {
                format!("{what}: losses {} and {}", first.0, second.0)
            })?;
            let largest = first.1.iter().fold(0.0_f64, |m, &g| m.max(f64::from(g).abs()));
            let pairs = first.1.iter().zip(&second.1);
            let worst = pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs()).fold(0.0, f64::max);
            ensure(close(worst, 0.0, largest), || format!("{what}: gradients differ by {worst}"))
        };
        let equal = vec![0.5; losses.rows.len()];
        let plain = losses.at(parameters)?;
        compare("weights of 0.5 and none", plain, losses.weighted(parameters, &losses.rows, Some(&equal))?)?;
        if losses.gradients()?.loss_kind() == LossKind::Surrogate {
            // A random loss draws other noise for other rows.
            return Ok(());
        }
        let mut doubled = vec![1.0; losses.rows.len()];
        doubled[0] = 2.0;
        let mut rows = losses.rows.clone();
        rows.push(rows[0]);
        let weighted = losses.weighted(parameters, &losses.rows, Some(&doubled))?;
        let twice = losses.weighted(parameters, &rows, None)?;
        compare("a weight of 2 and the row twice", weighted, twice.clone())?;
        rows.sort_unstable();
        compare("a row twice, at the end and in succession", twice, losses.weighted(parameters, &rows, None)?)
    })
}

fn rows(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    with_losses(&learning, |losses, parameters| {
        // Two places are compared: what does not depend on the parameters is nobody's business.
        let mut other = parameters.to_vec();
        let noise = inputs::normals(learning.seed(25), other.len(), 0.0);
        other.iter_mut().zip(noise).for_each(|(p, z)| *p += 0.03 * z as f32);
        let rise = |rows: &[u64]| -> Verdict<f64> {
            let (here, there) =
                (losses.weighted(parameters, rows, None)?, losses.weighted(&other, rows, None)?);
            ensure_finite(&format!("losses of {} row(s)", rows.len()), [here.0, there.0])?;
            let gradient = here.1.into_iter().map(f64::from);
            ensure_finite(&format!("the gradient of {} row(s)", rows.len()), gradient)?;
            Ok(there.0 - here.0)
        };
        let (mut sum, mut first) = (0.0, 0);
        for n in inputs::ODD_NUMBERS {
            let rows: Vec<u64> = (first..first + n as u64).collect();
            sum += n as f64 * rise(&rows)?;
            first += n as u64;
        }
        if losses.gradients()?.loss_kind() == LossKind::Surrogate {
            // A random loss draws other noise for other rows.
            return Ok(());
        }
        let all: Vec<u64> = (0..first).collect();
        let (mean, found) = (sum / first as f64, rise(&all)?);
        let scale = losses.weighted(parameters, &all, None)?.0.abs();
        ensure((found - mean).abs() <= SAME_LOSS * (1.0 + scale), || {
            format!(
                "{first} rows: from one place to another the loss rises by {found}, that of their parts by {mean}"
            )
        })
    })
}
