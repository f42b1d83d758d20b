//! How a sample's weights lie along the summary, and paths that its distribution function may take.

use amplicast_sdk::Seed;
use amplicast_sdk::moments::quotient;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

use super::in_order::InOrder;

/// Places between which the functions are straight lines.
const PLACES: usize = 400;
/// What the supremum over places misses of that over all, in standard deviations from one place to the next: -zeta(1/2) / sqrt(2 pi)
/// (Broadie, Glasserman & Kou 1997).
const MISSED: f64 = 0.582_597;
/// The part of a variance that rounding may leave of nothing.
const ROUNDING: f64 = 1e-12;

/// A sample's distribution function in steps.
pub struct Steps {
    /// Of the distribution function, none negative.
    rise: Vec<f64>,
    /// The distribution function after each step.
    after: Vec<f64>,
    /// The standard deviation of each step: the root of the sum of the squares of the weights that each group has in it, or each event that is by
    /// itself, over the sum of w.
    deviation: Vec<f64>,
    /// Where groups have events in several steps: rows of a lower triangle that makes the steps of independent numbers.
    factor: Option<Vec<Vec<f64>>>,
    /// Whether there are several values in each step, between which the supremum may lie too.
    inside: Vec<bool>,
    /// The square of the sum of w over the sum of the squares of the weights of groups, or of events (Kish 1965).
    effective: f64,
}

impl Steps {
    /// Of a sample.
    pub fn new(sample: &InOrder) -> Self {
        let InOrder { x, weights, groups } = sample;
        let whole: f64 = weights.iter().sum();
        let squares: f64 = weights.iter().map(|w| w * w).sum();
        // Steps in which both functions scatter alike, and which end where the functions have a value: behind all equal ones. If there are
        // few values, each has a step of its own.
        let last_of_value = |i: usize| i + 1 == x.len() || x[i + 1] > x[i];
        let few = (0..x.len()).filter(|i| last_of_value(*i)).count() <= PLACES;
        let sizes: f64 = weights.iter().map(|w| w.abs()).sum();
        let (mut steps, mut inside) = (Vec::with_capacity(PLACES), Vec::with_capacity(PLACES));
        let (mut begin, mut scatter) = (0, 0.0);
        for (i, w) in weights.iter().enumerate() {
            scatter += 0.5 * (w * w / squares + w.abs() / sizes);
            let enough = few || scatter * PLACES as f64 >= (steps.len() + 1) as f64 || i + 1 == x.len();
            if enough && last_of_value(i) {
                steps.push(begin..i + 1);
                inside.push(x[begin] < x[i]);
                begin = i + 1;
            }
        }
        let sums: Vec<f64> =
            steps.iter().map(|step| weights[step.clone()].iter().sum::<f64>() / whole).collect();
        let rise: Vec<f64> = sums.iter().map(|sum| sum.max(0.0)).collect();
        let all: f64 = rise.iter().sum();
        let mut found = Steps {
            rise: rise.iter().map(|rise| rise / all).collect(),
            after: risen(&sums),
            deviation: steps
                .iter()
                .map(|step| weights[step.clone()].iter().map(|w| w * w).sum::<f64>().sqrt() / whole)
                .collect(),
            factor: None,
            inside,
            effective: quotient(whole * whole, squares),
        };
        if let Some(groups) = groups {
            let mut parts: Vec<(u64, usize, f64)> = Vec::with_capacity(x.len());
            for (k, step) in steps.into_iter().enumerate() {
                parts.extend(step.map(|i| (groups[i], k, weights[i] / whole)));
            }
            found.take_groups(parts);
        }
        found
    }

    /// Takes the groups of events into account: each with its step, and its part of all weight.
    fn take_groups(&mut self, mut parts: Vec<(u64, usize, f64)>) {
        let size = self.rise.len();
        parts.sort_by_key(|(group, step, _)| (*group, *step));
        let mut covariance = vec![vec![0.0; size]; size];
        let (mut several, mut squares) = (false, 0.0);
        for group in parts.chunk_by(|a, b| a.0 == b.0) {
            let steps = group.chunk_by(|a, b| a.1 == b.1);
            let steps: Vec<(usize, f64)> =
                steps.map(|events| (events[0].1, events.iter().map(|(.., w)| w).sum())).collect();
            several |= steps.len() > 1;
            squares += steps.iter().map(|(_, w)| w).sum::<f64>().powi(2);
            for (i, (k, a)) in steps.iter().enumerate() {
                steps[..=i].iter().for_each(|(l, b)| covariance[*k][*l] += a * b);
            }
        }
        self.effective = quotient(1.0, squares);
        self.deviation = (0..size).map(|k| covariance[k][k].sqrt()).collect();
        if several {
            self.factor = Some(factor(covariance));
        }
    }

