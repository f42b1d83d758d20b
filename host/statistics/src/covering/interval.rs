//! From the parts of x = 1/G to an interval of G.

use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::mean_square::{Variance, chi_squared};
use super::noncentral::noncentrality;
use super::normal_quantile;
use crate::moments::quantile;

/// What is known of x = 1/G = v + beta, with the degrees of freedom of each part. All are in units of the error of the training events
/// themselves: x = 1 is theirs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parts {
    /// The variance of the generated integrals over training sets.
    pub v: Variance,
    /// The squared deviation of the generated integrals from those of the training events.
    pub u2: f64,
    /// What this would be without any bias, the covariance of generator and training events taken off.
    pub k: Variance,
    /// Degrees of freedom of u2 as it scatters: those of the regions, less where a bias sits in few of them.
    pub nu: f64,
    /// Degrees of freedom of u2 without a bias, for the power of the test.
    pub nu_null: f64,
    /// Standard deviation of ln V, the unit of them all, with what it has in common with u2 where that is a bias.
    pub s_v: f64,
    /// Whether the generator scatters along its bias more than the training events do: then what scatters is the bias itself, by a factor.
    pub by_factor: bool,
}

/// Central intervals of G, the one-sided bound, and the test of no bias.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intervals {
    /// 1 / (v + max(u2 - k, 0)).
    pub g: f64,
    /// Ends of the 68 % interval.
    pub inner: [f64; 2],
    /// Ends of the 95 % interval.
    pub outer: [f64; 2],
    /// One-sided lower bound at 95 %.
    pub bound: f64,
    /// Probability of a u2 as large as this, or larger, without any bias.
    pub p_bias: f64,
}

/// Equally likely scales of k, levels of the curve for each, and levels of v.
const SCALES: usize = 7;
const LEVELS: usize = 20;
const LEVELS_OF_V: usize = 30;

/// Below this probability of no bias it is said to be seen.
pub const BIAS_SEEN: f64 = 0.05;

/// A lucky u2 gives no better limit than an unbiased generator would have in this part of the cases (a power constraint).
const POWER: f64 = 0.16;

impl Parts {
    /// x itself.
    pub fn x(&self) -> f64 {
        self.v.value + self.beta()
    }

    /// The bias part of it.
    pub fn beta(&self) -> f64 {
        (self.u2 - self.k.value).max(0.0)
    }

    /// Procedure S, steps 6 to 10.
    pub fn intervals(&self) -> Intervals {
        let curves = self.curves();
        Intervals {
            g: 1.0 / self.x(),
            inner: curves.ends(0.68),
            outer: curves.ends(0.95),
            bound: curves.lower(0.95),
            p_bias: self.p_bias(),
        }
    }

    /// What intervals at any level are read from.
    pub fn curves(&self) -> Curves<'_> {
        let unbiased = self.k.value * chi_squared(self.nu_null, POWER) / self.nu_null;
        let upward = self.curve_of_beta(self.u2.max(unbiased), self.by_factor);
        let of_v = levels(LEVELS_OF_V).map(|p| self.v.at(p));
        let mut sums: Vec<f64> = of_v.flat_map(|v| upward.iter().map(move |beta| v + beta)).collect();
        sums.sort_unstable_by(f64::total_cmp);
        Curves { parts: self, sums, beta: self.curve_of_beta(self.u2, false) }
    }

    /// The sorted confidence curve of beta for this u2, over scales of k. A bias that scatters `by_factor` may be as large as that says.
    fn curve_of_beta(&self, u2: f64, by_factor: bool) -> Vec<f64> {
        let scales = levels(SCALES).map(|p| self.k.at(p));
        let at = |k: f64, p: f64| {
            let beta = beta_at(self.nu, k, u2, p);
            if by_factor { beta.max(by_factor_at(self.nu, k, u2, p)) } else { beta }
        };
        let mut curve: Vec<f64> = scales.flat_map(|k| levels(LEVELS).map(move |p| at(k, p))).collect();
        curve.sort_unstable_by(f64::total_cmp);
        curve
    }

    /// The test of no bias.
    fn p_bias(&self) -> f64 {
        let Variance { scale, freedom, .. } = self.k;
        if scale <= 0.0 {
            return if self.u2 > 0.0 { 0.0 } else { 1.0 };
        }
        FisherSnedecor::new(self.nu_null, freedom).map_or(1.0, |law| law.sf(self.u2 / scale))
    }
}

/// Confidence curves of x.
pub struct Curves<'a> {
    parts: &'a Parts,
    /// Sorted values of v + beta.
    sums: Vec<f64>,
    /// Sorted values of beta.
    beta: Vec<f64>,
}

impl Curves<'_> {
    /// Ends of the central interval of G at `level`.
    pub fn ends(&self, level: f64) -> [f64; 2] {
        let p = 0.5 - level / 2.0;
        // A quantile of the sum would lose coverage where there is no bias.
        let high = self.parts.v.at(p) + quantile(&self.beta, p);
        [self.lower(1.0 - p), 1.0 / self.widened(high, p)]
    }

    /// What G exceeds with the probability `p`.
    pub fn lower(&self, p: f64) -> f64 {
        1.0 / self.widened(quantile(&self.sums, p), p)
    }

    /// V is itself estimated from the training events.
    fn widened(&self, end: f64, p: f64) -> f64 {
        let x = self.parts.x();
        let distance = (end / x).ln();
        x * (distance.hypot(normal_quantile(p) * self.parts.s_v).copysign(distance)).exp()
    }
}

