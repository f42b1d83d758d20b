//! What accumulators held: the curves of members, and of true events.

use std::collections::BTreeMap;

use amplicast_sdk::Result;
use serde::{Deserialize, Serialize};

use crate::covering::Layout;
use crate::inspection::Findings;
use crate::pipeline::observe::{Columns, FittedTo, TrueCounts};
use crate::pipeline::plan::Place;
use crate::results::{Diagnosed, Inspected, Plane};

/// What a column's accumulator held at every checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MemberCurve {
    /// Events that passed the selection, and have the summary, up to each checkpoint.
    pub passed: Vec<u64>,
    /// Events that passed the selection and do not have the summary, of all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub without: u64,
    /// The accumulator's values at each checkpoint.
    pub values: Vec<Vec<f64>>,
    /// The true events, as this member sees them.
    pub truth: TrueCounts,
    /// The training events and those that it was fitted to, of a comparison of expectation values whose members were fitted to parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fitted_to: Option<FittedTo>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// The curves of all members, by column.
pub type Curves = BTreeMap<Place, Result<Vec<MemberCurve>>>;

/// The curves of all members of one generator and posterior.
pub struct RowCurves {
    /// Sizes at which they are recorded.
    pub checkpoints: Vec<u64>,
    /// Independent members that they are worth.
    pub n_effective: f64,
    /// What each of them was fitted to, if some were fitted to parts of the training events.
    pub layout: Option<Layout>,
    /// The members that stand for the generator.
    pub speaking: Vec<usize>,
    /// The curves.
    pub curves: Curves,
    /// The columns, as one member sees them that stands for all.
    pub columns: Columns,
    /// What the posterior and the summaries' fits say of themselves.
    pub diagnostics: Vec<Diagnosed>,
    /// Which events the selections cut, on the first training set.
    pub planes: Vec<Plane>,
    /// What the reader should know of the members.
    pub warning: Option<String>,
    /// What was found in the members' events.
    pub findings: Findings,
    /// The same, for the results.
    pub inspected: Inspected,
    /// Why a summary under a selection has no result.
    pub ordered: Ordered,
}

/// Refusals by summary and selection.
pub type Ordered = BTreeMap<(usize, usize), String>;

/// The mean over members of a number of true events.
pub fn mean_count(members: &[MemberCurve], number: impl Fn(&TrueCounts) -> u64) -> u64 {
    let sum: u64 = members.iter().map(|member| number(&member.truth)).sum();
    (sum as f64 / members.len().max(1) as f64).round() as u64
}
