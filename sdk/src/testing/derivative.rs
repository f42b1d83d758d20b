//! The derivative of a loss along a direction, with the error that the loss's own rounding leaves in it.
//!
//! A polynomial is fitted to the loss at points around the parameters. How far they lie from it tells how exact its slope
//! is: nearly so for a loss in f64, to a few 1e-4 for one in f32, hardly at all for one with kinks.

use std::ops::Range;

use crate::Result;

/// The loss at parameters.
pub type Loss<'a> = &'a dyn Fn(&[f32]) -> Result<f64>;

/// A line through parameter space.
pub struct Line<'a> {
    pub loss: Loss<'a>,
    pub parameters: &'a [f32],
    /// The parameters that change.
    pub range: Range<usize>,
    /// In which direction; of length 1.
    pub unit: &'a [f64],
    /// Their stated gradient, by which the rounding of parameters across the line is made good.
    pub gradient: &'a [f64],
}

/// What was found where the gradient and the loss differ.
#[derive(Debug)]
pub struct Differs {
    pub found: f64,
    pub error: f64,
}

/// Half lengths of the lines to which polynomials are fitted, the one that usually does first.
const REACHES: [f64; 7] = [0.03, 0.003, 0.1, 0.01, 0.001, 3e-4, 1e-4];
/// Points on each side of the middle.
const SIDE: i32 = 6;
/// Coefficients of the polynomial.
const TERMS: usize = 5;
/// Standard errors that are taken for rounding.
const CHANCE: f64 = 10.0;
/// Relative difference that is taken for agreement, beside the errors: parameters and gradients are f32.
const AGREEMENT: f64 = 1e-4;
/// An error below this part of the derivative is small enough.
const SHARP: f64 = 1.5e-3;
/// By how much rounding is larger in a gradient than in its loss, and the most that is ascribed to it.
const GRADIENT_ROUNDING: (f64, f64) = (1e8, 5e-3);

/// A slope with its standard error, and the scatter of the loss around the polynomial.
#[derive(Debug, Clone, Copy)]
struct Slope {
    value: f64,
    error: f64,
    scatter: f64,
}

impl Line<'_> {
    /// Whether `stated`, a derivative from a gradient of length `norm`, is that of the loss.
    ///
    /// It is if a slope that is sharp says so: where a loss turns within a small distance, only a short line shows it.
    pub fn agrees(&self, stated: f64, norm: f64) -> Result<Option<Differs>> {
        let value = (self.loss)(self.parameters)?;
        let mut slopes: Vec<Slope> = Vec::new();
        let mut noise = f64::INFINITY;
        let scale = |slope: &Slope| slope.value.abs().max(stated.abs());
        let agrees = |slope: &Slope, rounding: f64| {
            let tolerance = AGREEMENT * scale(slope) + CHANCE * slope.error + rounding;
            (slope.value - stated).abs() <= tolerance
        };
        let mut rounding = 0.0;
        for reach in REACHES {
            slopes.push(self.slope(value, reach)?);
            noise = slopes.iter().fold(noise, |least, slope| least.min(slope.scatter));
            // A long line scatters because the loss bends: one length does not tell what is rounding.
            if slopes.len() > 1 {
                let (factor, most) = GRADIENT_ROUNDING;
                rounding = (factor * noise / (1.0 + value.abs())).min(most) * norm;
            }
            let sharp = |slope: &&Slope| CHANCE * slope.error <= SHARP * scale(slope);
            if slopes.iter().filter(sharp).any(|slope| agrees(slope, rounding)) {
                return Ok(None);
            }
        }
        let Some(best) = slopes.iter().min_by(|a, b| a.error.total_cmp(&b.error)) else { return Ok(None) };
        if CHANCE * best.error > ROUGH * scale(best) {
            return self.roughly(value, stated, noise);
        }
        Ok((!agrees(best, rounding)).then_some(Differs { found: best.value, error: best.error }))
    }

    /// Parameters at a distance, the distance after their rounding to f32, and what that adds to the loss beside the line.
    fn at(&self, distance: f64) -> (Vec<f32>, f64, f64) {
        let mut parameters = self.parameters.to_vec();
        let (mut made, mut whole, mut along) = (0.0, 0.0, 0.0);
        for ((i, u), g) in self.range.clone().zip(self.unit).zip(self.gradient) {
            let before = f64::from(parameters[i]);
            parameters[i] = (before + distance * u) as f32;
            let moved = f64::from(parameters[i]) - before;
            made += moved * u;
            whole += moved * g;
            along += u * g;
        }
        (parameters, made, whole - made * along)
    }

    fn slope(&self, value: f64, reach: f64) -> Result<Slope> {
        let mut points = Vec::new();
        let mut changes = false;
        for k in -SIDE..=SIDE {
            let (parameters, made, beside) = self.at(reach * f64::from(k) / f64::from(SIDE));
            let change = (self.loss)(&parameters)? - value;
            changes |= change != 0.0;
            points.push((made / reach, change - beside));
        }
        let Fit { slope, error, scatter } = fit(&points);
        // A loss that is the same along the whole line may change by less than its own digits show.
        let hidden = if changes { 0.0 } else { ROUNDING * (1.0 + value.abs()) };
        Ok(Slope { value: slope / reach, error: (error + hidden) / reach, scatter })
    }
}

