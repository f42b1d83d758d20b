//! Layer norms without scale and shift, which are part of the next layer.

use pulp::Simd;

use crate::lanes::rows::Row;
use crate::lanes::rows::functions::{add, mul, mul_add, reciprocal_root, splat, sub};
use crate::transformer::NORM_EPSILON;

/// y_i = (x_i - mean) r with r = 1/sqrt(variance + epsilon); `out` is the y, then r.
#[inline(always)]
pub fn normalize<S: Simd, const V: usize>(simd: S, x: &[Row<S, V>], out: &mut [Row<S, V>]) {
    let (inverse_root, out) = out.split_last_mut().expect("a row for the inverse root");
    let inverse = 1.0 / x.len() as f32;
    let mut sum = splat(simd, 0.0);
    for row in x {
        sum = add(simd, sum, *row);
    }
    let minus_mean = mul(simd, sum, splat(simd, -inverse));
    let mut square = splat(simd, 0.0);
    for (row, out) in x.iter().zip(&mut *out) {
        *out = add(simd, *row, minus_mean);
        square = mul_add(simd, *out, *out, square);
    }
    let variance = mul_add(simd, square, splat(simd, inverse), splat(simd, NORM_EPSILON as f32));
    *inverse_root = reciprocal_root(simd, variance);
    for out in out {
        *out = mul(simd, *out, *inverse_root);
    }
}

/// Adds to `x` the gradient r (g_i - mean(g) - y_i mean(g y)) from that of the y, g; `kept` is what [`normalize`] wrote.
#[inline(always)]
pub fn add_gradient<S: Simd, const V: usize>(
    simd: S,
    kept: &[Row<S, V>],
    gradient: &[Row<S, V>],
    x: &mut [Row<S, V>],
) {
    let (inverse_root, y) = kept.split_last().expect("a row for the inverse root");
    let (mut sum, mut product) = (splat(simd, 0.0), splat(simd, 0.0));
    for (y, g) in y.iter().zip(gradient) {
        sum = add(simd, sum, *g);
        product = mul_add(simd, *g, *y, product);
    }
    let inverse = splat(simd, 1.0 / y.len() as f32);
    let (mean, mean_product) = (mul(simd, sum, inverse), mul(simd, product, inverse));
    for ((y, g), x) in y.iter().zip(gradient).zip(x) {
        let centered = sub(simd, sub(simd, *g, mean), mul(simd, *y, mean_product));
        *x = mul_add(simd, *inverse_root, centered, *x);
    }
}
