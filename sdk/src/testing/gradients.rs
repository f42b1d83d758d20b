//! Tests of a differentiable model: its gradients are those of its loss.

use super::derivative::Line;
use super::generator::{Learning, some_parameters};
use super::inputs;
use super::loss::{Losses, with_losses};
use super::many::in_time;
use super::outcome::{Verdict, ensure};
use super::subject::{Subject, Test};
use crate::{Result, Seed};

pub const TESTS: &[Test] = &[
    Test::new(
        "gradient",
        "The gradient is the derivative of the loss, in every segment of the parameters",
        gradient,
    ),
    Test::new(
        "gradient-places",
        "It is so where training starts, where it ends, and farther away",
        gradient_places,
    ),
];

/// How far from the fit the gradient is looked at, in standard deviations of normal numbers that are added to the parameters.
const DISTANCES: [f64; 3] = [0.3, 0.001, 1.0];

/// Single parameters of a segment along which derivatives are taken: of a short one, and of a long one.
const SINGLE: (usize, usize) = (3, 1);
/// Parameters of a segment that is not short.
const LONG: usize = 9;

/// A short way in the space of the parameters: that of the shortest lines to which a loss is compared.
const SHORT: f64 = 1e-4;

/// On one training set; on the others the whole gradient is looked at ([`along_the_gradient`]).
fn gradient(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    with_losses(&learning, |losses, parameters| {
        let (_, gradient) = losses.at(parameters)?;
        let gradient: Vec<f64> = gradient.into_iter().map(f64::from).collect();
        for (number, (segment, range)) in losses.model.layout().ranges().enumerate() {
            let seed = subject.seed(22).index(number as u64);
            for (what, unit) in directions(&gradient[range.clone()], seed) {
                check(losses, parameters, &gradient, range.clone(), &unit)
                    .map_err(|stop| stop.at(&format!("segment `{}`, {what}", segment.name)))?;
            }
        }
        Ok(())
    })
}

fn gradient_places(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    with_losses(&learning, |losses, _| {
        let (model, seed) = (losses.model, subject.seed(29));
        let fitted = some_parameters(model, &learning)?;
        let mut places = vec![("where training starts".to_string(), model.initial(seed)?)];
        for (i, distance) in DISTANCES.into_iter().enumerate() {
            let noise = inputs::normals(seed.index(i as u64), fitted.len(), 0.0);
            let place = fitted.iter().zip(noise).map(|(p, z)| p + (distance * z) as f32).collect();
            places.push((format!("at the fit plus normal numbers of width {distance}"), place));
        }
        in_time("places", places, |(what, parameters)| {
            // Far away a loss may be without bounds.
            let (value, gradient) = losses.at(&parameters)?;
            if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
                return Ok(());
            }
            let gradient: Vec<f64> = gradient.into_iter().map(f64::from).collect();
            let random = inputs::normals(seed.split(&what), gradient.len(), 0.0);
            for unit in [random, gradient.clone()].into_iter().filter_map(normalized) {
                check(losses, &parameters, &gradient, 0..parameters.len(), &unit)
                    .map_err(|stop| stop.at(&what))?;
            }
            Ok(())
        })
    })
}

/// Along the gradient, where the derivative is largest; in a random direction, where a missing part would show; and along
/// some single parameters, where a part that is a little off would.
fn directions(gradient: &[f64], seed: Seed) -> Vec<(String, Vec<f64>)> {
    let n = gradient.len();
    let mut list = vec![
        ("along the gradient".to_string(), gradient.to_vec()),
        ("in a random direction".to_string(), inputs::normals(seed, n, 0.0)),
    ];
    if n > 1 {
        // Spread over the segment, the start of it from the seed.
        let start = (inputs::normals(seed.split("single"), 1, 0.0)[0].abs() * 1e6) as usize;
        let count = if n < LONG { SINGLE.0.min(n) } else { SINGLE.1 };
        for i in (0..count).map(|k| (start + k * n.div_ceil(count)) % n) {
            let mut single = vec![0.0; n];
            single[i] = 1.0;
            list.push((format!("parameter {i}"), single));
        }
    }
    list.into_iter().filter_map(|(what, direction)| Some((what, normalized(direction)?))).collect()
}

fn normalized(direction: Vec<f64>) -> Option<Vec<f64>> {
    let norm = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
    (norm > 1e-12).then(|| direction.iter().map(|x| x / norm).collect())
}

/// Ends the test unless the gradient of these parameters, along `unit`, is the derivative of the loss.
fn check(
    losses: &Losses<'_>,
    parameters: &[f32],
    gradient: &[f64],
    range: std::ops::Range<usize>,
    unit: &[f64],
) -> Verdict {
    let own = &gradient[range.clone()];
    let stated: f64 = own.iter().zip(unit).map(|(g, u)| g * u).sum();
    let norm = own.iter().map(|g| g * g).sum::<f64>().sqrt();
    let loss = |parameters: &[f32]| Ok(losses.at(parameters)?.0);
    let line = Line { loss: &loss, parameters, range: range.clone(), unit, gradient: own };
    match line.agrees(stated, norm)? {
        None => Ok(()),
        Some(_) if at_a_pole(losses, parameters, (range, unit), stated)? => Ok(()),
        Some(differs) => ensure(false, || {
            format!(
                "the gradient says {stated:.6}, differences of the loss say {:.6} +- {:.1e}",
                differs.found, differs.error
            )
        }),
    }
}

/// Whether the stated derivative is less than half as large a short way along the line, on both sides: near a pole of the loss, which is narrower
/// than that, no difference of losses shows it. A gradient that is wrong is so there as well.
fn at_a_pole(
    losses: &Losses<'_>,
    parameters: &[f32],
    (range, unit): (std::ops::Range<usize>, &[f64]),
    stated: f64,
) -> Result<bool> {
    for distance in [-SHORT, SHORT] {
        let mut moved = parameters.to_vec();
        moved[range.clone()].iter_mut().zip(unit).for_each(|(p, u)| *p += (distance * u) as f32);
        let (_, gradient) = losses.at(&moved)?;
        let there: f64 = gradient[range.clone()].iter().zip(unit).map(|(g, u)| f64::from(*g) * u).sum();
        if there.abs() > 0.5 * stated.abs() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The same along the whole gradient: cheap enough for every training set.
pub fn along_the_gradient(losses: &Losses<'_>, parameters: &[f32]) -> Verdict {
    let gradient: Vec<f64> = losses.at(parameters)?.1.into_iter().map(f64::from).collect();
    match normalized(gradient.clone()) {
        Some(unit) => check(losses, parameters, &gradient, 0..parameters.len(), &unit)
            .map_err(|stop| stop.at("along the gradient")),
        None => Ok(()),
    }
}
