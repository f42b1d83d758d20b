//! Elementwise functions on rows.

use pulp::Simd;
use pulp::bytemuck::cast;

use super::{Row, VECTORS};

/// The same number in every lane.
#[inline(always)]
pub fn splat<S: Simd>(simd: S, value: f32) -> Row<S> {
    [simd.splat_f32s(value); VECTORS]
}

/// a b + c; fused where the machine can.
#[inline(always)]
pub fn fused<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    // Without SIMD a fused product is a call into libm, tens of times slower than two roundings.
    if S::F32_LANES > 1 { simd.mul_add_e_f32s(a, b, c) } else { simd.add_f32s(simd.mul_f32s(a, b), c) }
}

#[inline(always)]
fn map<S: Simd>(a: Row<S>, f: impl Fn(S::f32s) -> S::f32s) -> Row<S> {
    let mut out = a;
    for v in &mut out {
        *v = f(*v);
    }
    out
}

#[inline(always)]
fn zip<S: Simd>(a: Row<S>, b: Row<S>, f: impl Fn(S::f32s, S::f32s) -> S::f32s) -> Row<S> {
    let mut out = a;
    for (x, y) in out.iter_mut().zip(b) {
        *x = f(*x, y);
    }
    out
}

/// a + b.
#[inline(always)]
pub fn add<S: Simd>(simd: S, a: Row<S>, b: Row<S>) -> Row<S> {
    zip::<S>(
        a,
        b,
        #[inline(always)]
        |a, b| simd.add_f32s(a, b),
    )
}

/// a b.
#[inline(always)]
pub fn mul<S: Simd>(simd: S, a: Row<S>, b: Row<S>) -> Row<S> {
    zip::<S>(
        a,
        b,
        #[inline(always)]
        |a, b| simd.mul_f32s(a, b),
    )
}

/// a b + c.
#[inline(always)]
pub fn mul_add<S: Simd>(simd: S, a: Row<S>, b: Row<S>, c: Row<S>) -> Row<S> {
    let mut out = c;
    for ((c, a), b) in out.iter_mut().zip(a).zip(b) {
        *c = fused(simd, a, b, *c);
    }
    out
}

/// The larger of a and b.
#[inline(always)]
pub fn maximum<S: Simd>(simd: S, a: Row<S>, b: Row<S>) -> Row<S> {
    zip::<S>(
        a,
        b,
        #[inline(always)]
        |a, b| simd.max_f32s(a, b),
    )
}

/// a where the mask holds, else b.
#[inline(always)]
pub fn select<S: Simd>(simd: S, mask: S::m32s, a: S::f32s, b: S::f32s) -> S::f32s {
    // pulp's own selection of floats is not always inlined; this is the same on bits.
    cast(simd.select_u32s(mask, cast(a), cast(b)))
}

/// 1 / a.
#[inline(always)]
pub fn reciprocal<S: Simd>(simd: S, a: Row<S>) -> Row<S> {
    let one = simd.splat_f32s(1.0);
    map::<S>(
        a,
        #[inline(always)]
        |a| simd.div_f32s(one, a),
    )
}

/// 1 / sqrt(a).
#[inline(always)]
pub fn reciprocal_root<S: Simd>(simd: S, a: Row<S>) -> Row<S> {
    let one = simd.splat_f32s(1.0);
    map::<S>(
        a,
        #[inline(always)]
        |a| simd.div_f32s(one, simd.sqrt_f32s(a)),
    )
}

/// exp(a), to about one unit in the last place; arguments are cut to [-87, 88].
#[inline(always)]
pub fn exp<S: Simd>(simd: S, a: Row<S>) -> Row<S> {
    map::<S>(
        a,
        #[inline(always)]
        |a| exp_one(simd, a),
    )
}

#[inline(always)]
fn exp_one<S: Simd>(simd: S, a: S::f32s) -> S::f32s {
    let a = simd.max_f32s(simd.min_f32s(a, simd.splat_f32s(88.0)), simd.splat_f32s(-87.0));
    // Adding 1.5 * 2^23 rounds to an integer n, which is then found in the low bits of the sum.
    let magic = simd.splat_f32s(12_582_912.0);
    let sum = fused(simd, a, simd.splat_f32s(std::f32::consts::LOG2_E), magic);
    let n = simd.sub_f32s(sum, magic);
    // a - n log 2, in two pieces so that the first product is exact.
    let r = fused(simd, n, simd.splat_f32s(-355.0 / 512.0), a);
    let r = fused(simd, n, simd.splat_f32s(2.121_944_4e-4), r);
    let mut p = simd.splat_f32s(1.987_569_1e-4);
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5, 1.0, 1.0] {
        p = fused(simd, p, r, simd.splat_f32s(coefficient));
    }
    let bits = simd.add_u32s(cast(sum), simd.splat_u32s(127));
    let power = simd.wrapping_dyn_shl_u32s(bits, simd.splat_u32s(23));
    simd.mul_f32s(p, cast(power))
}

/// GELU in its tanh form: a / (1 + exp(-2 sqrt(2/pi) (a + 0.044715 a^3))).
#[inline(always)]
pub fn gelu<S: Simd>(simd: S, a: Row<S>) -> Row<S> {
    const SCALE: f32 = -1.595_769;
    map::<S>(
        a,
        #[inline(always)]
        |a| {
            let square = simd.mul_f32s(a, a);
            let inner = fused(simd, square, simd.splat_f32s(0.044_715 * SCALE), simd.splat_f32s(SCALE));
            let e = exp_one(simd, simd.mul_f32s(inner, a));
            simd.div_f32s(a, simd.add_f32s(e, simd.splat_f32s(1.0)))
        },
    )
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::super::{Rows, block_events, dispatch};
    use super::*;

    struct Check;

    impl WithSimd for Check {
        type Output = (f64, f64);

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> (f64, f64) {
            let mut rows = Rows::new::<S>(2);
            let (mut worst_exp, mut worst_gelu) = (0.0_f64, 0.0_f64);
            for start in 0..2000 {
                let lanes = block_events::<S>();
                for lane in 0..lanes {
                    rows.numbers_mut()[lane] = -30.0 + 0.03 * start as f32 + 0.001 * lane as f32;
                }
                let a = rows.rows::<S>()[0];
                let arguments = rows.numbers()[..lanes].to_vec();
                rows.rows_mut::<S>()[0] = exp(simd, a);
                rows.rows_mut::<S>()[1] = gelu(simd, a);
                for (lane, &a) in arguments.iter().enumerate() {
                    let a = f64::from(a);
                    let exact = a.exp();
                    worst_exp = worst_exp.max((f64::from(rows.numbers()[lane]) / exact - 1.0).abs());
                    let tanh = ((2.0 / std::f64::consts::PI).sqrt() * (a + 0.044715 * a.powi(3))).tanh();
                    let exact = 0.5 * a * (1.0 + tanh);
                    worst_gelu = worst_gelu
                        .max((f64::from(rows.numbers()[lanes + lane]) - exact).abs() / (1.0 + a.abs()));
                }
            }
            (worst_exp, worst_gelu)
        }
    }

    #[test]
    fn exp_and_gelu_are_accurate() {
        for (exp, gelu) in [dispatch(Check), Check.with_simd(pulp::Scalar)] {
            assert!(exp < 3e-7, "{exp}");
            assert!(gelu < 3e-7, "{gelu}");
        }
    }
}
