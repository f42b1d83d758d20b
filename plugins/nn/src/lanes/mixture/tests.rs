//! Mixtures on rows against the scalar definition.

use amplicast_sdk::Seed;
use amplicast_sdk::rand::RngExt;
use pulp::WithSimd;

use super::*;
use crate::lanes::{Rows, block_events, dispatch, sigma};

const K: usize = 6;

const SUPPORTS: [Support; 4] = [
    Support::Line,
    Support::Circle,
    Support::Interval { low: -1.0, high: 4.0 },
    Support::Interval { low: -8.0, high: 21.0 },
];

/// Random logits, m and a of a block, and coordinates on every support.
fn random<S: Simd>() -> (Rows, Vec<f32>) {
    let lanes = block_events::<S>();
    let mut stream = Seed::new(1).stream();
    let mut raw = Rows::new(3 * K, lanes);
    raw.numbers_mut().iter_mut().for_each(|r| *r = 4.0 * stream.random::<f32>() - 2.0);
    (raw, (0..lanes).map(|_| 4.0 * stream.random::<f32>() - 1.0).collect())
}

/// The numbers of one event.
fn own(raw: &Rows, lane: usize) -> Vec<f64> {
    let lanes = raw.numbers().len() / (3 * K);
    (0..3 * K).map(|i| f64::from(raw.numbers()[i * lanes + lane])).collect()
}

struct Densities;

impl WithSimd for Densities {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = block_events::<S>();
        let (raw, mut x) = random::<S>();
        let mut pair = Rows::new(2, lanes);
        let mut scratch = Rows::new(2 * K, lanes);
        for support in SUPPORTS {
            if support == Support::Line {
                // Far from every component, where the kernels underflow.
                x[0] = 90.0;
            }
            pair.numbers_mut()[..lanes].copy_from_slice(&x);
            let (raw_rows, x_row) = (raw.rows::<S, VECTORS>(), pair.rows::<S, VECTORS>()[0]);
            let (e, f) = log_density(simd, &support, raw_rows, x_row, scratch.rows_mut::<S, VECTORS>());
            pair.rows_mut::<S, VECTORS>().copy_from_slice(&[e, f]);
            for (lane, &x) in x.iter().enumerate() {
                let found = log_of(pair.numbers()[lane], pair.numbers()[lanes + lane]);
                let expected = support.log_density(&own(&raw, lane), f64::from(x));
                let error = (found - expected).abs();
                assert!(error < 4e-6 * (1.0 + expected.abs()), "{support:?}, {x}: {found} {expected}");
            }
            x[0] = 0.0;
        }
    }
}

#[test]
fn densities_equal_scalars() {
    dispatch(Densities);
    Densities.with_simd(pulp::Scalar);
}

/// The log density at the coordinates in the first row of `pair`, with its gradient times the weights in the second.
#[inline(always)]
fn differentiate<S: Simd>(
    simd: S,
    support: &Support,
    raw: &Rows,
    pair: &Rows,
    gradient: &mut Rows,
) -> (Row<S>, Row<S>) {
    let mut scratch = Rows::new(2 * K, block_events::<S>());
    let (raw, rows) = (raw.rows::<S, VECTORS>(), pair.rows::<S, VECTORS>());
    let (gradient, scratch) = (gradient.rows_mut::<S, VECTORS>(), scratch.rows_mut::<S, VECTORS>());
    log_density_and_gradient(simd, support, raw, (rows[0], rows[1]), gradient, scratch)
}

struct Gradients;

impl WithSimd for Gradients {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = block_events::<S>();
        let (raw, x) = random::<S>();
        let mut pair = Rows::new(2, lanes);
        pair.numbers_mut()[..lanes].copy_from_slice(&x);
        pair.numbers_mut()[lanes..].fill(-0.5);
        let mut gradient = Rows::new(3 * K, lanes);
        for support in SUPPORTS {
            differentiate::<S>(simd, &support, &raw, &pair, &mut gradient);
            for (lane, &x) in x.iter().enumerate() {
                let own = own(&raw, lane);
                for (i, found) in self::own(&gradient, lane).into_iter().enumerate() {
                    let at = |step: f64| {
                        let mut own = own.clone();
                        own[i] += step;
                        support.log_density(&own, f64::from(x))
                    };
                    let expected = -0.5 * (at(1e-5) - at(-1e-5)) / 2e-5;
                    let error = (found - expected).abs();
                    assert!(error < 2e-5 * (1.0 + expected.abs()), "{support:?} {i}: {found} {expected}");
                }
            }
        }
    }
}

/// Against differences of the scalar definition, for every number of the network.
#[test]
fn gradients_are_derivatives() {
    dispatch(Gradients);
    Gradients.with_simd(pulp::Scalar);
}

