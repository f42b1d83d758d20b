//! The components of a mixture on rows: their kernels, and the derivatives of these.

use std::f32::consts::{PI, TAU};

use pulp::Simd;

use crate::lanes::rows::Row;
use crate::lanes::rows::functions::{add, clamp, mul, mul_add, reciprocal, splat, sub};
use crate::lanes::rows::special::{exp, normal_tail, tanh_and_slope};
use crate::{SIGMA_FLOOR, Support};

/// Distances in standard deviations are cut here, so that neither their squares overflow nor the products of these with
/// the smallest exponential count.
const FARTHEST: f32 = 1e15;

/// A component's density at x times sqrt(2 pi), as factor exp(exponent), and the derivatives of its logarithm.
pub struct Kernel<S: Simd, const V: usize> {
    /// -z^2/2, where z is the distance (on the circle to the nearest image) in standard deviations.
    pub exponent: Row<S, V>,
    /// 1/sigma; on the circle times the images' sum, on an interval over the integral.
    pub factor: Row<S, V>,
    /// Derivative by the network's m.
    pub by_mean: Row<S, V>,
    /// Derivative by the network's a.
    pub by_width: Row<S, V>,
}

/// Standard deviations from the network's a.
#[inline(always)]
pub fn sigma<S: Simd, const V: usize>(simd: S, support: &Support, a: Row<S, V>) -> Row<S, V> {
    width(simd, support, a).0
}

/// Standard deviations and their derivatives by a.
#[inline(always)]
fn width<S: Simd, const V: usize>(simd: S, support: &Support, a: Row<S, V>) -> (Row<S, V>, Row<S, V>) {
    let floor = splat(simd, SIGMA_FLOOR as f32);
    match support.sigma_scale() {
        None => {
            let growth = exp(simd, a);
            (add(simd, growth, floor), growth)
        }
        Some(scale) => {
            // s = 1/(1/scale + exp(-a)), ds/da = s^2 exp(-a).
            let decay = exp(simd, sub(simd, splat(simd, 0.0), a));
            let s = reciprocal(simd, add(simd, decay, splat(simd, scale.recip() as f32)));
            (add(simd, s, floor), mul(simd, mul(simd, s, decay), s))
        }
    }
}

impl<S: Simd, const V: usize> Kernel<S, V> {
    /// The kernel of the component with the network's m and a.
    #[inline(always)]
    pub fn new(simd: S, support: &Support, x: Row<S, V>, m: Row<S, V>, a: Row<S, V>) -> Self {
        let (sigma, slope) = width(simd, support, a);
        let inverse = reciprocal(simd, sigma);
        match *support {
            Support::Line => {
                let Gaussian { z, exponent } = Gaussian::new(simd, sub(simd, x, m), inverse);
                let by_sigma = mul(simd, mul_add(simd, z, z, splat(simd, -1.0)), inverse);
                let by_width = mul(simd, by_sigma, slope);
                Kernel { exponent, factor: inverse, by_mean: mul(simd, z, inverse), by_width }
            }
            Support::Circle => Kernel::on_circle(simd, sub(simd, x, m), inverse, slope),
            Support::Interval { low, high } => {
                Kernel::on_interval(simd, (low as f32, high as f32), x, m, inverse, slope)
            }
        }
    }

