//! How near events lie to training events.
//!
//! Two questions of the nearest and the second nearest training event, d1 and d2 away (columns in units of their standard
//! deviations). *Are generated events next to one training event each?* Where training events lie dense, both distances are
//! small; d1 / d2 does not depend on the density, nor on whether the generator is a little too wide or too narrow: only events
//! that were made of single training events (copies with noise, rounded copies) have it small. *Are they nearer than true events
//! are?* (Mann-Whitney on d1) Events between two neighbors are, but so are those of a generator that has lost its tails: only a
//! strong effect counts.

use amplicast_sdk::ndarray::ArrayView2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal};

/// Training events times numbers in an event times events whose neighbors are looked for: some tenths of a second.
const WORK: usize = 300_000_000;
/// Most events whose neighbors are looked for, on each side.
const MOST: usize = 2048;
/// Training events that are compared at once, so that their distances stay in the cache.
const TILE: usize = 1024;

/// Below this probability an effect is no chance.
const CHANCE: f64 = 1e-6;
/// Part of the events beyond that of true ones that must lie next to one training event.
const LEAST_PART: f64 = 0.03;
/// Probability that a generated event lies nearer than a true one, above which that alone counts.
const LEAST_NEARER: f64 = 0.75;

/// The training events with their columns in units of their standard deviations, column by column.
pub struct Neighbors {
    columns: Vec<Vec<f32>>,
    /// Of each kept column: its number, and one over its standard deviation.
    scales: Vec<(usize, f64)>,
    events: usize,
}

/// Distances of events to their nearest training events.
#[derive(Debug, Clone, Default)]
pub struct Distances {
    /// To the nearest.
    nearest: Vec<f32>,
    /// Divided by that to the second nearest.
    ratio: Vec<f32>,
}

/// In what way events lie nearer to training events than true events do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Nearer {
    /// The part of them, beyond that of true events, that lies next to one training event.
    pub part: f64,
    /// Probability that one of them lies nearer to the training events than a true event.
    pub probability: f64,
}

impl Neighbors {
    /// From the training events, n x d.
    pub fn new(training: ArrayView2<'_, f64>) -> Self {
        let n = training.nrows();
        let mut scales = Vec::new();
        for (c, column) in training.columns().into_iter().enumerate() {
            let mean = column.sum() / n.max(1) as f64;
            let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n.max(1) as f64;
            // A column that never changes says nothing.
            if variance > 0.0 && variance.is_finite() {
                scales.push((c, 1.0 / variance.sqrt()));
            }
        }
        let column =
            |&(c, scale): &(usize, f64)| training.column(c).iter().map(|x| (x * scale) as f32).collect();
        Neighbors { columns: scales.iter().map(column).collect(), scales, events: n }
    }

    /// How many events can be looked at, on each side.
    pub fn affordable(&self) -> usize {
        (WORK / (2 * self.events.max(1) * self.columns.len().max(1))).clamp(100, MOST)
    }

    /// Whether there is anything to compare with.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty() || self.events < 3
    }

    /// Distances of events, n x d.
    pub fn of(&self, events: ArrayView2<'_, f64>) -> Distances {
        let scaled =
            |row: usize| self.scales.iter().map(|&(c, s)| (events[[row, c]] * s) as f32).collect::<Vec<_>>();
        self.distances((0..events.nrows()).into_par_iter().map(|row| (scaled(row), None)))
    }

    /// Distances of some of the training events themselves to the others.
    pub fn among_training(&self, count: usize) -> Distances {
        let count = count.min(self.events);
        let event = |k: usize| {
            let row = k * self.events / count.max(1);
            (self.columns.iter().map(|column| column[row]).collect(), Some(row))
        };
        self.distances((0..count).into_par_iter().map(event))
    }

    fn distances(&self, events: impl IndexedParallelIterator<Item = (Vec<f32>, Option<usize>)>) -> Distances {
        let pairs: Vec<(f32, f32)> = events.map(|(event, own)| self.two_nearest(&event, own)).collect();
        let ratio = |&(first, second): &(f32, f32)| if second > 0.0 { (first / second).sqrt() } else { 1.0 };
        Distances { nearest: pairs.iter().map(|p| p.0).collect(), ratio: pairs.iter().map(ratio).collect() }
    }

    /// The squared distances to the two nearest training events other than `own`.
    fn two_nearest(&self, event: &[f32], own: Option<usize>) -> (f32, f32) {
        let (mut first, mut second) = (f32::INFINITY, f32::INFINITY);
        let mut sums = [0.0_f32; TILE];
        for start in (0..self.events).step_by(TILE) {
            let length = TILE.min(self.events - start);
            let sums = &mut sums[..length];
            sums.fill(0.0);
            for (column, x) in self.columns.iter().zip(event) {
                for (sum, y) in sums.iter_mut().zip(&column[start..start + length]) {
                    let difference = x - y;
                    *sum += difference * difference;
                }
            }
            if let Some(own) = own.and_then(|row| row.checked_sub(start)).filter(|&row| row < length) {
                sums[own] = f32::INFINITY;
            }
            for &sum in sums.iter() {
                if sum < second {
                    (first, second) = if sum < first { (sum, first) } else { (first, sum) };
                }
            }
        }
        (first, second)
    }
}

