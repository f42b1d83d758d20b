//! Normalization of every kind of mixture.

use amplicast_sdk::Seed;
use amplicast_sdk::rand::RngExt;

use super::*;

const K: usize = 7;

/// Random logits, m and a: widths from narrow to far wider than the support.
fn random_raw(seed: u64) -> Vec<f64> {
    let mut stream = Seed::new(seed).stream();
    let mut uniform = |bound: f64| bound * (2.0 * stream.random::<f64>() - 1.0);
    let ranges = [2.0, 4.0, 3.0];
    ranges.iter().flat_map(|&bound| (0..K).map(|_| uniform(bound)).collect::<Vec<_>>()).collect()
}

/// The trapezoidal rule on `steps` cells.
fn integral(f: impl Fn(f64) -> f64, low: f64, high: f64, steps: usize) -> f64 {
    let h = (high - low) / steps as f64;
    let inner: f64 = (1..steps).map(|i| f(low + h * i as f64)).sum();
    h * (inner + 0.5 * (f(low) + f(high)))
}

#[test]
fn densities_are_normalized_on_their_supports() {
    let interval = Support::Interval { low: -5.0, high: 5.0 };
    let skewed = Support::Interval { low: -8.0, high: 21.0 };
    for seed in 0..5 {
        let raw = random_raw(seed);
        for (support, low, high) in [
            (Support::Line, -250.0, 250.0),
            (Support::Circle, -PI, PI),
            (interval, -5.0, 5.0),
            (skewed, -8.0, 21.0),
        ] {
            let total = integral(|x| support.log_density(&raw, x).exp(), low, high, 200_000);
            // The images that the circle leaves out are less than 7e-7; cells are at most a quarter of a width.
            assert!((total - 1.0).abs() < 1e-6, "{support:?} of seed {seed}: {total}");
        }
    }
}

/// At the largest width that the circle allows, the images kept still hold all but 7e-7.
#[test]
fn the_widest_angle_is_normalized() {
    let raw = [0.0, 1.0, 50.0];
    let total = integral(|x| Support::Circle.log_density(&raw, x).exp(), -PI, PI, 10_000);
    assert!((total - 1.0).abs() < 7e-7, "{total}");
}

#[test]
fn angles_are_periodic() {
    let raw = random_raw(9);
    let (left, right) =
        (Support::Circle.log_density(&raw, -PI), Support::Circle.log_density(&raw, PI - 1e-12));
    assert!((left - right).abs() < 1e-9, "{left} {right}");
}