    /// The sum over images at distances d_k = d_0 + 2 pi k, relative to the nearest (k = 0).
    #[inline(always)]
    fn on_circle(simd: S, offset: Row<S, V>, inverse: Row<S, V>, slope: Row<S, V>) -> Self {
        // Adding 1.5 * 2^23 rounds to an integer.
        let magic = splat(simd, 12_582_912.0);
        let turns = sub(simd, mul_add(simd, offset, splat(simd, 1.0 / TAU), magic), magic);
        // Beyond half a circle only by rounding, of offsets of many turns.
        let nearest = clamp(simd, mul_add(simd, turns, splat(simd, -TAU), offset), -PI, PI);
        let Gaussian { exponent, .. } = Gaussian::new(simd, nearest, inverse);
        let square = mul(simd, inverse, inverse);
        // Sums of w_k, w_k d_k, w_k d_k^2 with w_k = exp(-(d_k^2 - d_0^2)/(2 sigma^2)).
        let (mut sum, mut first, mut second) = (splat(simd, 1.0), nearest, mul(simd, nearest, nearest));
        for k in [-2.0, -1.0, 1.0, 2.0] {
            let half_difference =
                mul_add(simd, nearest, splat(simd, -TAU * k), splat(simd, -0.5 * (TAU * k) * (TAU * k)));
            let weight = exp(simd, mul(simd, half_difference, square));
            let distance = add(simd, nearest, splat(simd, TAU * k));
            let product = mul(simd, weight, distance);
            sum = add(simd, sum, weight);
            first = add(simd, first, product);
            second = mul_add(simd, product, distance, second);
        }
        let scale = mul(simd, reciprocal(simd, sum), square);
        let spread = mul_add(simd, second, scale, splat(simd, -1.0));
        Kernel {
            exponent,
            factor: mul(simd, inverse, sum),
            by_mean: mul(simd, first, scale),
            by_width: mul(simd, mul(simd, spread, inverse), slope),
        }
    }

    /// A Gaussian over its integral I between the ends, z_l and z_h standard deviations from its mean:
    /// I = 1 - tail(z_h) - tail(-z_l), where nothing cancels, as I is more than a third.
    #[inline(always)]
    fn on_interval(
        simd: S,
        (low, high): (f32, f32),
        x: Row<S, V>,
        m: Row<S, V>,
        inverse: Row<S, V>,
        slope: Row<S, V>,
    ) -> Self {
        let (center, half) = (0.5 * (low + high), 0.5 * (high - low));
        let scaled = mul(simd, sub(simd, m, splat(simd, center)), splat(simd, 1.0 / half));
        let (tanh, tanh_slope) = tanh_and_slope(simd, scaled);
        let mean = mul_add(simd, tanh, splat(simd, half), splat(simd, center));
        let Gaussian { z, exponent } = Gaussian::new(simd, sub(simd, x, mean), inverse);
        let below = Gaussian::new(simd, sub(simd, mean, splat(simd, low)), inverse);
        let above = Gaussian::new(simd, sub(simd, splat(simd, high), mean), inverse);
        // Not by `map`, which would be compiled without the instruction set.
        let (below_density, above_density) = (exp(simd, below.exponent), exp(simd, above.exponent));
        let outside =
            add(simd, normal_tail(simd, below.z, below_density), normal_tail(simd, above.z, above_density));
        let per_integral = reciprocal(simd, sub(simd, splat(simd, 1.0), outside));
        // Derivatives of log I: by the mean (g_l - g_h)/(sigma I), by sigma -(g_l |z_l| + g_h z_h)/(sigma I), with g the
        // normal density at the ends.
        let normal = mul(simd, per_integral, splat(simd, 1.0 / TAU.sqrt()));
        let by_mean = mul(simd, sub(simd, below_density, above_density), normal);
        let moments = mul_add(simd, below_density, below.z, mul(simd, above_density, above.z));
        let by_mean = mul(simd, sub(simd, z, by_mean), inverse);
        let by_sigma = mul_add(simd, z, z, mul_add(simd, moments, normal, splat(simd, -1.0)));
        Kernel {
            exponent,
            factor: mul(simd, inverse, per_integral),
            by_mean: mul(simd, by_mean, tanh_slope),
            by_width: mul(simd, mul(simd, by_sigma, inverse), slope),
        }
    }
}

/// A distance in standard deviations and the exponent that belongs to it.
struct Gaussian<S: Simd, const V: usize> {
    z: Row<S, V>,
    exponent: Row<S, V>,
}

impl<S: Simd, const V: usize> Gaussian<S, V> {
    #[inline(always)]
    fn new(simd: S, distance: Row<S, V>, inverse_sigma: Row<S, V>) -> Self {
        let z = clamp(simd, mul(simd, distance, inverse_sigma), -FARTHEST, FARTHEST);
        Gaussian { z, exponent: mul(simd, mul(simd, z, splat(simd, -0.5)), z) }
    }
}
