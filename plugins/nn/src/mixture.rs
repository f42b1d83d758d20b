//! Mixtures of Gaussians in one dimension: on the line, on the circle, on an interval (Eq. 7 of Bahl et al. 2025).

use std::f64::consts::{PI, TAU};

use amplicast_sdk::momenta::wrap_angle;
use tch::{Kind, Tensor};

/// Smallest standard deviation of a component.
pub const SIGMA_FLOOR: f64 = 0.01;

/// Images of a Gaussian on each side of the circle. Standard deviations stay below pi + [`SIGMA_FLOOR`], so what is
/// left out is less than 7e-7 of the probability even there.
const IMAGES: i32 = 2;

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

/// The mixtures of all columns of an event as a graph in libtorch: tensors in, tensors out.
#[derive(Debug, Clone)]
pub struct MixtureHead {
    components: i64,
    groups: Vec<Group>,
}

/// Columns of one kind of support, computed together.
#[derive(Debug, Clone)]
struct Group {
    /// `None` when the group is all columns.
    columns: Option<Vec<i64>>,
    supports: Vec<Support>,
}

impl MixtureHead {
    /// Mixtures of `components` for columns with these supports.
    pub fn new(components: usize, supports: &[Support]) -> Self {
        let mut groups: Vec<(Vec<i64>, Vec<Support>)> = Vec::new();
        for (column, support) in supports.iter().enumerate() {
            let same = |g: &&mut (Vec<i64>, Vec<Support>)| {
                std::mem::discriminant(&g.1[0]) == std::mem::discriminant(support)
            };
            match groups.iter_mut().find(same) {
                Some(group) => {
                    group.0.push(column as i64);
                    group.1.push(*support);
                }
                None => groups.push((vec![column as i64], vec![*support])),
            }
        }
        let only = groups.len() == 1;
        let groups = groups
            .into_iter()
            .map(|(columns, supports)| Group { columns: (!only).then_some(columns), supports })
            .collect();
        MixtureHead { components: components as i64, groups }
    }

    /// log p of each event: from the network's numbers (n x columns x 3 K) and the events (n x columns), n numbers.
    pub fn log_density(&self, raw: &Tensor, x: &Tensor) -> Tensor {
        let parts = self.groups.iter().map(|group| match &group.columns {
            None => self.group(group, raw, x),
            Some(columns) => {
                let columns = Tensor::from_slice(columns).to_device(raw.device());
                self.group(group, &raw.index_select(1, &columns), &x.index_select(1, &columns))
            }
        });
        parts.reduce(|a, b| a + b).expect("an event has at least one column")
    }

    fn group(&self, group: &Group, raw: &Tensor, x: &Tensor) -> Tensor {
        let parts = raw.split(self.components, 2);
        let (logits, m, a) = (&parts[0], &parts[1], &parts[2]);
        let x = x.unsqueeze(2);
        let numbers = |values: &[f64]| Tensor::from_slice(values).to_kind(raw.kind()).to_device(raw.device());
        // A number per column, shaped to meet (n x columns x components).
        let constant = |f: &dyn Fn(&Support) -> f64| {
            let values: Vec<f64> = group.supports.iter().map(f).collect();
            numbers(&values).view([-1, 1])
        };
        let bounded = || {
            let inverse_scale = constant(&|s| s.sigma_scale().map_or(0.0, f64::recip));
            ((-a).exp() + inverse_scale).reciprocal() + SIGMA_FLOOR
        };
        let terms = match group.supports[0] {
            Support::Line => {
                let sigma = a.exp() + SIGMA_FLOOR;
                let z = (x - m) / &sigma;
                logits - sigma.log() - z.square() * 0.5
            }
            Support::Circle => {
                let sigma = bounded();
                let offset = x - m;
                // The number of turns is locally constant: no gradient flows through it.
                let turns = (&offset.detach() / TAU).round();
                let nearest = offset - turns * TAU;
                let shifts: Vec<f64> = (-IMAGES..=IMAGES).map(|i| TAU * f64::from(i)).collect();
                let images = nearest.unsqueeze(-1) + numbers(&shifts);
                let z = images / sigma.unsqueeze(-1);
                logits - sigma.log() + (z.square() * -0.5).logsumexp([-1], false)
            }
            Support::Interval { .. } => {
                let center = constant(&|s| s.center().map_or(0.0, |c| c.0));
                let half = constant(&|s| s.center().map_or(1.0, |c| c.1));
                let (low, high) = (&center - &half, &center + &half);
                let sigma = bounded();
                let mean = ((m - &center) / &half).tanh() * &half + &center;
                let inside =
                    ((high - &mean) / &sigma).special_ndtr() - ((low - &mean) / &sigma).special_ndtr();
                let z = (x - mean) / &sigma;
                logits - (sigma * inside).log() - z.square() * 0.5
            }
        };
        let columns = terms.logsumexp([2], false) - logits.logsumexp([2], false) - 0.5 * TAU.ln();
        columns.sum_dim_intlist([1_i64].as_slice(), false, None::<Kind>)
    }
}

#[cfg(test)]
mod tests;