struct Fit {
    slope: f64,
    error: f64,
    scatter: f64,
}

/// Least squares by the normal equations: with points between -1 and 1 they lose few digits.
fn fit(points: &[(f64, f64)]) -> Fit {
    // The right-hand side, and the unit vector whose solution is a row of the inverse.
    let mut system = [[0.0; TERMS + 2]; TERMS];
    for &(x, y) in points {
        for (i, row) in system.iter_mut().enumerate() {
            (0..TERMS).for_each(|j| row[j] += x.powi((i + j) as i32));
            row[TERMS] += y * x.powi(i as i32);
        }
    }
    system[1][TERMS + 1] = 1.0;
    for i in 0..TERMS {
        let pivot =
            (i..TERMS).max_by(|&a, &b| system[a][i].abs().total_cmp(&system[b][i].abs())).unwrap_or(i);
        system.swap(i, pivot);
        for k in (0..TERMS).filter(|&k| k != i) {
            let factor = system[k][i] / system[i][i];
            (i..TERMS + 2).for_each(|j| system[k][j] -= factor * system[i][j]);
        }
    }
    let solution =
        |column: usize| -> Vec<f64> { (0..TERMS).map(|i| system[i][column] / system[i][i]).collect() };
    let coefficients = solution(TERMS);
    let at = |x: f64| coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c);
    let squares: f64 = points.iter().map(|(x, y)| (y - at(*x)).powi(2)).sum();
    let scatter = (squares / (points.len() - TERMS) as f64).sqrt();
    Fit { slope: coefficients[1], error: scatter * solution(TERMS + 1)[1].max(0.0).sqrt(), scatter }
}

/// Relative difference that is taken for agreement where the loss is too rough for a polynomial.
const ROUGH: f64 = 0.03;
/// Lengths of steps: a long one has an error of its own, a short one drowns in the rounding of the loss.
const STEPS: [f64; 7] = [0.1, 0.03, 0.01, 0.003, 1e-3, 3e-4, 1e-4];
/// A step that is as short as this is for a loss that is steeper the nearer it comes to a pole, and counts if rounding leaves the
/// difference of the loss this exact.
const NEAR_A_POLE: (f64, f64) = (1e-3, 0.25);
/// Relative rounding error of a loss that is computed in f32, if it is not found to be larger.
const ROUNDING: f64 = 1e-6;

