//! What is said of a G whose bias was measured.

use super::fits::Taken;
use super::interval::{BIAS_SEEN, Intervals};

/// A 95 % interval with ends further apart than this factor is reported as its lower bound.
const RESOLVED: f64 = 10.0;

/// What can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A bias is seen in the training events.
    BiasSeen,
    /// No bias is seen, and the interval is short.
    Resolved,
    /// No bias is seen, and a bias that the events cannot tell would make G much smaller.
    AtLeast,
}

/// A G with its intervals, and what can be said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Covering {
    /// What it follows from.
    pub taken: Taken,
    /// G and its intervals, of one fit.
    pub intervals: Intervals,
    /// Those of the mean of several fits.
    pub of_mean: Option<Intervals>,
    /// What can be said.
    pub kind: Kind,
}

impl Covering {
    /// From x taken apart; none where members do not differ at all, so that nothing is known of their variance.
    pub fn new(taken: Taken) -> Option<Self> {
        let x = taken.one.x();
        if !(x > 0.0 && x.is_finite() && taken.one.v.value > 0.0) {
            return None;
        }
        let intervals = taken.one.intervals();
        let of_mean = taken.mean.map(|parts| parts.intervals());
        let [low, high] = intervals.outer;
        let kind = match () {
            _ if intervals.p_bias < BIAS_SEEN => Kind::BiasSeen,
            _ if high <= RESOLVED * low => Kind::Resolved,
            _ => Kind::AtLeast,
        };
        Some(Covering { taken, intervals, of_mean, kind })
    }

    /// 1 / v: G if the generator had no bias. Never to be shown alone.
    pub fn if_unbiased(&self) -> f64 {
        1.0 / self.taken.one.v.value
    }
}