/// beta at the probability `p`, the scale of k known.
fn beta_at(nu: f64, k: f64, u2: f64, p: f64) -> f64 {
    if k <= 0.0 {
        return u2;
    }
    noncentrality(nu, u2 * nu / k, p) * k / nu
}

/// beta at the probability `p` where u scatters by a factor around it: ln u is normal with the relative standard deviation of u, and what
/// lies in the middle of its law is less than its mean.
///
/// A training that smooths more than another one does so wherever there is something to smooth: its bias is a positive number of times the same.
/// Such a number seems small more often than large.
fn by_factor_at(nu: f64, k: f64, u2: f64, p: f64) -> f64 {
    let relative = (k / (nu * u2)).sqrt();
    u2 * (2.0 * relative * normal_quantile(p) + relative * relative).exp()
}

/// The middles of `n` equally likely parts.
fn levels(n: usize) -> impl Iterator<Item = f64> {
    (0..n).map(move |i| (i as f64 + 0.5) / n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covering::mean_square::MeanSquare;

    /// The confidence curve of beta where the scale of k is known, of five probabilities.
    #[test]
    fn curves_with_a_known_scale() {
        for (nu, k, u2, expected) in [
            (1.0, 1.0, 1.0, [0.0, 0.8710, 3.9550, 6.9884, 8.7576]),
            (1.0, 0.5, 4.0, [1.6817, 4.0, 7.3072, 10.0051, 11.4643]),
            (18.0, 0.9, 0.9, [0.0, 0.0343, 0.4064, 0.7116, 0.8765]),
            (18.0, 0.9, 1.8, [0.4775, 0.9447, 1.5209, 1.9554, 2.1820]),
            (18.0, 0.2, 2.0, [1.5327, 1.8109, 2.1115, 2.3201, 2.4247]),
            (5.0, 1.0, 0.3, [0.0, 0.0, 0.0, 0.2768, 0.6210]),
        ] {
            for (p, expected) in [0.16, 0.5, 0.84, 0.95, 0.975].into_iter().zip(expected) {
                let found = beta_at(nu, k, u2, p);
                assert!((found - expected).abs() < 1e-4, "{nu} {k} {u2} at {p}: {found}");
            }
        }
    }

    fn parts([v, nu_v, u2, k, nu, nu_k, s_v, eta]: [f64; 8]) -> Parts {
        let b2 = (u2 - k).max(0.0);
        let anisotropic = (2.0 * k + 4.0 * b2) / (2.0 * k / nu + 4.0 * b2 * eta.max(1.0 / nu));
        let [v, k] = [MeanSquare::new(v, nu_v), MeanSquare::new(k, nu_k)].map(Variance::from);
        Parts { v, u2, k, nu: anisotropic, nu_null: nu, s_v, by_factor: false }
    }

    /// Whole intervals, from an implementation of its own in Python: G, 68 %, 95 %, bound, p.
    #[test]
    fn whole_intervals() {
        for (input, expected) in [
            ([0.2, 40.0, 0.9, 0.9, 18.0, 342.0, 0.0, 0.0], [5.0, 1.608, 6.102, 0.925, 7.418, 1.037, 0.4590]),
            (
                [0.2, 40.0, 1.8, 0.9, 18.0, 342.0, 0.0, 0.0],
                [0.909, 0.577, 1.575, 0.419, 3.597, 0.453, 0.0094],
            ),
            (
                [0.05, 40.0, 0.3, 0.95, 18.0, 342.0, 0.0, 0.0],
                [20.0, 11.687, 24.407, 2.188, 29.671, 2.919, 0.9970],
            ),
            ([0.5, 14.0, 0.5, 0.5, 1.0, 19.0, 0.13, 0.0], [2.0, 0.380, 2.805, 0.193, 3.923, 0.230, 0.3299]),
            (
                [0.05, 30.0, 6.0, 0.95, 18.0, 342.0, 0.02, 0.0],
                [0.196, 0.160, 0.243, 0.133, 0.310, 0.145, 0.0],
            ),
            (
                [1.0, 30.0, 0.05, 0.05, 18.0, 342.0, 0.02, 0.0],
                [1.0, 0.737, 1.255, 0.530, 1.569, 0.615, 0.4590],
            ),
            (
                [0.3, 30.0, 0.6, 0.7, 18.0, 342.0, 0.02, 0.15],
                [3.333, 1.826, 4.183, 1.195, 5.229, 1.329, 0.6315],
            ),
        ] {
            let i = parts(input).intervals();
            let found = [i.g, i.inner[0], i.inner[1], i.outer[0], i.outer[1], i.bound];
            for (found, expected) in found.into_iter().zip(expected) {
                assert!((found / expected - 1.0).abs() < 0.01, "{input:?}: {found}, expected {expected}");
            }
            assert!((i.p_bias - expected[6]).abs() < 1e-4, "{input:?}: {}", i.p_bias);
        }
    }

    /// A generator that repeats its events has u2 = k = 0 and v = 1: its G is 1, and its bound below.
    #[test]
    fn a_memorizer_has_a_g_of_one() {
        let [v, k] = [MeanSquare::new(1.0, 20.0), MeanSquare::new(0.0, 19.0)].map(Variance::from);
        let parts = Parts { v, u2: 0.0, k, nu: 1.0, nu_null: 1.0, s_v: 0.01, by_factor: false };
        let found = parts.intervals();
        assert_eq!((found.g, found.p_bias), (1.0, 1.0));
        assert!(found.bound < 1.0 && found.inner[0] < 1.0 && found.inner[1] > 1.0, "{found:?}");
    }
}
