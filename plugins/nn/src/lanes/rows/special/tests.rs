//! Special functions against double precision.

use pulp::WithSimd;

use super::super::functions::clamp;
use super::super::{Rows, VECTORS, block_events, dispatch};
use super::*;

/// Largest errors: of exp (relative), of GELU and its slope, of tanh and its slope, of the normal distribution's tail, of
/// the exact GELU and its slope.
struct Check;

impl WithSimd for Check {
    type Output = [f64; 8];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f64; 8] {
        let lanes = block_events::<S>();
        let mut rows = Rows::new(9, lanes);
        let mut worst = [0.0_f64; 8];
        for start in 0..2000 {
            for lane in 0..lanes {
                rows.numbers_mut()[lane] = -30.0 + 0.03 * start as f32 + 0.001 * lane as f32;
            }
            let a = rows.rows::<S, VECTORS>()[0];
            let (value, slope) = gelu_and_slope(simd, a);
            let (tanh, tanh_slope) = tanh_and_slope(simd, a);
            let positive = clamp(simd, a, 0.0, 30.0);
            let gauss = exp(simd, mul(simd, mul(simd, positive, positive), splat(simd, -0.5)));
            let tail = normal_tail(simd, positive, gauss);
            let (exact, exact_slope) = exact_gelu_and_slope(simd, a);
            let all = [a, exp(simd, a), value, slope, tanh, tanh_slope, tail, exact, exact_slope];
            rows.rows_mut::<S, VECTORS>().copy_from_slice(&all);
            for lane in 0..lanes {
                let at = |row: usize| f64::from(rows.numbers()[row * lanes + lane]);
                let a = at(0);
                let scale = (2.0 / std::f64::consts::PI).sqrt();
                let t = (scale * (a + 0.044715 * a.powi(3))).tanh();
                let gelu_slope =
                    0.5 * (1.0 + t) + 0.5 * a * (1.0 - t * t) * scale * (1.0 + 3.0 * 0.044715 * a * a);
                let tail = 0.5 * libm::erfc(a.max(0.0) / std::f64::consts::SQRT_2);
                let below = 0.5 * libm::erfc(-a / std::f64::consts::SQRT_2);
                let errors = [
                    at(1) / a.exp() - 1.0,
                    (at(2) - 0.5 * a * (1.0 + t)) / (1.0 + a.abs()),
                    at(3) - gelu_slope,
                    at(4) - a.tanh(),
                    at(5) - a.cosh().powi(-2),
                    at(6) - tail,
                    (at(7) - a * below) / (1.0 + a.abs()),
                    at(8) - below - a * (-0.5 * a * a).exp() / std::f64::consts::TAU.sqrt(),
                ];
                for (worst, error) in worst.iter_mut().zip(errors) {
                    *worst = worst.max(error.abs());
                }
            }
        }
        worst
    }
}

#[test]
fn functions_are_accurate() {
    for worst in [dispatch(Check), Check.with_simd(pulp::Scalar)] {
        for (error, bound) in worst.iter().zip([1.5e-7, 1.5e-7, 3e-7, 3e-7, 3e-7, 3e-7, 3e-7, 5e-7]) {
            assert!(error < &bound, "{worst:?}");
        }
    }
}

struct NotANumber;

impl WithSimd for NotANumber {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        let mut rows = Rows::new(4, block_events::<S>());
        let nan: Row<S> = splat(simd, f32::NAN);
        rows.rows_mut::<S, VECTORS>().copy_from_slice(&[
            exp(simd, nan),
            gelu_and_slope(simd, nan).1,
            exact_gelu_and_slope(simd, nan).1,
            nan,
        ]);
        rows.numbers().iter().all(|x| x.is_nan())
    }
}

/// A diverged training must show: what is cut to a range stays not a number.
#[test]
fn not_a_number_is_not_lost() {
    assert!(dispatch(NotANumber));
}
