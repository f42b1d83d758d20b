//! Intervals against one version of the true G, over training sets.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::format::short;
use crate::moments::{finite_quantile, mean, quantile, variance};
use crate::results::{Estimate, Interval, TrueG};

/// Which truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrueVersion {
    /// Of the mean over members.
    PosteriorMean,
    /// Of a single member.
    SingleMember,
    /// Of the same metric against the reference `truth`, on each training set.
    ReferenceTruth,
    /// Of what the estimate is of, where it includes the bias: of one fit, or of the mean of the members.
    OfTheEstimate,
    /// The same truth, against the intervals of the members' spread alone.
    SpreadAlone,
}

impl TrueVersion {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            TrueVersion::PosteriorMean => "posterior mean",
            TrueVersion::SingleMember => "single member",
            TrueVersion::ReferenceTruth => "against truth",
            TrueVersion::OfTheEstimate => "bias included",
            TrueVersion::SpreadAlone => "spread alone",
        }
    }
}

/// A cell's intervals against one version of the true G.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// Which truth.
    pub version: TrueVersion,
    /// The true G over all training sets; its mean, where it is another on each.
    pub g_true: TrueG,
    /// How often the 68 % interval held it.
    pub coverage_68: Fraction,
    /// How often the 95 % interval held it.
    pub coverage_95: Fraction,
    /// How often the 95 % lower bound was below it, where the estimate includes the bias.
    #[serde(default)]
    pub bound: Option<Fraction>,
    /// Levels of intervals from 5 to 95 %, and how often these held it, where the estimate includes the bias.
    #[serde(default)]
    pub levels: Vec<(f64, Fraction)>,
    /// Mean of ln(G / G_true) with its standard error: the bias.
    pub bias: Option<Mean>,
    /// Median of G / G_true over training sets, a G without an upper end counted as infinite; absent if it is that.
    #[serde(default)]
    pub ratio_median: Option<f64>,
    /// The same at 16 %.
    #[serde(default)]
    pub ratio_16: Option<f64>,
    /// The same at 84 %.
    #[serde(default)]
    pub ratio_84: Option<f64>,
    /// Pulls ln(G / G_true) / sigma, sigma half of the 68 % interval of ln G, over training sets whose interval has two ends.
    pub pulls: Vec<f64>,
    /// G_true / G at 16, 50 and 84 % of the training sets: what to multiply an estimate with for an interval that contains the
    /// spread over training sets as well.
    pub correction: Option<[f64; 3]>,
}

impl Against {
    /// G / true G in words: the median over training sets with the 16 and 84 % quantiles. A mean would be that of the one set
    /// whose G happened to be large.
    pub fn ratio(&self) -> Option<String> {
        let median = self.ratio_median?;
        let low = self.ratio_16.map_or("0".into(), short);
        let high = self.ratio_84.map_or("∞)".into(), |high| format!("{}]", short(high)));
        Some(format!("{} [{low}, {high}", short(median)))
    }
}

/// A fraction of training sets with its binomial error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fraction {
    /// Training sets for which it holds.
    pub count: u64,
    /// All of them.
    pub of: u64,
}

impl Fraction {
    /// Of the training sets for which something holds.
    pub fn of(list: impl Iterator<Item = bool>) -> Self {
        let mut fraction = Fraction { count: 0, of: 0 };
        for holds in list {
            fraction.count += u64::from(holds);
            fraction.of += 1;
        }
        fraction
    }

    /// As a number.
    pub fn value(self) -> f64 {
        self.count as f64 / (self.of as f64).max(1.0)
    }

    /// Its binomial standard error: that of the posterior of a flat prior, which is not 0 where all or none hold.
    pub fn error(self) -> f64 {
        let n = self.of as f64;
        let p = (self.count as f64 + 1.0) / (n + 2.0);
        (p * (1.0 - p) / (n + 3.0)).sqrt()
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} +- {:.0} %", 100.0 * self.value(), 100.0 * self.error())
    }
}

/// A mean with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    /// Its value.
    pub value: f64,
    /// Its standard error; absent for a single number.
    pub error: Option<f64>,
}

impl Mean {
    /// The mean of some numbers; none without any.
    pub fn of(values: &[f64]) -> Option<Self> {
        let error = variance(values).map(|v| (v / values.len() as f64).sqrt());
        (!values.is_empty()).then(|| Mean { value: mean(values), error })
    }
}

/// These estimates with the true G of each.
pub fn against<'a>(
    version: TrueVersion,
    g_true: TrueG,
    sets: impl Iterator<Item = (&'a Estimate, f64)>,
) -> Against {
    let sets: Vec<(&Estimate, f64)> = sets.collect();
    let coverage = |interval: fn(&Estimate) -> Interval| {
        Fraction::of(sets.iter().map(|(r, truth)| holds(interval(r), *truth)))
    };
    let ratio = |(e, truth): &(&Estimate, f64)| Some((positive(e.g)? / truth).ln());
    let ratios: Vec<f64> = sets.iter().filter_map(ratio).collect();
    let pull = |set: &(&Estimate, f64)| {
        let Interval { low, high } = set.0.interval_68;
        Some(2.0 * ratio(set)? / (positive(high)? / positive(low)?).ln())
    };
    let mut sorted = ratios.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut all: Vec<f64> = sets.iter().map(|(e, truth)| e.or_open() / truth).collect();
    all.sort_unstable_by(f64::total_cmp);
    let [ratio_16, ratio_median, ratio_84] =
        [0.16, 0.5, 0.84].map(|p| finite_quantile(&all, p).filter(|_| !ratios.is_empty()));
    // The largest ratio wants the smallest correction.
    let correction = |p: f64| (-quantile(&sorted, 1.0 - p)).exp();
    Against {
        version,
        g_true,
        coverage_68: coverage(|e| e.interval_68),
        coverage_95: coverage(|e| e.interval_95),
        bound: None,
        levels: Vec::new(),
        bias: Mean::of(&ratios),
        ratio_median,
        ratio_16,
        ratio_84,
        pulls: sets.iter().filter_map(pull).collect(),
        correction: (ratios.len() >= LEAST_FOR_QUANTILES).then(|| [0.16, 0.5, 0.84].map(correction)),
    }
}

/// Fewest training sets of which quantiles at 16 and 84 % are more than the extremes.
const LEAST_FOR_QUANTILES: usize = 10;

/// Whether an interval holds a value; an absent end is open.
fn holds(interval: Interval, value: f64) -> bool {
    interval.low.is_none_or(|low| low <= value) && interval.high.is_none_or(|high| value <= high)
}

/// A number that is finite and above zero.
pub fn positive(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite() && *v > 0.0)
}
