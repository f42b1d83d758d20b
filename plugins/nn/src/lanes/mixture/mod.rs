//! Mixtures of Gaussians on rows: choosing a component, and the log density with its gradient.
//!
//! With weights pi_i = softmax(logits)_i and kernels k_i (a component's density times sqrt(2 pi)), Eq. 7 of Bahl et al.
//! 2025 is p(x) = sum_i pi_i k_i(x) / sqrt(2 pi). With the responsibilities r_i = pi_i k_i / sum_j pi_j k_j, log p has the
//! derivatives r_i - pi_i by logit i, and r_i times those of log k_i by m_i and a_i.

mod kernel;
#[cfg(test)]
mod tests;

use pulp::Simd;

use crate::Support;
use crate::lanes::rows::functions::{add, maximum, mul, mul_add, reciprocal, select, splat, sub};
use crate::lanes::rows::special::exp;
use crate::lanes::rows::{Row, VECTORS};
use kernel::Kernel;

pub use kernel::sigma;

/// Shares of a mixture are less by this, which rounds away in sums of single precision, so that smaller ones are zero.
const LEAST_SHARE: f32 = 1e-20;

/// Draws a component of each event's mixture with a uniform number in [0, 1): returns its m and a.
///
/// `raw` holds logits, m and a of all components; `sums` is scratch, a row per component.
#[inline(always)]
pub fn choose<S: Simd>(simd: S, raw: &[Row<S>], uniform: Row<S>, sums: &mut [Row<S>]) -> (Row<S>, Row<S>) {
    let components = sums.len();
    let (logits, rest) = raw.split_at(components);
    let (means, sigmas) = rest.split_at(components);
    let mut total = splat(simd, 0.0);
    let top = largest(simd, logits);
    for (sum, logit) in sums.iter_mut().zip(logits) {
        total = add(simd, total, exp(simd, sub(simd, *logit, top)));
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

/// The log density at `x` of each event's mixture, in two parts (e, f): it is e + log f - log(2 pi)/2.
///
/// `raw` holds logits, m and a of all components; `scratch` is two rows per component.
#[inline(always)]
pub fn log_density<S: Simd, const V: usize>(
    simd: S,
    support: &Support,
    raw: &[Row<S, V>],
    x: Row<S, V>,
    scratch: &mut [Row<S, V>],
) -> (Row<S, V>, Row<S, V>) {
    let components = scratch.len() / 2;
    let (logits, rest) = raw.split_at(components);
    let (means, widths) = rest.split_at(components);
    let (exponents, factors) = scratch.split_at_mut(components);
    for i in 0..components {
        let kernel = Kernel::new(simd, support, x, means[i], widths[i]);
        exponents[i] = add(simd, kernel.exponent, logits[i]);
        factors[i] = kernel.factor;
    }
    let Sums { log_density, .. } = Sums::new(simd, logits, exponents, factors);
    log_density
}

/// The log density from the two parts that [`log_density`] gives.
#[inline(always)]
pub fn log_of(exponent: f32, factor: f32) -> f64 {
    f64::from(exponent) + f64::from(factor).ln() - 0.5 * std::f64::consts::TAU.ln()
}

/// [`log_density`], and `weight` times its gradient with respect to `raw`.
#[inline(always)]
pub fn log_density_and_gradient<S: Simd, const V: usize>(
    simd: S,
    support: &Support,
    raw: &[Row<S, V>],
    (x, weight): (Row<S, V>, Row<S, V>),
    gradient: &mut [Row<S, V>],
    scratch: &mut [Row<S, V>],
) -> (Row<S, V>, Row<S, V>) {
    let components = scratch.len() / 2;
    let (logits, rest) = raw.split_at(components);
    let (means, widths) = rest.split_at(components);
    let (by_logits, rest) = gradient.split_at_mut(components);
    let (by_means, by_widths) = rest.split_at_mut(components);
    let (exponents, factors) = scratch.split_at_mut(components);
    for i in 0..components {
        let kernel = Kernel::new(simd, support, x, means[i], widths[i]);
        exponents[i] = add(simd, kernel.exponent, logits[i]);
        factors[i] = kernel.factor;
        by_means[i] = kernel.by_mean;
        by_widths[i] = kernel.by_width;
    }
    let Sums { log_density, per_sum, per_total } = Sums::new(simd, logits, exponents, factors);
    for i in 0..components {
        let responsibility = mul(simd, share(simd, exponents[i], per_sum), weight);
        by_logits[i] = sub(simd, responsibility, mul(simd, share(simd, factors[i], per_total), weight));
        by_means[i] = mul(simd, by_means[i], responsibility);
        by_widths[i] = mul(simd, by_widths[i], responsibility);
    }
    log_density
}

/// A part of the whole; zero if it is too small to count.
///
/// Of a trained network most components are far from an event. What they would add is below the smallest normal number, and a processor may take many
/// times as long for each product of such numbers.
#[inline(always)]
fn share<S: Simd, const V: usize>(simd: S, part: Row<S, V>, per_whole: Row<S, V>) -> Row<S, V> {
    let above = mul_add(simd, part, per_whole, splat(simd, -LEAST_SHARE));
    // In this order not a number stays that.
    maximum(simd, splat(simd, 0.0), above)
}

/// The sums of a mixture.
struct Sums<S: Simd, const V: usize> {
    log_density: (Row<S, V>, Row<S, V>),
    /// One over the sum of the components' densities.
    per_sum: Row<S, V>,
    /// One over the sum of the components' weights.
    per_total: Row<S, V>,
}

impl<S: Simd, const V: usize> Sums<S, V> {
    /// Replaces the exponents (of weight and kernel together) by the components' densities, and the factors by the
    /// components' weights, both up to a common factor.
    #[inline(always)]
    fn new(simd: S, logits: &[Row<S, V>], exponents: &mut [Row<S, V>], factors: &mut [Row<S, V>]) -> Self {
        let (top, logit_top) = (largest(simd, exponents), largest(simd, logits));
        let (mut sum, mut total) = (splat(simd, 0.0), splat(simd, 0.0));
        for ((exponent, factor), logit) in exponents.iter_mut().zip(factors).zip(logits) {
            *exponent = mul(simd, exp(simd, sub(simd, *exponent, top)), *factor);
            sum = add(simd, sum, *exponent);
            *factor = exp(simd, sub(simd, *logit, logit_top));
            total = add(simd, total, *factor);
        }
        let (per_sum, per_total) = (reciprocal(simd, sum), reciprocal(simd, total));
        let log_density = (sub(simd, top, logit_top), mul(simd, sum, per_total));
        Sums { log_density, per_sum, per_total }
    }
}

#[inline(always)]
fn largest<S: Simd, const V: usize>(simd: S, logits: &[Row<S, V>]) -> Row<S, V> {
    let mut top = logits[0];
    for logit in &logits[1..] {
        top = maximum(simd, top, *logit);
    }
    top
}
