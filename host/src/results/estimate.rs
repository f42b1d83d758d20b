//! G of one question, with its intervals, and how far it may be trusted.

use serde::{Deserialize, Serialize};

/// The solution of Eq. 3 with its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// How far the number may be trusted.
    pub verdict: Verdict,
    /// n_equiv where null(n_equiv) = limit; absent where the metric does not identify one.
    pub n_equiv: Option<f64>,
    /// G = n_equiv / n_train.
    pub g: Option<f64>,
    /// 68 % interval of G; an absent upper end is unbounded.
    pub interval_68: Interval,
    /// 95 % interval of G.
    pub interval_95: Interval,
    /// One-sided lower bound of G at 95 %, where the estimate includes the bias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<f64>,
    /// The metric for n_gen -> infinity.
    pub limit: f64,
    /// Why the verdict is what it is, in one sentence.
    pub reason: String,
}

impl Estimate {
    /// The lower bound of G at 95 %: one-sided where the bias is in the estimate, else the lower end of the interval.
    pub fn lower_bound(&self) -> Option<f64> {
        self.bound.or(self.interval_95.low)
    }

    /// G; where there is no number, the end that it is open to: 0 if it is bounded from above alone, else infinity.
    pub fn or_open(&self) -> f64 {
        self.g.unwrap_or(if self.verdict == Verdict::AtMost { 0.0 } else { f64::INFINITY })
    }
}

/// An interval of G.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end; absent if there is none.
    pub low: Option<f64>,
    /// Upper end; absent if there is none.
    pub high: Option<f64>,
}

/// How far an estimate may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Both ends of the 95 % interval are finite.
    Resolved,
    /// Only a lower bound of G: the lower end of the 95 % interval.
    AtLeast,
    /// Only an upper bound of G: the upper end of the 95 % interval.
    AtMost,
    /// Neither.
    Unresolved,
    /// The estimate includes the bias, and one is seen in the training events.
    BiasSeen,
    /// The spread of members alone: a variance, which says nothing of a bias.
    VarianceOnly,
    /// The reference is the training set itself: the number is shown, but it is no evidence.
    InSample,
}

impl Verdict {
    /// Its name, as it stands in `results.json`.
    pub fn text(self) -> &'static str {
        match self {
            Verdict::Resolved => "resolved",
            Verdict::AtLeast => "at-least",
            Verdict::AtMost => "at-most",
            Verdict::Unresolved => "unresolved",
            Verdict::BiasSeen => "bias-seen",
            Verdict::VarianceOnly => "variance-only",
            Verdict::InSample => "in-sample",
        }
    }
}