impl Line<'_> {
    /// By central differences, of which the best counts: for a loss with kinks, or one that is all rounding.
    fn roughly(&self, value: f64, stated: f64, noise: f64) -> Result<Option<Differs>> {
        let mut best: Option<(f64, Differs)> = None;
        for step in STEPS {
            let ((forward, ahead, _), (backward, behind, _)) = (self.at(step), self.at(-step));
            let found = ((self.loss)(&forward)? - (self.loss)(&backward)?) / (ahead - behind);
            let noise = 3.0 * noise.max(ROUNDING * (1.0 + value.abs())) / step;
            let scale = found.abs().max(stated.abs()) + f64::MIN_POSITIVE;
            if step <= NEAR_A_POLE.0 && noise > NEAR_A_POLE.1 * scale {
                continue;
            }
            let relative = ((found - stated).abs() - noise).max(0.0) / scale;
            if best.as_ref().is_none_or(|(least, _)| relative < *least) {
                best = Some((relative, Differs { found, error: noise }));
            }
        }
        Ok(best.filter(|(relative, _)| *relative >= ROUGH).map(|(_, differs)| differs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees(loss: Loss<'_>, stated: f64) -> bool {
        let (a, b) = (f64::from(0.3_f32), f64::from(-0.7_f32));
        let gradient = [b.exp() * a.cos(), b.exp() * a.sin()];
        let line =
            Line { loss, parameters: &[0.3, -0.7], range: 0..2, unit: &[0.6, 0.8], gradient: &gradient };
        line.agrees(stated, b.exp()).unwrap().is_none()
    }

    /// d/dt of sin(a) exp(b) + 5 along (0.6, 0.8).
    fn truth() -> f64 {
        let (a, b) = (f64::from(0.3_f32), f64::from(-0.7_f32));
        b.exp() * (0.6 * a.cos() + 0.8 * a.sin())
    }

    fn smooth(p: &[f32]) -> f64 {
        f64::from(p[0]).sin() * f64::from(p[1]).exp() + 5.0
    }

    #[test]
    fn a_loss_in_f64_is_held_to_one_in_ten_thousand() {
        let loss = |p: &[f32]| Ok(smooth(p));
        for (factor, expected) in [(1.0, true), (1.00005, true), (1.0003, false), (0.99, false)] {
            assert_eq!(agrees(&loss, factor * truth()), expected, "{factor}");
        }
    }

    #[test]
    fn a_loss_in_f32_is_held_to_what_its_rounding_allows() {
        let loss = |p: &[f32]| Ok(f64::from(smooth(p) as f32));
        for (factor, expected) in [(1.0, true), (1.0005, true), (1.01, false), (0.99, false)] {
            assert_eq!(agrees(&loss, factor * truth()), expected, "{factor}");
        }
    }

    #[test]
    fn a_slope_below_the_digits_of_the_loss_is_not_called_zero() {
        let loss = |p: &[f32]| Ok(f64::from((1000.0 + 1e-3 * smooth(p)) as f32));
        assert!(agrees(&loss, 1e-3 * truth()));
        assert!(!agrees(&loss, 0.1));
    }

    #[test]
    fn a_kink_beside_the_parameters_is_no_fault() {
        let loss = |p: &[f32]| Ok(smooth(p) + 0.2 * (f64::from(p[0]) - 0.301).max(0.0));
        assert!(agrees(&loss, truth()));
        assert!(!agrees(&loss, 1.5 * truth()));
    }

    /// Ever steeper towards a pole, with steps that f32 leaves in it: no line is long enough for its slope, and short enough for
    /// the pole.
    #[test]
    fn a_pole_beside_the_parameters_is_no_fault() {
        let distance = |p: &[f32]| {
            0.6 * (f64::from(p[0]) - f64::from(0.3_f32)) + 0.8 * (f64::from(p[1]) + f64::from(0.7_f32))
        };
        let loss = |p: &[f32]| {
            let pole = -0.02 * (distance(p) - 2e-3).abs().ln();
            Ok(smooth(p) + (1e3 * pole).round() / 1e3)
        };
        let slope = truth() + 0.02 / 2e-3;
        assert!(agrees(&loss, slope));
        assert!(!agrees(&loss, 0.5 * slope) && !agrees(&loss, 2.0 * slope));
    }
}
