//! Special functions on rows: exponential, GELU, hyperbolic tangent, tails of the normal distribution.

use pulp::Simd;
use pulp::bytemuck::cast;

use super::block::Row;
use super::functions::{absolute, clamp_one, fused, map, mul, mul_add, reciprocal, select, splat};

/// exp(a), to about one unit in the last place; arguments are cut to [-87, 88].
#[inline(always)]
pub fn exp<S: Simd, const V: usize>(simd: S, a: Row<S, V>) -> Row<S, V> {
    map::<S, V>(
        a,
        #[inline(always)]
        |a| exp_one(simd, a),
    )
}

#[inline(always)]
fn exp_one<S: Simd>(simd: S, a: S::f32s) -> S::f32s {
    let a = clamp_one(simd, a, -87.0, 88.0);
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

/// The cubic term in the tanh form of GELU.
const GELU_CUBE: f32 = 0.044_715;

/// -2 sqrt(2/pi).
const GELU_SCALE: f32 = -1.595_769;

/// GELU in its tanh form: a / (1 + exp(-2 sqrt(2/pi) (a + 0.044715 a^3))).
#[inline(always)]
pub fn gelu<S: Simd, const V: usize>(simd: S, a: Row<S, V>) -> Row<S, V> {
    map::<S, V>(
        a,
        #[inline(always)]
        |a| {
            let square = simd.mul_f32s(a, a);
            let inner =
                fused(simd, square, simd.splat_f32s(GELU_CUBE * GELU_SCALE), simd.splat_f32s(GELU_SCALE));
            let e = exp_one(simd, simd.mul_f32s(inner, a));
            simd.div_f32s(a, simd.add_f32s(e, simd.splat_f32s(1.0)))
        },
    )
}

/// [`gelu`] and its derivative: s - a s^2 e w with e the exponential, s = 1/(1 + e) and w the derivative of its exponent.
#[inline(always)]
pub fn gelu_and_slope<S: Simd, const V: usize>(simd: S, a: Row<S, V>) -> (Row<S, V>, Row<S, V>) {
    let (mut value, mut slope) = (a, a);
    for v in 0..V {
        // Out there the slope is 0 or 1, and powers of the argument could overflow.
        let a = clamp_one(simd, slope[v], -100.0, 100.0);
        let square = simd.mul_f32s(a, a);
        let scale = simd.splat_f32s(GELU_SCALE);
        let inner = fused(simd, square, simd.splat_f32s(GELU_CUBE * GELU_SCALE), scale);
        let e = exp_one(simd, simd.mul_f32s(inner, a));
        let s = simd.div_f32s(simd.splat_f32s(1.0), simd.add_f32s(e, simd.splat_f32s(1.0)));
        let w = fused(simd, square, simd.splat_f32s(3.0 * GELU_CUBE * GELU_SCALE), scale);
        value[v] = simd.mul_f32s(value[v], s);
        let product = simd.mul_f32s(simd.mul_f32s(simd.mul_f32s(e, s), s), simd.mul_f32s(a, w));
        slope[v] = simd.sub_f32s(s, product);
    }
    (value, slope)
}

/// GELU in its exact form, a P(a) with the normal distribution P, and its derivative P(a) + a p(a).
#[inline(always)]
pub fn exact_gelu_and_slope<S: Simd, const V: usize>(simd: S, a: Row<S, V>) -> (Row<S, V>, Row<S, V>) {
    let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
    let distance = map::<S, V>(
        a,
        #[inline(always)]
        |a| absolute(simd, a),
    );
    let gauss = exp(simd, mul(simd, mul(simd, a, a), splat(simd, -0.5)));
    let tail = normal_tail(simd, distance, gauss);
    let (mut value, mut slope) = (a, a);
    for v in 0..V {
        let negative = simd.less_than_f32s(a[v], zero);
        let below = select(simd, negative, tail[v], simd.sub_f32s(one, tail[v]));
        value[v] = simd.mul_f32s(a[v], below);
        let density = simd.mul_f32s(gauss[v], simd.splat_f32s(0.398_942_3));
        slope[v] = fused(simd, a[v], density, below);
    }
    (value, slope)
}

/// tanh(a) and its derivative, from e = exp(-2|a|): +-(1 - e)/(1 + e) and 4e/(1 + e)^2.
#[inline(always)]
pub fn tanh_and_slope<S: Simd, const V: usize>(simd: S, a: Row<S, V>) -> (Row<S, V>, Row<S, V>) {
    let (mut value, mut slope) = (a, a);
    let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
    for v in 0..V {
        let negative = simd.less_than_f32s(a[v], zero);
        let e = exp_one(simd, simd.mul_f32s(absolute(simd, a[v]), simd.splat_f32s(-2.0)));
        let inverse = simd.div_f32s(one, simd.add_f32s(one, e));
        let tanh = simd.mul_f32s(simd.sub_f32s(one, e), inverse);
        value[v] = select(simd, negative, simd.sub_f32s(zero, tanh), tanh);
        let root = simd.mul_f32s(simd.splat_f32s(4.0), simd.mul_f32s(e, inverse));
        slope[v] = simd.mul_f32s(root, inverse);
    }
    (value, slope)
}

/// The integral of the standard normal density from z >= 0 to infinity, given `gauss` = exp(-z^2/2); to 3e-7.
///
/// Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
#[inline(always)]
pub fn normal_tail<S: Simd, const V: usize>(simd: S, z: Row<S, V>, gauss: Row<S, V>) -> Row<S, V> {
    const SCALE: f32 = 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2;
    let t = reciprocal(simd, mul_add(simd, z, splat(simd, SCALE), splat(simd, 1.0)));
    // The coefficients of erfc, halved.
    let mut sum = splat(simd, 0.530_702_7);
    for coefficient in [-0.726_576_03, 0.710_706_9, -0.142_248_37, 0.127_414_8] {
        sum = mul_add(simd, sum, t, splat(simd, coefficient));
    }
    mul(simd, mul(simd, sum, t), gauss)
}

#[cfg(test)]
mod tests;
