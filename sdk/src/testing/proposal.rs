//! A density that covers the one under test: a kernel estimate from its samples, with heavy tails.

use ndarray::{Array2, ArrayView2};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::Seed;

/// Part of the heavy-tailed component.
const TAIL: f64 = 0.2;

/// A mixture of Gaussian kernels around events, and a Cauchy distribution around all of them.
pub struct Proposal<'a> {
    centers: ArrayView2<'a, f64>,
    bandwidth: Vec<f64>,
    /// Median of each column.
    pub middle: Vec<f64>,
    scale: Vec<f64>,
}

/// The value at `p` of values in any order.
pub fn quantile(values: impl Iterator<Item = f64>, p: f64) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[(p * (sorted.len() - 1) as f64) as usize]
}

impl<'a> Proposal<'a> {
    /// A proposal around these events.
    pub fn new(centers: ArrayView2<'a, f64>) -> Self {
        let (n, d) = centers.dim();
        let at = |k: usize, p: f64| quantile(centers.column(k).iter().copied(), p);
        let width = |k: usize| ((at(k, 0.75) - at(k, 0.25)) / 1.35).max(1e-6 * (1.0 + at(k, 0.5).abs()));
        let scale: Vec<f64> = (0..d).map(width).collect();
        // Scott's rule: somewhat too wide where the density has features, which a proposal may be.
        let factor = (n as f64).powf(-1.0 / (d as f64 + 4.0));
        let bandwidth = scale.iter().map(|s| s * factor).collect();
        Proposal { centers, bandwidth, middle: (0..d).map(|k| at(k, 0.5)).collect(), scale }
    }

    /// Draws events.
    pub fn sample(&self, n: usize, seed: Seed) -> Array2<f64> {
        let mut stream = seed.stream();
        let d = self.scale.len();
        let mut events = Array2::zeros((n, d));
        for mut event in events.rows_mut() {
            let tail = stream.random::<f64>() < TAIL;
            let center = self.centers.row(stream.random_range(0..self.centers.nrows()));
            // A multivariate Cauchy vector: normal numbers over the size of one more.
            let divisor: f64 = if tail { StandardNormal.sample(&mut stream) } else { 1.0 };
            for (k, x) in event.iter_mut().enumerate() {
                let z: f64 = StandardNormal.sample(&mut stream);
                *x = if tail {
                    self.middle[k] + self.scale[k] * z / divisor.abs()
                } else {
                    center[k] + self.bandwidth[k] * z
                };
            }
        }
        events
    }

    /// The natural logarithm of the density at each event.
    pub fn log_density(&self, events: ArrayView2<'_, f64>) -> Vec<f64> {
        let d = self.scale.len();
        let half = 0.5 * (d + 1) as f64;
        // Gamma((d + 1) / 2) / (sqrt(pi) pi^(d / 2)) = Gamma((d + 1) / 2) / pi^((d + 1) / 2)
        let cauchy = ln_gamma_of_half(d + 1)
            - half * std::f64::consts::PI.ln()
            - self.scale.iter().map(|s| s.ln()).sum::<f64>();
        let kernel = -0.5 * d as f64 * (2.0 * std::f64::consts::PI).ln()
            - self.bandwidth.iter().map(|h| h.ln()).sum::<f64>()
            - (self.centers.nrows() as f64).ln();
        // In units of the bandwidth: the inner loop is all that counts.
        let scaled: Vec<f64> = self
            .centers
            .rows()
            .into_iter()
            .flat_map(|c| c.into_iter().zip(&self.bandwidth).map(|(x, h)| x / h))
            .collect();
        let mut at = vec![0.0; d];
        let mut one = |event: ndarray::ArrayView1<'_, f64>| {
            at.iter_mut().zip(event).zip(&self.bandwidth).for_each(|((a, x), h)| *a = x / h);
            let square = |c: &[f64]| c.iter().zip(&at).map(|(c, a)| (c - a) * (c - a)).sum::<f64>();
            let near: f64 = scaled.chunks_exact(d).map(|c| (-0.5 * square(c)).exp()).sum();
            let columns = event.iter().zip(&self.middle).zip(&self.scale);
            let far: f64 = columns.map(|((x, m), s)| ((x - m) / s).powi(2)).sum();
            let tail = cauchy - half * far.ln_1p();
            ((1.0 - TAIL) * near * kernel.exp() + TAIL * tail.exp()).ln()
        };
        events.rows().into_iter().map(&mut one).collect()
    }
}

/// ln Gamma(n / 2).
fn ln_gamma_of_half(n: usize) -> f64 {
    let (mut x, mut sum) = (0.5 * n as f64, 0.0);
    while x > 1.0 {
        x -= 1.0;
        sum += x.ln();
    }
    sum + if x == 0.5 { 0.5 * std::f64::consts::PI.ln() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_of_halves() {
        // Gamma(1/2), Gamma(1), Gamma(3/2), Gamma(5/2), Gamma(4)
        for (n, expected) in
            [(1, 1.772_453_850_9), (2, 1.0), (3, 0.886_226_925_5), (5, 1.329_340_388_2), (8, 6.0)]
        {
            let found = ln_gamma_of_half(n).exp();
            assert!((found - expected).abs() < 1e-9, "{n}: {found}");
        }
    }

    /// The density is that of the samples: a fine grid integrates to 1, and half of the samples lie below the middle.
    #[test]
    fn the_proposal_integrates_to_one() {
        let centers = ndarray::arr2(&[[0.0], [1.0], [1.5], [4.0]]);
        let proposal = Proposal::new(centers.view());
        let step = 0.005;
        let grid = Array2::from_shape_fn((400_000, 1), |(i, _)| (i as f64 - 200_000.0) * step);
        let total: f64 = proposal.log_density(grid.view()).iter().map(|l| l.exp() * step).sum();
        // The Cauchy part beyond +-1000: 0.2 * 2 / pi / 1000 times its scale.
        assert!((total - 1.0).abs() < 1e-3, "{total}");
        let n = 100_000;
        let sample = proposal.sample(n, Seed::new(1));
        let below = sample.iter().filter(|x| **x < 1.25).count() as f64 / n as f64;
        let expected: f64 =
            proposal.log_density(grid.slice(ndarray::s![..200_250, ..])).iter().map(|l| l.exp() * step).sum();
        assert!((below - expected).abs() < 0.01, "{below} {expected}");
    }
}
