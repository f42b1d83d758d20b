//! What all procedures measure with: squares of distances between integrals, in units of the error of the training events.

use super::fits::Sample;
use super::interval::Parts;
use super::matrix::{Symmetric, dot};
use super::mean_square::{MeanSquare, Variance, chi_squared};

/// Degrees of freedom of v however many members there are: the variance over parts differs from that over training sets by some
/// 20 % for reasons that more members do not cure.
pub const MOST_OF_V: f64 = 50.0;

/// How sure it must be that generators scatter along their bias more than training events do.
const CERTAIN: f64 = 0.95;

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
    with_trace: Vec<f64>,
    events: f64,
}

impl Measure {
    /// In units of the variance of `events` events like those of the training.
    pub fn new(training: &Sample, events: f64) -> Self {
        let m = training.of_event();
        Measure {
            scale: events / m.trace(),
            m,
            trace_error: training.trace_error,
            with_trace: training.with_trace.clone(),
            events: training.events,
        }
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

    /// The parts of x: u is the distance of the generated integrals from those of the training events. How it scatters along itself is what
    /// the training events do, or the gaps between generators and their own events, if their covariance is known (from so many of them) and has
    /// more of it.
    pub fn parts(&self, u: &[f64], [v, k]: [Variance; 2], gaps: Option<(&Symmetric, f64)>) -> Parts {
        let nu = self.freedom();
        let square = dot(u, u);
        let u2 = self.of(square);
        let share = |of: &Symmetric| {
            let all = square * of.trace();
            if all > 0.0 { of.quadratic(u) / all } else { 0.0 }
        };
        let mut eta = share(&self.m);
        let (mut k, mut by_factor) = (k, false);
        if let Some((gaps, count)) = gaps
            && share(gaps) > eta
        {
            // What is theirs along u, in units of what the training events have there, beyond chance.
            let along = self.of(gaps.trace()) * share(gaps) / eta;
            by_factor = along > chi_squared(count, CERTAIN) / count;
            // One direction of them has one square a gap.
            (eta, k) = (share(gaps), k.freedom_below(count));
        }
        let bias = (u2 - k.value).max(0.0);
        // A bias that sits in few regions, or where the generator itself scatters: u2 has the variance 2 tr S^2 + 4 b'Sb.
        let scatter = 2.0 * k.value / nu + 4.0 * bias * eta.max(1.0 / nu);
        let anisotropic = if scatter > 0.0 { (2.0 * k.value + 4.0 * bias) / scatter } else { nu };
        let of_bias = if bias > 0.0 { bias / (v.value + bias) } else { 0.0 };
        let s_v = (self.trace_error.powi(2) + of_bias * self.in_common(u)).sqrt();
        Parts { v, u2, k, nu: anisotropic, nu_null: nu, s_v, by_factor }
    }

    /// The training events are in the distance u from them and in its unit V: what this adds to the variance of ln(u^2 / V),
    /// 4 u'c / (n u^2) with c / n the covariance of the integrals with ln V. Where the errors take each other off, nothing.
    fn in_common(&self, u: &[f64]) -> f64 {
        let square = dot(u, u);
        if square > 0.0 { (4.0 * dot(u, &self.with_trace) / (self.events * square)).max(0.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covering::testing::sample;

    /// d ln (u^2 / V) / df = -2 / u - (1 - 2 f) / V for one region, of which the two parts alone are the errors of u and of V.
    #[test]
    fn distance_and_unit_share_the_training_events() {
        let (f, n) = (0.05, 1000.0);
        let v: f64 = f * (1.0 - f);
        let of_unit: f64 = (1.0 - 2.0 * f) / v;
        let trace_error = of_unit * (v / n).sqrt();
        let training = Sample { trace_error, ..sample(n, vec![f], vec![v]) };
        let measure = Measure::new(&training, n);
        for g in [0.27, 0.06] {
            let u = g - f;
            let whole = (2.0 / u + of_unit).powi(2) * v / n;
            let apart = (2.0 / u).powi(2) * v / n + training.trace_error.powi(2);
            assert!((measure.in_common(&[u]) - (whole - apart)).abs() < 1e-12);
            // All of 1/G is bias.
            let [none, k] = [MeanSquare::new(1e-12, 9.0), MeanSquare::new(0.0, 9.0)].map(Variance::from);
            let s_v = measure.parts(&[u], [none, k], None).s_v;
            assert!((s_v.powi(2) - (whole - (2.0 / u).powi(2) * v / n)).abs() < 1e-9, "{s_v}");
        }
        // Below the training events their errors take each other off; a variance has no distance.
        assert_eq!(measure.in_common(&[-0.03]), 0.0);
        let [v, k] = [MeanSquare::new(0.5, 9.0), MeanSquare::new(1e9, 9.0)].map(Variance::from);
        assert_eq!(measure.parts(&[0.2], [v, k], None).s_v, training.trace_error);
    }

    /// A generator that scatters along its bias knows it less well; one that scatters elsewhere as the training events do.
    #[test]
    fn a_generator_scatters_along_its_bias() {
        let covariance = vec![1.0, 0.0, 0.0, 1.0];
        let training = sample(1000.0, vec![0.0, 0.0], covariance);
        let measure = Measure::new(&training, 1000.0);
        let of = |along: Option<[f64; 2]>| {
            let gaps = along.map(|[a, b]| Symmetric { size: 2, entries: vec![a, 0.0, 0.0, b] });
            let [v, k] = [MeanSquare::new(0.5, 9.0), MeanSquare::new(1.0, 30.0)].map(Variance::from);
            let found = measure.parts(&[0.3, 0.0], [v, k], gaps.as_ref().map(|gaps| (gaps, 6.0)));
            assert_eq!(found.by_factor, along.is_some_and(|[along, across]| along > across));
            [found.nu, found.k.freedom]
        };
        assert_eq!(of(Some([1.0, 3.0])), of(None));
        assert!((of(None)[0] - 2.0).abs() < 1e-12);
        // Nearly all of u2 = 45 is bias: (2 k + 4 b) / (2 k / 2 + 4 b 3/4), and a square for each gap.
        let [along, freedom] = of(Some([3.0, 1.0]));
        assert!((along - 178.0 / 133.0).abs() < 1e-12 && (freedom - 5.0).abs() < 1e-12, "{along} {freedom}");
    }
}