impl Distances {
    /// Events.
    pub fn len(&self) -> usize {
        self.nearest.len()
    }

    /// Whether these events lie nearer to training events than true events do; none if they do not.
    pub fn nearer_than(&self, of_true: &Distances) -> Option<Nearer> {
        let (part, is_no_chance) = excess(&self.ratio, &of_true.ratio);
        let (probability, chance) = mann_whitney(&self.nearest, &of_true.nearest);
        let next_to_one = is_no_chance && part > LEAST_PART;
        let near = chance < CHANCE && probability > LEAST_NEARER;
        (next_to_one || near).then_some(Nearer { part: part.max(0.0), probability })
    }
}

/// How much more often values of `a` are small than values of `b`: the largest excess over some thresholds that is no chance.
fn excess(a: &[f32], b: &[f32]) -> (f64, bool) {
    let (n, m) = (a.len() as f64, b.len() as f64);
    let mut pooled: Vec<f32> = a.iter().chain(b).copied().collect();
    pooled.sort_unstable_by(f32::total_cmp);
    let mut best = (0.0, false);
    for quantile in [0.5, 0.2, 0.05, 0.01] {
        let place = ((pooled.len() as f64 * quantile) as usize).max(19);
        let Some(&threshold) = pooled.get(place) else { continue };
        let below = |list: &[f32]| list.iter().filter(|x| **x <= threshold).count() as u64;
        let (of_a, of_b) = (below(a), below(b));
        // Among so many of both, those of a are binomial if the laws are equal.
        let Ok(law) = Binomial::new(n / (n + m), of_a + of_b) else { continue };
        let chance = if of_a == 0 { 1.0 } else { law.sf(of_a - 1) };
        let part = of_a as f64 / n - of_b as f64 / m;
        if chance < CHANCE && part > best.0 {
            best = (part, true);
        }
    }
    best
}