struct FarComponents;

impl WithSimd for FarComponents {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = block_events::<S>();
        let mut raw = Rows::new(3 * K, lanes);
        // The first component at the event; the second far from it, the third without a weight to speak of.
        raw.numbers_mut()[(K + 1) * lanes..][..lanes].fill(2.5);
        raw.numbers_mut()[2 * lanes..][..lanes].fill(-200.0);
        raw.numbers_mut()[2 * K * lanes..].fill(-5.0);
        let mut pair = Rows::new(2, lanes);
        pair.numbers_mut()[lanes..].fill(-0.005);
        let mut gradient = Rows::new(3 * K, lanes);
        for support in SUPPORTS {
            differentiate::<S>(simd, &support, &raw, &pair, &mut gradient);
            let numbers = gradient.numbers();
            assert!(numbers.iter().all(|g| *g == 0.0 || g.is_normal()), "{support:?}: {numbers:?}");
            let of = |row: usize| numbers[row * lanes];
            assert!(of(2 * K) != 0.0 && of(2) == 0.0 && of(K + 2) == 0.0, "{support:?}: {numbers:?}");
        }
    }
}

/// Numbers below the smallest normal one slow all that is computed with them.
#[test]
fn far_components_add_nothing() {
    dispatch(FarComponents);
    FarComponents.with_simd(pulp::Scalar);
}

struct Extremes;

impl WithSimd for Extremes {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = block_events::<S>();
        let mut raw = Rows::new(3 * K, lanes);
        let mut pair = Rows::new(2, lanes);
        pair.numbers_mut().fill(1.0);
        let mut gradient = Rows::new(3 * K, lanes);
        let mut stream = Seed::new(3).stream();
        for support in SUPPORTS {
            for bounds in [[1e4, 1e3, 80.0], [1e30, 1e12, 60.0], [80.0, 1e30, 300.0]] {
                for (i, row) in raw.numbers_mut().chunks_exact_mut(lanes).enumerate() {
                    row.iter_mut().for_each(|r| *r = bounds[i / K] * (2.0 * stream.random::<f32>() - 1.0));
                }
                let (e, f) = differentiate::<S>(simd, &support, &raw, &pair, &mut gradient);
                pair.rows_mut::<S, VECTORS>().copy_from_slice(&[e, f]);
                for lane in 0..lanes {
                    let found = log_of(pair.numbers()[lane], pair.numbers()[lanes + lane]);
                    assert!(found.is_finite(), "{support:?} {bounds:?}: {found}");
                }
                pair.numbers_mut().fill(1.0);
                assert!(gradient.numbers().iter().all(|g| g.is_finite()), "{support:?} {bounds:?}");
            }
        }
    }
}

/// Logits, means and widths far beyond what a training reaches.
#[test]
fn extremes_are_finite() {
    dispatch(Extremes);
    Extremes.with_simd(pulp::Scalar);
}

struct Choices;

impl WithSimd for Choices {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = block_events::<S>();
        let (raw, _) = random::<S>();
        let mut out = Rows::new(2, lanes);
        for support in SUPPORTS {
            out.rows_mut::<S, VECTORS>()[0] = sigma(simd, &support, raw.rows::<S, VECTORS>()[2 * K]);
            for lane in 0..lanes {
                let expected = support.sigma(own(&raw, lane)[2 * K]);
                assert!((f64::from(out.numbers()[lane]) / expected - 1.0).abs() < 1e-6);
            }
        }
        // The first component whose cumulated weight exceeds u.
        let mut sums = Rows::new(K, lanes);
        for step in 0..200 {
            let u = (step as f32 + 0.5) / 200.0;
            let (m, a) =
                choose(simd, raw.rows::<S, VECTORS>(), splat(simd, u), sums.rows_mut::<S, VECTORS>());
            out.rows_mut::<S, VECTORS>().copy_from_slice(&[m, a]);
            for lane in 0..lanes {
                let own = own(&raw, lane);
                let total: f64 = own[..K].iter().map(|l| l.exp()).sum();
                let mut cumulated = 0.0;
                let sums = own[..K].iter().map(|l| {
                    cumulated += l.exp() / total;
                    cumulated
                });
                let sums: Vec<f64> = sums.collect();
                if sums.iter().any(|s| (s - f64::from(u)).abs() < 1e-6) {
                    continue;
                }
                let i = sums.iter().position(|&s| f64::from(u) < s).unwrap();
                let found = [out.numbers()[lane], out.numbers()[lanes + lane]].map(f64::from);
                assert_eq!(found, [own[K + i], own[2 * K + i]], "u {u}, sums {sums:?}");
            }
        }
    }
}

#[test]
fn choices_equal_scalars() {
    dispatch(Choices);
    Choices.with_simd(pulp::Scalar);
}