    /// The effective number of events.
    pub fn effective(&self) -> f64 {
        self.effective
    }

    /// Paths of B and of W, one of each.
    pub fn paths(&self, seed: Seed) -> [Vec<f64>; 2] {
        let mut stream = seed.stream();
        let mut normal =
            || -> Vec<f64> { (0..self.rise.len()).map(|_| StandardNormal.sample(&mut stream)).collect() };
        let (of_bridge, of_weights) = (normal(), normal());
        let of_bridge = self.rise.iter().zip(of_bridge).map(|(rise, z)| rise.sqrt() * z);
        let bridge = tied(of_bridge, &risen(&self.rise));
        let weighted = match &self.factor {
            None => tied(self.deviation.iter().zip(&of_weights).map(|(d, z)| d * z), &self.after),
            Some(rows) => {
                let step = |row: &Vec<f64>| row.iter().zip(&of_weights).map(|(a, z)| a * z).sum();
                tied(rows.iter().map(step), &self.after)
            }
        };
        [bridge, weighted]
    }

    /// What the places miss of a supremum, B being divided by the root of n.
    pub fn missed(&self, n: f64) -> f64 {
        self.missed_of(self.rise.iter().zip(&self.deviation).map(|(rise, d)| rise / n + d * d))
    }

    /// What they miss of that of B alone.
    pub fn missed_of_bridge(&self) -> f64 {
        self.missed_of(self.rise.iter().copied())
    }

    /// The same of a function whose steps have these variances.
    fn missed_of(&self, variances: impl Iterator<Item = f64>) -> f64 {
        let between =
            variances.zip(&self.inside).filter(|(_, inside)| **inside).map(|(variance, _)| variance);
        MISSED * (between.sum::<f64>() / self.rise.len() as f64).sqrt()
    }
}

/// Sums up to each of these, and with it.
fn risen(steps: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let after = steps.iter().map(|step| {
        sum += step;
        sum
    });
    after.collect()
}

/// The path of these steps, brought back to 0 at its end along a function.
fn tied(steps: impl Iterator<Item = f64>, along: &[f64]) -> Vec<f64> {
    let mut path = risen(&steps.collect::<Vec<f64>>());
    let sum = path.last().copied().unwrap_or(0.0);
    path.iter_mut().zip(along).for_each(|(x, part)| *x -= part * sum);
    path
}

/// The lower triangle whose product with its transpose is this covariance, of which the lower half is given (Cholesky); a direction without variance
/// has none.
fn factor(mut covariance: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    for k in 0..covariance.len() {
        let (done, rest) = covariance.split_at_mut(k);
        let row = &mut rest[0];
        row.truncate(k + 1);
        let of_row = row[k];
        for (l, other) in done.iter().enumerate() {
            let sum: f64 = other[..l].iter().zip(&row[..l]).map(|(a, b)| a * b).sum();
            row[l] = quotient(row[l] - sum, other[l]);
        }
        let left = of_row - row[..k].iter().map(|a| a * a).sum::<f64>();
        row[k] = if left > ROUNDING * of_row { left.sqrt() } else { 0.0 };
    }
    covariance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_covariance_is_its_factor_squared() {
        // Of rank two: the third row is the sum of the others.
        let covariance = vec![vec![4.0, 0.0, 0.0], vec![2.0, 10.0, 0.0], vec![6.0, 12.0, 18.0]];
        let found = factor(covariance.clone());
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        for (k, row) in covariance.iter().enumerate() {
            for l in 0..=k {
                close(row[l], found[k].iter().zip(&found[l]).map(|(a, b)| a * b).sum());
            }
        }
        assert_eq!((found[0].len(), found[2][2]), (1, 0.0));
    }
}
