//! Mixtures of Gaussians on rows: choosing a component, and the log density on the line.

use pulp::Simd;

use super::functions::{add, exp, maximum, mul, mul_add, reciprocal, select, splat};
use super::{Row, VECTORS};
use crate::{SIGMA_FLOOR, Support};

/// Standard deviations of a component from the network's a.
#[inline(always)]
pub fn sigma<S: Simd>(simd: S, support: &Support, a: Row<S>) -> Row<S> {
    let floor = splat(simd, SIGMA_FLOOR as f32);
    match support.sigma_scale() {
        None => add(simd, exp(simd, a), floor),
        Some(scale) => {
            let inverse = exp(simd, mul(simd, a, splat(simd, -1.0)));
            add(simd, reciprocal(simd, add(simd, inverse, splat(simd, scale.recip() as f32))), floor)
        }
    }
}

/// Draws a component of each event's mixture with a uniform number in [0, 1): returns its m and a.
///
/// `raw` holds logits, m and a of all components; `sums` is scratch, a row per component.
#[inline(always)]
pub fn choose<S: Simd>(simd: S, raw: &[Row<S>], uniform: Row<S>, sums: &mut [Row<S>]) -> (Row<S>, Row<S>) {
    let components = sums.len();
    let (logits, rest) = raw.split_at(components);
    let (means, sigmas) = rest.split_at(components);
    let mut total = splat(simd, 0.0);
    let minus = mul(simd, largest(simd, logits), splat(simd, -1.0));
    for (sum, logit) in sums.iter_mut().zip(logits) {
        total = add(simd, total, exp(simd, add(simd, *logit, minus)));
        *sum = total;
    }
    let threshold = mul(simd, uniform, total);
    // The last sum is the total, which no threshold reaches; from there the first sum above it is searched backwards.
    let (mut mean, mut a) = (means[components - 1], sigmas[components - 1]);
    for i in (0..components - 1).rev() {
        for v in 0..VECTORS {
            let above = simd.less_than_f32s(threshold[v], sums[i][v]);
            mean[v] = select(simd, above, means[i][v], mean[v]);
            a[v] = select(simd, above, sigmas[i][v], a[v]);
        }
    }
    (mean, a)
}

/// The log density at `x` of each event's mixture on the line, in two parts (e, f): it is e + log f - log(2 pi)/2.
///
/// `scratch` is two rows per component.
#[inline(always)]
pub fn log_density<S: Simd>(simd: S, raw: &[Row<S>], x: Row<S>, scratch: &mut [Row<S>]) -> (Row<S>, Row<S>) {
    let components = scratch.len() / 2;
    let (logits, rest) = raw.split_at(components);
    let (means, sigmas) = rest.split_at(components);
    let (exponents, inverses) = scratch.split_at_mut(components);
    let minus_one = splat(simd, -1.0);
    let mut top = splat(simd, f32::NEG_INFINITY);
    for i in 0..components {
        inverses[i] = reciprocal(simd, sigma(simd, &Support::Line, sigmas[i]));
        let z = mul(simd, add(simd, x, mul(simd, means[i], minus_one)), inverses[i]);
        let half = mul(simd, z, splat(simd, -0.5));
        exponents[i] = mul_add(simd, z, half, logits[i]);
        top = maximum(simd, top, exponents[i]);
    }
    let logit_top = largest(simd, &logits[..components]);
    let (minus_top, minus_logit_top) = (mul(simd, top, minus_one), mul(simd, logit_top, minus_one));
    let (mut sum, mut total) = (splat(simd, 0.0), splat(simd, 0.0));
    for i in 0..components {
        let kernel = exp(simd, add(simd, exponents[i], minus_top));
        sum = mul_add(simd, kernel, inverses[i], sum);
        total = add(simd, total, exp(simd, add(simd, logits[i], minus_logit_top)));
    }
    (add(simd, top, minus_logit_top), mul(simd, sum, reciprocal(simd, total)))
}

#[inline(always)]
fn largest<S: Simd>(simd: S, logits: &[Row<S>]) -> Row<S> {
    let mut top = logits[0];
    for logit in &logits[1..] {
        top = maximum(simd, top, *logit);
    }
    top
}

#[cfg(test)]
mod tests;
