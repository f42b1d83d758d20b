//! Ranks of scores among those of a calibration sample.

use amplicast_sdk::{Result, expect_length};

/// Quantiles that are kept.
pub const QUANTILES: usize = 257;

/// The calibration sample's distribution function, strictly increasing everywhere.
#[derive(Debug, Clone)]
pub struct Ranks {
    quantiles: Vec<f64>,
}

impl Ranks {
    /// The quantiles of the scores of a calibration sample, to be stored.
    pub fn quantiles(mut scores: Vec<f32>) -> Vec<f32> {
        scores.sort_unstable_by(f32::total_cmp);
        let last = scores.len() - 1;
        (0..QUANTILES).map(|i| scores[(i * last + (QUANTILES - 1) / 2) / (QUANTILES - 1)]).collect()
    }

    /// From stored quantiles.
    pub fn new(quantiles: &[f32]) -> Result<Self> {
        expect_length("quantiles of the classifier", QUANTILES, quantiles.len())?;
        Ok(Ranks { quantiles: quantiles.iter().map(|q| f64::from(*q)).collect() })
    }

    /// The rank, between 0 and 1. It is linear between quantiles, and beyond the outer ones it falls off slowly enough that
    /// scores that differ have ranks that differ: ties would widen the distance.
    pub fn rank(&self, score: f64) -> f64 {
        let q = &self.quantiles;
        let last = QUANTILES - 1;
        // A calibration sample does not reach as far as a longer one: there is half a step of rank beyond its ends.
        let step = 1.0 / QUANTILES as f64;
        let beyond = |distance: f64| 0.5 * step / (1.0 + distance / (q[last] - q[0]).max(f64::MIN_POSITIVE));
        if score <= q[0] {
            return beyond(q[0] - score);
        }
        if score >= q[last] {
            return 1.0 - beyond(score - q[last]);
        }
        let above = q.partition_point(|q| *q <= score);
        let (low, high) = (q[above - 1], q[above]);
        (above as f64 - 0.5 + (score - low) / (high - low)) * step
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

    use super::*;

    fn normal(n: usize, seed: u64) -> Vec<f32> {
        let mut stream = Seed::new(seed).stream();
        (0..n).map(|_| StandardNormal.sample(&mut stream)).collect()
    }

    #[test]
    fn ranks_are_uniform_and_without_ties() {
        let ranks = Ranks::new(&Ranks::quantiles(normal(10_000, 1))).unwrap();
        let mut found: Vec<f64> = normal(10_000, 2).into_iter().map(|x| ranks.rank(x.into())).collect();
        found.sort_unstable_by(f64::total_cmp);
        let distance = found.iter().zip(1..).map(|(u, i)| (u - f64::from(i) / 1e4).abs()).fold(0.0, f64::max);
        // Two samples of 10 000: 99.97 % of the distances are below 2.0 / sqrt(5000); the steps add 1/514.
        assert!(distance < 2.0 / 5000_f64.sqrt() + 1.0 / 514.0, "{distance}");
        let scores = || (-3000..3000).map(|i| f64::from(i) * 0.01);
        assert!(scores().zip(scores().skip(1)).all(|(a, b)| ranks.rank(a) < ranks.rank(b)));
        assert!(scores().all(|x| ranks.rank(x) > 0.0 && ranks.rank(x) < 1.0));
    }

    #[test]
    fn equal_scores_are_no_error() {
        let ranks = Ranks::new(&Ranks::quantiles(vec![2.0; 50])).unwrap();
        let found = [1.0, 2.0, 3.0].map(|x| ranks.rank(x));
        assert!(found.is_sorted() && found.iter().all(|u| (0.0..=1.0).contains(u)), "{found:?}");
    }
}
