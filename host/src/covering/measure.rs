//! What all procedures measure with: squares of distances between integrals, in units of the error of the training events.

use super::fits::Sample;
use super::interval::Parts;
use super::matrix::{Symmetric, dot};
use super::mean_square::{MeanSquare, Variance};

/// Degrees of freedom of v however many members there are: the variance over parts differs from that over training sets by some
/// 20 % for reasons that more members do not cure.
pub const MOST_OF_V: f64 = 50.0;

/// v and k stay above this part of themselves when training noise is taken off.
pub const LEAST_LEFT: f64 = 0.25;

/// Variance within groups of fits to the same events, and how many differences it is made of.
pub fn within<'a>(groups: impl Iterator<Item = &'a [Vec<f64>]>) -> Option<(f64, f64)> {
    let (mut sum, mut freedom) = (0.0, 0.0);
    for starts in groups.filter(|starts| starts.len() > 1) {
        let degrees = (starts.len() - 1) as f64;
        sum += degrees * Symmetric::covariance(starts).trace();
        freedom += degrees;
    }
    (freedom > 0.0).then(|| (sum / freedom, freedom))
}

/// Squares in units of the variance that so many true events have.
pub struct Measure {
    m: Symmetric,
    scale: f64,
    trace_error: f64,
}

impl Measure {
    /// In units of the variance of `events` events like those of the training.
    pub fn new(training: &Sample, events: f64) -> Self {
        let m = training.of_event();
        Measure { scale: events / m.trace(), m, trace_error: training.trace_error }
    }

    /// Degrees of freedom of a square of the regions' integrals.
    pub fn freedom(&self) -> f64 {
        self.m.freedom()
    }

    /// A number in these units.
    pub fn of(&self, value: f64) -> f64 {
        self.scale * value
    }

    /// A mean of so many squares, `each` with its degrees of freedom.
    pub fn mean_square(&self, value: f64, each: f64, of: f64) -> MeanSquare {
        MeanSquare::new(self.of(value), each * of)
    }

    /// The parts of x: u is the distance of the generated integrals from those of the training events.
    pub fn parts(&self, u: &[f64], [v, k]: [Variance; 2]) -> Parts {
        let nu = self.freedom();
        let square = dot(u, u);
        let u2 = self.of(square);
        let eta = if square > 0.0 { self.m.quadratic(u) / (square * self.m.trace()) } else { 0.0 };
        let bias = (u2 - k.value).max(0.0);
        // A bias that sits in few regions: u2 has the variance 2 tr S^2 + 4 b'Sb.
        let scatter = 2.0 * k.value / nu + 4.0 * bias * eta.max(1.0 / nu);
        let anisotropic = if scatter > 0.0 { (2.0 * k.value + 4.0 * bias) / scatter } else { nu };
        Parts { v, u2, k, nu: anisotropic, nu_null: nu, s_v: self.trace_error }
    }
}
