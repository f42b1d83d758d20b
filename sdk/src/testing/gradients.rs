//! Tests of a differentiable model: its gradients are those of its loss.

use super::generator::{Learning, some_parameters};
use super::inputs;
use super::outcome::{Verdict, ensure, ensure_finite, ensure_same, skip};
use super::suite::{Subject, Test};
use crate::abi::LoadedModel;
use crate::{Differentiable, LossKind, Model, Result, Seed};

pub const TESTS: &[Test] = &[
    Test::new("loss", "Loss and gradient are finite, and deterministic in the seed", loss),
    Test::new(
        "gradient",
        "The gradient is the derivative of the loss, in every segment of the parameters",
        gradient,
    ),
    Test::new("loss-weights", "Equal weights change nothing; a weight of 2 is the same row twice", weights),
];

/// Rows of a loss.
const ROWS: u64 = 48;

struct Losses<'a> {
    model: &'a LoadedModel<'static>,
    rows: Vec<u64>,
    seed: Seed,
}

impl Losses<'_> {
    fn at(&self, parameters: &[f32]) -> Result<(f64, Vec<f32>)> {
        self.weighted(parameters, &self.rows, None)
    }

    fn weighted(&self, parameters: &[f32], rows: &[u64], weights: Option<&[f64]>) -> Result<(f64, Vec<f32>)> {
        let mut gradient = vec![f32::NAN; parameters.len()];
        let loss = self.model.loss_and_gradient(parameters, rows, weights, self.seed, &mut gradient)?;
        Ok((loss, gradient))
    }
}

/// Runs a test on the losses of a fitted model.
fn with_losses(subject: &Subject<'_>, test: impl Fn(&Losses<'_>, &[f32]) -> Verdict) -> Verdict {
    let learning = Learning::new(subject)?;
    if learning.generator.abilities().gradients.is_none() {
        return skip("it has no gradients");
    }
    let model = learning.model()?;
    // Beside the start: at a symmetric start many derivatives vanish.
    let mut parameters = some_parameters(&model, &learning)?;
    let noise = inputs::normals(Seed::new(20), parameters.len(), 0.0);
    parameters.iter_mut().zip(noise).for_each(|(p, z)| *p += 0.03 * z as f32);
    test(&Losses { model: &model, rows: (0..ROWS).collect(), seed: Seed::new(21) }, &parameters)
}

fn loss(subject: &Subject<'_>) -> Verdict {
    with_losses(subject, |losses, parameters| {
        let (value, gradient) = losses.at(parameters)?;
        ensure_finite("the loss", [value])?;
        ensure_finite("the gradient", gradient.iter().map(|&g| f64::from(g)))?;
        let again = losses.at(parameters)?;
        ensure_same("losses of one seed", &value, &again.0)?;
        ensure_same("gradients of one seed", &gradient, &again.1)
    })
}

/// Lengths of the steps: a long one has an error of its own, a short one drowns in the rounding of the loss.
const STEPS: [f64; 4] = [0.1, 0.03, 0.01, 0.003];
/// Relative difference that is taken for agreement.
const AGREEMENT: f64 = 0.03;
/// Relative rounding error of a loss that is computed in f32.
const ROUNDING: f64 = 1e-6;

fn gradient(subject: &Subject<'_>) -> Verdict {
    with_losses(subject, |losses, parameters| {
        let (value, gradient) = losses.at(parameters)?;
        let layout = losses.model.layout();
        for (number, (segment, range)) in layout.ranges().enumerate() {
            // Along the gradient, where the derivative is largest, and across it, where a missing part would show.
            let along = gradient[range.clone()].iter().map(|&g| f64::from(g)).collect();
            let across = inputs::normals(Seed::new(22).index(number as u64), range.len(), 0.0);
            for (direction, what) in [(along, "along the gradient"), (across, "in a random direction")] {
                let Some(unit) = normalised(direction) else { continue };
                let stated: f64 =
                    gradient[range.clone()].iter().zip(&unit).map(|(&g, u)| f64::from(g) * u).sum();
                let mut best: Option<(f64, f64)> = None;
                for step in STEPS {
                    let found = difference(losses, parameters, range.clone(), &unit, step)?;
                    let noise = ROUNDING * (1.0 + value.abs()) / step;
                    let error = ((found - stated).abs() - 3.0 * noise).max(0.0);
                    let relative = error / (found.abs().max(stated.abs()) + f64::MIN_POSITIVE);
                    if best.is_none_or(|(least, _)| relative < least) {
                        best = Some((relative, found));
                    }
                }
                let (relative, found) = best.unwrap_or((0.0, stated));
                ensure(relative < AGREEMENT, || {
                    format!(
                        "segment `{}`, {what}: the gradient says {stated:.6}, finite differences of the loss say \
                         {found:.6}",
                        segment.name
                    )
                })?;
            }
        }
        Ok(())
    })
}

fn normalised(direction: Vec<f64>) -> Option<Vec<f64>> {
    let norm = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
    (norm > 1e-12).then(|| direction.iter().map(|x| x / norm).collect())
}

/// The central difference of the loss along a direction in one segment.
fn difference(
    losses: &Losses<'_>,
    parameters: &[f32],
    range: std::ops::Range<usize>,
    unit: &[f64],
    step: f64,
) -> Result<f64> {
    let mut ends = [parameters.to_vec(), parameters.to_vec()];
    for (end, sign) in ends.iter_mut().zip([1.0, -1.0]) {
        end[range.clone()]
            .iter_mut()
            .zip(unit)
            .for_each(|(p, u)| *p = (f64::from(*p) + sign * step * u) as f32);
    }
    // Parameters are rounded to f32: the length of the step that was made.
    let made: f64 = range.zip(unit).map(|(i, u)| (f64::from(ends[0][i]) - f64::from(ends[1][i])) * u).sum();
    Ok((losses.at(&ends[0])?.0 - losses.at(&ends[1])?.0) / made)
}

/// Relative difference that f32 arithmetic in another order may make to a loss.
const SAME_LOSS: f64 = 1e-4;

fn weights(subject: &Subject<'_>) -> Verdict {
    with_losses(subject, |losses, parameters| {
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
        if losses.model.loss_kind() == LossKind::Surrogate {
            // A random loss draws other noise for other rows.
            return Ok(());
        }
        let mut doubled = vec![1.0; losses.rows.len()];
        doubled[0] = 2.0;
        let mut rows = losses.rows.clone();
        rows.push(rows[0]);
        let weighted = losses.weighted(parameters, &losses.rows, Some(&doubled))?;
        compare("a weight of 2 and the row twice", weighted, losses.weighted(parameters, &rows, None)?)
    })
}
