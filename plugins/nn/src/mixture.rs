//! Mixtures of Gaussians in one dimension: on the line, on the circle, on an interval (Eq. 7 of Bahl et al. 2025).

use std::f64::consts::{PI, TAU};

use amplicast_sdk::momenta::wrap_angle;
/// Smallest standard deviation of a component.
pub const SIGMA_FLOOR: f64 = 0.01;

/// Images of a Gaussian on each side of the circle. Standard deviations stay below pi + [`SIGMA_FLOOR`], so what is
/// left out is less than 7e-7 of the probability even there.
pub const IMAGES: i32 = 2;

/// Where a coordinate lives, hence which mixture describes it.
///
/// A network gives three numbers per component: a logit, m and a. With s = exp(a), floor = [`SIGMA_FLOOR`]:
///
/// | support | mean | standard deviation | density of a component |
/// |---|---|---|---|
/// | line | m | floor + s | Gaussian |
/// | circle [-pi, pi) | m | floor + s / (1 + s/pi) | Gaussian summed over its images |
/// | interval c +- r | c + r tanh((m - c)/r) | floor + s / (1 + s/2r) | Gaussian over its integral on the interval |
///
/// The bounds keep every density normalized in single precision: a component of an interval always has more than a
/// third of its Gaussian inside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Support {
    /// All real numbers.
    Line,
    /// An angle in [-pi, pi).
    Circle,
    /// Numbers from `low` to `high`.
    Interval {
        /// Smallest number.
        low: f64,
        /// Largest number.
        high: f64,
    },
}

impl Support {
    /// The largest standard deviation, apart from the floor; `None` on the line.
    pub fn sigma_scale(&self) -> Option<f64> {
        match self {
            Support::Line => None,
            Support::Circle => Some(PI),
            Support::Interval { low, high } => Some(high - low),
        }
    }

    /// Center and half width of an interval.
    pub fn center(&self) -> Option<(f64, f64)> {
        match self {
            Support::Interval { low, high } => Some((0.5 * (low + high), 0.5 * (high - low))),
            _ => None,
        }
    }

    /// Mean of a component from the network's m.
    pub fn mean(&self, m: f64) -> f64 {
        self.center().map_or(m, |(center, half)| center + half * ((m - center) / half).tanh())
    }

    /// Standard deviation of a component from the network's a.
    pub fn sigma(&self, a: f64) -> f64 {
        SIGMA_FLOOR + self.sigma_scale().map_or_else(|| a.exp(), |scale| 1.0 / (1.0 / scale + (-a).exp()))
    }

    /// The log density at `x` of a mixture from the network's 3 K numbers (logits, then m, then a).
    pub fn log_density(&self, raw: &[f64], x: f64) -> f64 {
        let k = raw.len() / 3;
        let terms = |i: usize| {
            let (mean, sigma) = (self.mean(raw[k + i]), self.sigma(raw[2 * k + i]));
            raw[i] - sigma.ln() + self.log_kernel((x - mean) / sigma, sigma, mean)
        };
        log_sum_exp((0..k).map(terms)) - log_sum_exp(raw[..k].iter().copied()) - 0.5 * TAU.ln()
    }

    /// log of exp(-z^2/2), summed over images or divided by the integral over the interval.
    fn log_kernel(&self, z: f64, sigma: f64, mean: f64) -> f64 {
        match *self {
            Support::Line => -0.5 * z * z,
            Support::Circle => {
                let nearest = wrap_angle(z * sigma);
                let images = (-IMAGES..=IMAGES).map(|i| nearest + TAU * f64::from(i));
                log_sum_exp(images.map(|d| -0.5 * (d / sigma) * (d / sigma)))
            }
            Support::Interval { low, high } => {
                let cdf = |edge: f64| 0.5 * libm::erf((edge - mean) / (sigma * std::f64::consts::SQRT_2));
                -0.5 * z * z - (cdf(high) - cdf(low)).ln()
            }
        }
    }
}

fn log_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    largest + terms.map(|t| (t - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests;
