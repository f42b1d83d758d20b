//! The worked examples of the method's page, for the tests of its procedures.

use super::fits::{Fits, Part, Sample};
use super::interval::{Intervals, Parts};
use super::matrix::Symmetric;

pub const F: [f64; 3] = [0.052, 0.047, 0.055];
pub const G: [f64; 3] = [0.049, 0.050, 0.051];

pub fn training() -> Sample {
    let entry = |(r, s): (usize, usize)| if r == s { F[r] * (1.0 - F[r]) } else { -F[r] * F[s] };
    let covariance: Vec<f64> = (0..9).map(|i| entry((i / 3, i % 3))).collect();
    let m = Symmetric { size: 3, entries: covariance.clone() };
    let slopes: Vec<f64> = F.iter().map(|f| 1.0 - 2.0 * f).collect();
    let trace_error = (m.quadratic(&slopes) / 1000.0).sqrt() / m.trace();
    Sample { trace_error, ..sample(1000.0, F.to_vec(), covariance) }
}

/// Integrals of which the trace of the covariance is known, but for those that are fractions of events: with the trace they go by its
/// derivatives, 1 - 2 f.
pub fn sample(events: f64, means: Vec<f64>, covariance: Vec<f64>) -> Sample {
    let size = means.len();
    let fraction = |r: usize| (means[r] * (1.0 - means[r]) - covariance[r * (size + 1)]).abs() < 1e-9;
    let trace: f64 = covariance.iter().step_by(size + 1).sum();
    let along = |r: usize| (0..size).map(|s| covariance[r * size + s] * (1.0 - 2.0 * means[s])).sum::<f64>();
    let with_trace = match (0..size).all(fraction) {
        true => (0..size).map(|r| along(r) / trace).collect(),
        false => vec![0.0; size],
    };
    Sample { events, means, covariance, trace_error: 0.0, with_trace }
}

pub fn three(of: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    (0..3).map(|r| of(r, r as f64)).collect()
}

/// The worked example of the method's page: 20 parts of three regions, written out.
pub fn written_out(full: Vec<Vec<f64>>) -> Fits {
    let part = |b: f64| Part {
        own: three(|r, x| F[r] + 0.007 * (3.0 * b + x).sin()),
        starts: vec![three(|r, x| G[r] + 0.003 * (0.8 * (3.0 * b + x).sin() + (5.0 * b + 2.0 * x).cos()))],
    };
    let parts = (0..20).map(|b| part(f64::from(b))).collect();
    Fits { training: training(), full, parts, pairs: Vec::new(), finite: 0.0, factor: 1.0 }
}

pub fn holds(found: &Parts, parts: [f64; 8], expected: [f64; 6]) {
    let of = [
        found.v.value,
        found.u2,
        found.k.value,
        found.nu_null,
        found.v.freedom,
        found.k.freedom,
        found.s_v,
        found.intervals().p_bias,
    ];
    for (found, expected) in of.into_iter().zip(parts) {
        assert!((found - expected).abs() < 1e-4, "{of:?}: {found}, expected {expected}");
    }
    let Intervals { g, inner, outer, bound, .. } = found.intervals();
    let ends = [g, inner[0], inner[1], outer[0], outer[1], bound];
    for (found, expected) in ends.into_iter().zip(expected) {
        assert!((found / expected - 1.0).abs() < 0.01, "{ends:?}: {found}, expected {expected}");
    }
}
