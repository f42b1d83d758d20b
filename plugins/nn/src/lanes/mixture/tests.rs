//! Mixtures on rows against the scalar definition.

use amplicast_sdk::Seed;
use amplicast_sdk::rand::RngExt;
use pulp::WithSimd;

use super::*;
use crate::lanes::{Rows, block_events, dispatch};

const K: usize = 6;

struct Check;

impl WithSimd for Check {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = block_events::<S>();
        let mut stream = Seed::new(1).stream();
        let mut raw = Rows::new::<S>(3 * K);
        raw.numbers_mut().iter_mut().for_each(|r| *r = 4.0 * stream.random::<f32>() - 2.0);
        let mut x = Rows::new::<S>(2);
        x.numbers_mut().iter_mut().for_each(|x| *x = 8.0 * stream.random::<f32>() - 4.0);
        // Far from every component, where the kernels underflow.
        x.numbers_mut()[0] = 90.0;
        let own = |raw: &Rows, lane: usize| -> Vec<f64> {
            (0..3 * K).map(|i| f64::from(raw.numbers()[i * lanes + lane])).collect()
        };

        let mut scratch = Rows::new::<S>(2 * K);
        let (exponent, factor) =
            log_density(simd, raw.rows::<S>(), x.rows::<S>()[0], scratch.rows_mut::<S>());
        let values = x.numbers().to_vec();
        x.rows_mut::<S>().copy_from_slice(&[exponent, factor]);
        for (lane, &value) in values[..lanes].iter().enumerate() {
            let parts = [lane, lanes + lane].map(|i| f64::from(x.numbers()[i]));
            let found = parts[0] + parts[1].ln() - 0.5 * std::f64::consts::TAU.ln();
            let expected = Support::Line.log_density(&own(&raw, lane), f64::from(value));
            assert!((found - expected).abs() < 3e-6 * (1.0 + expected.abs()), "{found} {expected}");
        }

        for support in [Support::Line, Support::Circle, Support::Interval { low: -1.0, high: 4.0 }] {
            let found = sigma(simd, &support, raw.rows::<S>()[2 * K]);
            x.rows_mut::<S>()[0] = found;
            for lane in 0..lanes {
                let expected = support.sigma(own(&raw, lane)[2 * K]);
                assert!((f64::from(x.numbers()[lane]) / expected - 1.0).abs() < 1e-6);
            }
        }

        // The first component whose cumulated weight exceeds u.
        let mut sums = Rows::new::<S>(K);
        for step in 0..200 {
            let u = (step as f32 + 0.5) / 200.0;
            let (m, a) = choose(simd, raw.rows::<S>(), splat(simd, u), sums.rows_mut::<S>());
            x.rows_mut::<S>().copy_from_slice(&[m, a]);
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
                let found = [x.numbers()[lane], x.numbers()[lanes + lane]].map(f64::from);
                assert_eq!(found, [own[K + i], own[2 * K + i]], "u {u}, sums {sums:?}");
            }
        }
    }
}

#[test]
fn rows_equal_scalars() {
    dispatch(Check);
    Check.with_simd(pulp::Scalar);
}
