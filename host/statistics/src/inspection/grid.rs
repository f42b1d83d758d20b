//! Copies on a coarse grid, where many events are equal by chance.
//!
//! Of two independent samples of one law, a pair of events is equal with one probability c, whether both are of one sample or one of
//! each. Copies add pairs across that have no counterpart within: n m c + (copies) of them.

use std::collections::HashMap;

use amplicast_sdk::ndarray::{Array2, ArrayView2};

use super::rounding::{Grain, to_places};
use super::rows::RowHashes;

/// Standard deviations beyond which copies are no chance.
const NO_CHANCE: f64 = 8.0;
/// Part of the sample that must be copies.
const LEAST: f64 = 0.05;

/// The part of a sample, m x d, of decimals that are copies of the training events, n x d, brought to as many decimals; none if it is no
/// such sample, or they are as many as chance makes. Both follow one law.
pub fn copies_on_grid(training: ArrayView2<'_, f64>, sample: ArrayView2<'_, f64>) -> Option<f64> {
    let places: Vec<u32> = Grain::most_decimals(sample).into_iter().collect::<Option<_>>()?;
    let on_grid = |row: &usize| sample.row(*row).iter().zip(&places).all(|(x, k)| to_places(*x, *k).0);
    let rows: Vec<usize> = (0..sample.nrows()).filter(on_grid).collect();
    let counts = |events: Array2<f64>| {
        let mut counts: HashMap<u64, f64> = HashMap::new();
        let rounded =
            Array2::from_shape_fn(events.raw_dim(), |(i, c)| to_places(events[[i, c]], places[c]).1);
        RowHashes::default().of(rounded.view()).iter().for_each(|&h| *counts.entry(h).or_default() += 1.0);
        counts
    };
    let (n, m) = (training.nrows() as f64, rows.len() as f64);
    let a = counts(training.to_owned());
    let b = counts(sample.select(ndarray::Axis(0), &rows));
    if n < 100.0 || m < 100.0 {
        return None;
    }
    let pairs = |counts: &HashMap<u64, f64>| counts.values().map(|k| 0.5 * k * (k - 1.0)).sum::<f64>();
    let across: f64 = b.iter().map(|(hash, k)| k * a.get(hash).unwrap_or(&0.0)).sum();
    // Where one sample happens to have more events than the other, both have more pairs: that cancels to first order.
    let mut expected = 0.0;
    let mut variance = across;
    for (counts, size) in [(&a, n), (&b, m)] {
        let (found, weight) = (pairs(counts), n * m / (size * (size - 1.0)));
        expected += weight * found;
        variance += weight * weight * found.max(1.0);
    }
    let copies = (across - expected) / m;
    let deviations = (across - expected) / variance.sqrt();
    (copies > LEAST && deviations > NO_CHANCE).then_some(copies.min(1.0) * m / sample.nrows() as f64)
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::{Axis, concatenate, s};
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

    use super::*;

    fn normal(seed: u64, n: usize, d: usize) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream();
        Array2::from_shape_fn((n, d), |_| StandardNormal.sample(&mut stream))
    }

    fn rounded(events: &Array2<f64>, places: i32) -> Array2<f64> {
        let scale = 10_f64.powi(places);
        events.mapv(|x| (scale * x).round() / scale)
    }

    #[test]
    fn independent_samples_hold_no_copies() {
        for (n, m, d) in [(1000, 5000, 1), (20_000, 16_000, 1), (1000, 1000, 2), (500, 16_000, 2)] {
            for places in 0..4 {
                for seed in 0..10 {
                    let (training, sample) = (normal(seed, n, d), rounded(&normal(100 + seed, m, d), places));
                    let found = copies_on_grid(training.view(), sample.view());
                    assert_eq!(found, None, "n {n}, d {d}, {places} places, seed {seed}");
                    let both = copies_on_grid(rounded(&training, places).view(), sample.view());
                    assert_eq!(both, None, "n {n}, d {d}, {places} places, seed {seed}");
                }
            }
        }
    }

    /// Ten training events and more share each value.
    #[test]
    fn rounded_copies_are_counted() {
        for (n, d, places) in [(1000, 1, 2), (1000, 1, 3), (20_000, 1, 3), (1000, 2, 1), (20_000, 2, 2)] {
            let training = normal(1, n, d);
            let copies = rounded(&training, places);
            let found = copies_on_grid(training.view(), copies.view()).expect("copies");
            assert!((found - 1.0).abs() < 0.1, "n {n}, {places} places: {found}");
            // Half of a sample whose others are no decimals.
            let mixed = concatenate![Axis(0), normal(2, n / 2, d), copies.slice(s![..n / 2, ..])];
            let found = copies_on_grid(training.view(), mixed.view()).expect("copies");
            assert!((found - 0.5).abs() < 0.15, "n {n}, {places} places: {found}");
        }
    }
}