/// P(a < b) + P(a = b) / 2, and the probability of as much if the laws are equal (normal approximation with ties).
fn mann_whitney(a: &[f32], b: &[f32]) -> (f64, f64) {
    let mut pooled: Vec<(f32, bool)> =
        a.iter().map(|&x| (x, true)).chain(b.iter().map(|&x| (x, false))).collect();
    pooled.sort_unstable_by(|x, y| x.0.total_cmp(&y.0));
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (mut ranks, mut ties, mut seen) = (0.0, 0.0, 0.0);
    for group in pooled.chunk_by(|x, y| x.0 == y.0) {
        let size = group.len() as f64;
        ranks += (seen + 0.5 * (size + 1.0)) * group.iter().filter(|x| x.1).count() as f64;
        ties += size.powi(3) - size;
        seen += size;
    }
    let larger = ranks - 0.5 * n * (n + 1.0);
    let all = n + m;
    let variance = n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    let probability = 1.0 - larger / (n * m);
    if variance <= 0.0 {
        return (0.5, 1.0);
    }
    let z = (0.5 * n * m - larger) / variance.sqrt();
    (probability, Normal::standard().sf(z))
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::{Array2, Axis};
    use amplicast_sdk::rand::RngExt;
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

    use super::*;

    fn normal(seed: u64, n: usize, d: usize, width: f64) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream();
        Array2::from_shape_fn((n, d), |_| {
            let x: f64 = StandardNormal.sample(&mut stream);
            width * x
        })
    }

    fn draw(seed: u64, from: &Array2<f64>, n: usize) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream();
        let rows: Vec<usize> = (0..n).map(|_| stream.random_range(0..from.nrows())).collect();
        from.select(Axis(0), &rows)
    }

    fn found(training: &Array2<f64>, generated: &Array2<f64>) -> Option<Nearer> {
        let neighbors = Neighbors::new(training.view());
        neighbors.of(generated.view()).nearer_than(&neighbors.among_training(generated.nrows()))
    }

    #[test]
    fn true_events_are_not_nearer() {
        for d in [1, 2, 5, 24] {
            for seed in 0..5 {
                let training = normal(seed, 1000, d, 1.0);
                assert_eq!(found(&training, &normal(100 + seed, 1000, d, 1.0)), None, "d {d}, seed {seed}");
            }
        }
    }

    /// Too narrow or too wide is no copying.
    #[test]
    fn an_imperfect_generator_is_not_accused() {
        for d in [1, 2, 24] {
            let training = normal(1, 1000, d, 1.0);
            for width in [0.9, 1.1, 1.5] {
                assert_eq!(found(&training, &normal(2, 1000, d, width)), None, "d {d}, width {width}");
            }
        }
    }

    #[test]
    fn copies_with_noise_are_found() {
        for d in [1, 2, 24] {
            let training = normal(3, 1000, d, 1.0);
            // A tenth of the typical distance.
            let noise = if d == 24 { 0.3 } else { 0.1 / 1000_f64.powf(1.0 / d as f64) };
            let copies = draw(4, &training, 1000) + normal(5, 1000, d, noise);
            let nearer = found(&training, &copies).unwrap();
            assert!(nearer.part > 0.2, "d {d}: {nearer:?}");
            // One event in ten.
            let mut mixed = normal(6, 1000, d, 1.0);
            mixed.slice_mut(ndarray::s![..100, ..]).assign(&copies.slice(ndarray::s![..100, ..]));
            if d > 1 {
                assert!(found(&training, &mixed).is_some(), "d {d}");
            }
        }
    }

    #[test]
    fn rounded_copies_are_found() {
        let training = normal(7, 1000, 2, 1.0);
        let rounded = draw(8, &training, 2000).mapv(|x| (1000.0 * x).round() / 1000.0);
        assert!(found(&training, &rounded).unwrap().part > 0.5);
    }

    #[test]
    fn events_between_neighbors_are_nearer() {
        let training = normal(9, 500, 2, 1.0);
        let b = &training;
        // Halfway to the nearest other training event.
        let mut between = b.clone();
        for (i, mut event) in between.rows_mut().into_iter().enumerate() {
            let distance = |j: &usize| (&b.row(i) - &b.row(*j)).mapv(|x| x * x).sum();
            let nearest =
                (0..500).filter(|j| *j != i).min_by(|p, q| distance(p).total_cmp(&distance(q))).unwrap();
            let middle = (&b.row(i) + &b.row(nearest)) * 0.5;
            event.assign(&middle);
        }
        let nearer = found(&training, &between).unwrap();
        assert!(nearer.probability > 0.75, "{nearer:?}");
    }

    #[test]
    fn discrete_events_are_compared_with_their_like() {
        let training = normal(11, 1000, 2, 1.0).mapv(f64::round);
        assert_eq!(found(&training, &normal(12, 1000, 2, 1.0).mapv(f64::round)), None);
    }

    /// scipy.stats.mannwhitneyu(a, b, alternative="less", method="asymptotic", use_continuity=False), SciPy 1.17.1.
    #[test]
    fn golden_value_of_scipy() {
        let a = [1.0, 2.0, 2.0, 3.5, 0.5];
        let b = [2.0, 4.0, 5.0, 3.0];
        let (probability, chance) = mann_whitney(&a, &b);
        // U of b over a: 17 of 20 pairs.
        assert!((probability - 0.85).abs() < 1e-12, "{probability}");
        assert!((chance - 0.040_583_461_754_723_056).abs() < 1e-9, "{chance}");
    }
}
