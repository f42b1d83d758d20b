//! Tests of a negative log-likelihood: it is that of the density, of all rows, with their weights.

use std::time::{Duration, Instant};

use super::generator::{Learning, prepared, some_parameters};
use super::inputs;
use super::loss::{Losses, SAME_LOSS, with_losses};
use super::outcome::{Stop, Verdict, ensure, skip};
use super::subject::{Subject, Test};
use crate::LossKind;

pub const TESTS: &[Test] = &[
    Test::new(
        "loss-density",
        "A negative log-likelihood rises as the mean log density of its rows falls",
        density,
    ),
    Test::new("loss-one-row", "With all weight on one row, loss and gradient are those of this row", one_row),
    Test::new("loss-many-rows", "The loss of up to 8192 rows is the mean of those of its halves", many_rows),
];

/// How far apart the places are at which losses are compared, in standard deviations of normal numbers.
const DISTANCES: [f64; 3] = [0.03, 0.1, 0.3];
/// What f32 arithmetic may make of a rise: a part of it, and of the loss.
const ROUNDING: (f64, f64) = (0.01, 1e-4);

fn needs_likelihood(learning: &Learning) -> Verdict {
    match learning.generator.abilities().gradients {
        Some(LossKind::NegativeLogLikelihood) => Ok(()),
        Some(LossKind::Surrogate) => skip("its loss is no likelihood"),
        None => skip("it has no gradients"),
    }
}

/// What does not depend on the parameters is nobody's business: a loss in other coordinates has another constant.
fn density(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    needs_likelihood(&learning)?;
    if !learning.generator.abilities().log_density {
        return skip("it has no density");
    }
    with_losses(&learning, |losses, here| {
        let rows = losses.rows.len();
        let events = learning.training.values.slice(ndarray::s![..rows, ..]);
        let mean_log_density = |parameters: &[f32]| -> Verdict<f64> {
            let mut out = vec![f64::NAN; rows];
            losses.model.at(parameters)?.log_density(events, losses.seed, &mut out)?;
            Ok(out.iter().sum::<f64>() / rows as f64)
        };
        let (loss, density) = (losses.at(here)?.0, mean_log_density(here)?);
        for (i, distance) in DISTANCES.into_iter().enumerate() {
            let noise = inputs::normals(learning.seed(35).index(i as u64), here.len(), 0.0);
            let there: Vec<f32> = here.iter().zip(noise).map(|(p, z)| p + (distance * z) as f32).collect();
            let (rise, fall) = (losses.at(&there)?.0 - loss, density - mean_log_density(&there)?);
            let (relative, absolute) = ROUNDING;
            let tolerance = relative * rise.abs().max(fall.abs()) + absolute * (1.0 + loss.abs());
            if !fall.is_finite() {
                continue;
            }
            ensure((rise - fall).abs() <= tolerance, || {
                format!(
                    "from one place to another the loss of {rows} rows rises by {rise:.6}, their mean log density falls by \
                     {fall:.6}: expected the same"
                )
            })?;
        }
        Ok(())
    })
}

/// Weights of the other rows, beside 1.
const SMALL: f64 = 1e-9;

fn one_row(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    needs_likelihood(&learning)?;
    with_losses(&learning, |losses, parameters| {
        for i in [0, losses.rows.len() / 3, losses.rows.len() - 1] {
            let mut weights = vec![SMALL; losses.rows.len()];
            weights[i] = 1.0;
            let (loss, gradient) = losses.weighted(parameters, &losses.rows, Some(&weights))?;
            let (expected, right) = losses.weighted(parameters, &losses.rows[i..=i], None)?;
            let close = |a: f64, b: f64, scale: f64| (a - b).abs() <= SAME_LOSS * (1.0 + scale);
            ensure(close(loss, expected, expected.abs()), || {
                format!("row {i} has all weight: expected its loss {expected}, found {loss}")
            })?;
            let largest = right.iter().fold(0.0_f64, |m, &g| m.max(f64::from(g).abs()));
            let pairs = gradient.iter().zip(&right).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
            let worst = pairs.fold(0.0, f64::max);
            ensure(close(worst, 0.0, largest), || {
                format!("row {i} has all weight: the gradient differs from that of this row by {worst}")
            })?;
        }
        Ok(())
    })
}

/// Most rows of a loss, and fewest.
const ROWS: (usize, usize) = (8192, 64);
const TIME: Duration = Duration::from_millis(700);

fn many_rows(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    needs_likelihood(&learning)?;
    let training = learning.training.more(learning.seed(36), ROWS.0);
    let model = prepared(&learning.generator, &training.batch(), &training.schema)?;
    let parameters = some_parameters(&model, &learning)?;
    let losses = Losses { model: &model, rows: training.rows, seed: learning.seed(37) };
    let start = Instant::now();
    let mut n = ROWS.1;
    let loss = |rows: &[u64]| losses.weighted(&parameters, rows, None);
    let (mut mean, mut slope) = loss(&losses.rows[..n])?;
    while n < ROWS.0 {
        if start.elapsed() > TIME {
            return Err(Stop::Partial(format!("losses of up to {n} rows in its time")));
        }
        let (other, more) = loss(&losses.rows[n..2 * n])?;
        let (whole, gradient) = loss(&losses.rows[..2 * n])?;
        n *= 2;
        let expected = 0.5 * (mean + other);
        ensure((whole - expected).abs() <= SAME_LOSS * (1.0 + expected.abs()), || {
            format!("the loss of {n} rows is {whole}, the mean of those of its halves {expected}")
        })?;
        let halves = slope.iter().zip(&more).map(|(a, b)| 0.5 * (f64::from(*a) + f64::from(*b)));
        let largest = gradient.iter().chain(&more).fold(0.0_f64, |m, &g| m.max(f64::from(g).abs()));
        let worst = halves.zip(&gradient).map(|(a, &b)| (a - f64::from(b)).abs()).fold(0.0, f64::max);
        ensure(worst <= SAME_LOSS * (1.0 + largest), || {
            format!("the gradient of {n} rows differs from the mean of those of its halves by {worst}")
        })?;
        (mean, slope) = (whole, gradient);
    }
    Ok(())
}
