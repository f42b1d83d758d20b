//! 1/G taken apart, where members know which events they were fitted to.

use serde::{Deserialize, Serialize};

use super::Interval;
use crate::covering::{Covering, Intervals, Parts, Variance};

/// Whose G it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// Of one fit to all training events.
    OneFit,
    /// Of the mean of all members.
    MeanOfMembers,
    /// Of a fit to one of several disjoint subsets: G at a smaller number of training events.
    OneSubset,
}

impl Whose {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Whose::OneFit => "one fit",
            Whose::MeanOfMembers => "the mean of the members",
            Whose::OneSubset => "a fit to one subset",
        }
    }
}

/// x = 1/G = variance + bias, in units of the error of the training events ("A G that covers", procedures S and C).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TakenApart {
    /// Whose G it is.
    pub of: Whose,
    /// v: the variance of the generated integrals over training sets.
    pub variance: f64,
    /// Degrees of freedom of v.
    pub variance_freedom: f64,
    /// What the law of v is scaled with, if it is not v itself: it is made of several squares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance_scale: Option<f64>,
    /// In how many directions the generated integrals scatter from training set to training set.
    pub directions: f64,
    /// u^2: the squared deviation of the generated integrals from those of the training events.
    pub deviation: f64,
    /// k: what this would be without a bias.
    pub deviation_unbiased: f64,
    /// Degrees of freedom of k.
    pub deviation_freedom: f64,
    /// What the law of k is scaled with, if it is not k itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviation_scale: Option<f64>,
    /// Degrees of freedom of the regions together.
    pub regions_freedom: f64,
    /// Degrees of freedom of u^2: those of the regions, fewer where a bias sits in few of them.
    pub distance_freedom: f64,
    /// Whether a bias that is seen scatters by a factor: the generator itself scatters along it, more than the training events do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bias_by_factor: bool,
    /// Relative standard error of the unit, the training events' own variance.
    pub unit_error: f64,
    /// Probability of a deviation as large as this, or larger, without a bias.
    pub p_bias: f64,
    /// 1/v: G if the generator had no bias, which the training events alone cannot tell.
    pub g_unbiased: f64,
    /// The part of v that is the noise of one fit's training; absent if it was not measured.
    pub training_noise: Option<f64>,
    /// G of the mean of the fits to all events, with its 68 % interval; absent if there is one.
    pub mean_of_fits: Option<MeanOfFits>,
}

/// G of the mean of several fits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanOfFits {
    /// How many.
    pub fits: u64,
    /// Its G.
    pub g: f64,
    /// Its 68 % interval.
    pub interval_68: Interval,
}

impl TakenApart {
    /// The parts from which intervals at any level follow.
    pub fn parts(&self) -> Parts {
        Parts {
            v: Variance {
                value: self.variance,
                scale: self.variance_scale.unwrap_or(self.variance),
                freedom: self.variance_freedom,
            },
            u2: self.deviation,
            k: Variance {
                value: self.deviation_unbiased,
                scale: self.deviation_scale.unwrap_or(self.deviation_unbiased),
                freedom: self.deviation_freedom,
            },
            nu: self.distance_freedom,
            nu_null: self.regions_freedom,
            s_v: self.unit_error,
            by_factor: self.bias_by_factor,
        }
    }

    /// From what was found; `scale` is G in units of the events that the generator saw, `fits` how many fits to all events there are whose mean has
    /// a known interval.
    pub fn new(of: Whose, found: &Covering, scale: f64, fits: Option<usize>) -> Self {
        let parts = &found.taken.one;
        let mean = |i: Intervals| {
            let interval_68 = Interval { low: Some(scale * i.inner[0]), high: Some(scale * i.inner[1]) };
            Some(MeanOfFits { fits: fits? as u64, g: scale * i.g, interval_68 })
        };
        // That of a mean of squares is its value.
        let other = |variance: Variance| (variance.scale != variance.value).then_some(variance.scale);
        TakenApart {
            of,
            variance: parts.v.value,
            variance_freedom: parts.v.freedom,
            variance_scale: other(parts.v),
            directions: found.taken.directions,
            deviation: parts.u2,
            deviation_unbiased: parts.k.value,
            deviation_freedom: parts.k.freedom,
            deviation_scale: other(parts.k),
            regions_freedom: parts.nu_null,
            distance_freedom: parts.nu,
            bias_by_factor: parts.by_factor,
            unit_error: parts.s_v,
            p_bias: found.intervals.p_bias,
            g_unbiased: scale * found.if_unbiased(),
            training_noise: found.taken.training_noise,
            mean_of_fits: found.of_mean.and_then(mean),
        }
    }
}
