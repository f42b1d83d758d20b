//! What a run found: plain values, written as `results.json` and read back by `amplicast report`.
//!
//! Nothing here depends on the time or the number of threads: on one type of machine the same experiment gives the same bytes.
//! Processors with other instructions (wider vectors, fused products) round sums otherwise: there the last digits may differ.

mod columns;
mod counting;
mod csv_text;
mod demonstrated;
mod diagnosed;
mod editions;
mod estimate;
mod fields;
mod information;
mod member_row;
mod shown;
mod table;
mod taken_apart;
mod written;

use amplicast_sdk::MembersData;
use serde::{Deserialize, Serialize};

use crate::inspection::Copies;

pub use counting::{EventGroups, EventWeights};
pub use demonstrated::{AgainstEvents, Demonstrated, Demonstration, Distance, FewFits, LEFT_OUT};
pub use diagnosed::{Diagnosed, DiagnosedNumber};
pub use estimate::{Estimate, Interval, Verdict};
pub use fields::{Field, Schema};
pub use member_row::{CellRows, MemberRow};
pub use shown::ShownMetric;
pub use table::{TableRow, table_row, table_rows};
pub use taken_apart::{MeanOfFits, TakenApart, Whose};

/// Everything that a run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Which edition of this file it is, and what its values mean; empty in files that were written before it was there.
    #[serde(default)]
    pub schema: Schema,
    /// Name of the experiment.
    pub experiment: String,
    /// Name of the dataset's table.
    #[serde(default)]
    pub dataset: String,
    /// True events used per replica: for training, validation and left-out references.
    pub n_train: u64,
    /// Generated events per member.
    pub n_gen: u64,
    /// Members per generator and posterior.
    pub members: u64,
    /// Independent training sets.
    pub replicas: u64,
    /// Where the validation truth comes from: `truth`, `holdout`, or none.
    pub validation: Option<Validation>,
    /// The weights of the first training set; absent if all events count alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<EventWeights>,
    /// The groups of the first training set; absent if each event is by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<EventGroups>,
    /// How figures show each metric.
    #[serde(default)]
    pub metrics: Vec<ShownMetric>,
    /// All cells of the matrix, in the order of the experiment file.
    pub cells: Vec<Cell>,
    /// The null laws of the cells on a grid of sizes, for figures: each once, however many cells have it.
    #[serde(with = "columns::laws")]
    pub null_laws: Vec<Vec<NullPoint>>,
    /// Distributions of the summaries, for figures.
    pub distributions: Vec<Distribution>,
    /// Which generated events the selections cut, where the experiment asks for it.
    #[serde(default)]
    pub planes: Vec<Plane>,
    /// What posteriors and fitted summaries say of themselves.
    #[serde(default)]
    pub diagnostics: Vec<Diagnosed>,
    /// What was found in the members' events, by generator, posterior and training set.
    #[serde(default)]
    pub inspections: Vec<Inspected>,
    /// What the reader should know before using a number.
    pub warnings: Vec<String>,
}

/// What was found when the events of a generator's members were looked at, on one training set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspected {
    /// Name of the generator's table.
    pub generator: String,
    /// Name of the uncertainty model's table; `given` for a generator with its own members.
    pub uncertainty: String,
    /// Number of the training set, from 0.
    pub replica: u64,
    /// What the members were fitted to; absent if it was not said.
    pub members_data: Option<MembersData>,
    /// Generated events that were looked at.
    pub events: u64,
    /// How much of the training set is in them.
    pub copies: Copies,
    /// The precision in which events are compared, column by column; absent if they are compared as they are.
    pub precision: Option<String>,
    /// What was found, in words.
    pub findings: Vec<String>,
}

/// Parts of the events under a selection that do not have a summary; they are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Without {
    /// Of the training events.
    pub training: f64,
    /// Of the generated events.
    pub generated: f64,
}

/// Where the true integrals come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// `truth` (fresh events of a known truth) or `holdout`.
    pub source: String,
    /// Its events; a G far above `events / n_train` cannot be confirmed.
    pub events: u64,
}

/// The names that make a cell of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellName {
    /// Name of the generator's table.
    pub generator: String,
    /// Name of the uncertainty model's table; `given` for a generator with its own members.
    pub uncertainty: String,
    /// Name of the summary's table.
    pub summary: String,
    /// Name of the selection; `all` without a cut.
    pub selection: String,
    /// Name of the metric's table.
    pub metric: String,
    /// `training`, `left-out`, `holdout`, `truth`; empty for a metric that needs no reference sample.
    pub reference: String,
}

impl CellName {
    /// What is asked of every generator and posterior: summary, selection, metric and reference.
    pub fn question(&self) -> [&str; 4] {
        [&self.summary, &self.selection, &self.metric, &self.reference]
    }
}

/// One cell: a result for each replica, and over all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Its place in the matrix.
    pub name: CellName,
    /// Component names, for captions: generator, uncertainty model, summary, metric.
    pub plugins: [String; 4],
    /// Axis text of the summary with its unit.
    pub axis: String,
    /// A result for each replica that has one.
    pub replicas: Vec<CellReplica>,
    /// Over replicas; absent if every replica failed.
    pub overall: Option<Overall>,
    /// Why replicas have no result.
    pub failures: Vec<String>,
}

/// A cell on one training set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellReplica {
    /// Number of the replica, from 0.
    pub replica: u64,
    /// True events that pass the selection; the denominator of G, unless they have weights.
    pub n_train_passed: u64,
    /// How many events that count alike these are worth to the metric, if they have weights or belong together: the denominator of G.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_train_effective: Option<f64>,
    /// Reference events that pass the selection; 0 if the metric uses none.
    pub n_reference: u64,
    /// Independent members that the members are worth.
    pub n_effective: f64,
    /// Events that do not have the summary; absent if all have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<Without>,
    /// The estimate.
    pub estimate: Estimate,
    /// 1/G taken apart, where the estimate includes the bias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<TakenApart>,
    /// Errors predicted, validated and compared, on the first training set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demonstrated: Option<Demonstrated>,
    /// Beside an estimate that includes the bias: what the spread of members alone gives, as Bahl et al. 2025 take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread_alone: Option<Estimate>,
    /// The metric at every checkpoint.
    #[serde(with = "columns::curve")]
    pub curve: Vec<CurvePoint>,
    /// Number of its null law in [`Results::null_laws`].
    pub null_law: usize,
    /// The deviation from the truth, where it is known.
    pub deviation: Option<TrueDeviation>,
}

impl CellReplica {
    /// The denominator of G: events, or effective ones.
    pub fn n_train(&self) -> f64 {
        self.n_train_effective.unwrap_or(self.n_train_passed as f64)
    }

    /// The estimate from the spread of the members alone, which is that of Bahl et al. 2025.
    pub fn of_the_spread(&self) -> &Estimate {
        self.spread_alone.as_ref().unwrap_or(&self.estimate)
    }
}

impl Cell {
    /// The true G, of what the estimate is of: of one fit, or of the mean over members.
    pub fn true_g(&self) -> Option<TrueG> {
        let overall = self.overall.as_ref()?;
        match self.replicas.first().and_then(|r| r.apart.as_ref()).map(|apart| apart.of) {
            Some(Whose::OneFit | Whose::OneSubset) => overall.g_true_single_member,
            Some(Whose::MeanOfMembers) | None => overall.g_true_posterior_mean,
        }
    }
}

/// The metric at one checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvePoint {
    /// Generated events per member.
    pub n_gen: u64,
    /// Of these, events that pass the selection, averaged over members.
    pub n_passed: f64,
    /// The metric.
    pub value: f64,
    /// Its statistical part.
    pub statistical: Option<f64>,
    /// Its model part.
    pub model: Option<f64>,
    /// Root mean square deviation of members from the truth, squared: the "true" curve of Figs 4 and 5.
    pub truth: Option<f64>,
    /// Standard deviation over members of the metric's first value.
    pub spread: f64,
    /// What the events of one fit to all training events give, where the question has one quantity and there are several training sets.
    pub one_fit: Option<f64>,
}

/// The null law at one size.
#[derive(Debug, Clone, PartialEq)]
pub struct NullPoint {
    /// Size of the true sample.
    pub n: f64,
    /// Mean of the law.
    pub mean: f64,
    /// Its 1, 2 and 3 sigma bands (68.27, 95.45, 99.73 %): low and high of each.
    pub bands: [[f64; 2]; 3],
}

/// Deviation from the truth for n_gen -> infinity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrueDeviation {
    /// Squared deviation of the posterior mean.
    pub posterior_mean: f64,
    /// Mean squared deviation of a single member.
    pub single_member: f64,
    /// n times the null law's mean at the true integrals.
    pub null_scale: f64,
    /// Pulls of the regions.
    pub pulls: Vec<Option<f64>>,
    /// Standard errors of the two deviations, as deviations on this training set: from the finite numbers of generated and of
    /// true events.
    #[serde(default)]
    pub errors: Option<[f64; 2]>,
    /// The true value, where the question has one quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub true_value: Option<f64>,
}

/// A cell over its replicas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overall {
    /// The verdict that most replicas have; the more cautious one of a tie.
    pub verdict: Verdict,
    /// Mean of G over replicas that have one.
    pub g_mean: Option<f64>,
    /// Standard deviation of G over replicas.
    pub g_spread: Option<f64>,
    /// Median of G over replicas, one without an upper end counted as infinite; absent if it is that.
    #[serde(default)]
    pub g_median: Option<f64>,
    /// The same at 16 %.
    #[serde(default)]
    pub g_16: Option<f64>,
    /// The same at 84 %.
    #[serde(default)]
    pub g_84: Option<f64>,
    /// True G of the posterior mean, with its 68 % interval from the replicas' spread.
    pub g_true_posterior_mean: Option<TrueG>,
    /// True G of a single member.
    pub g_true_single_member: Option<TrueG>,
}

/// A true amplification with its error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrueG {
    /// Null scale / (n_train times the mean deviation); absent if the mean deviation is not positive.
    pub value: Option<f64>,
    /// 68 % interval from the spread over training sets; an absent upper end is unbounded, and of one set both are absent.
    pub interval: Interval,
    /// Training sets over which the deviation is averaged. That of one set is no expectation: it scatters widely from set to
    /// set, and is what this training set happened to give.
    #[serde(default)]
    pub training_sets: u64,
    /// Of one training set: the 68 % interval of that set's own value, which finite numbers of events leave open.
    #[serde(default)]
    pub of_this_set: Option<Interval>,
}

impl TrueG {
    /// Its 95 % interval: two errors of 1 / G, of which the 68 % interval shows one. Without any it is the value alone.
    pub fn interval_95(&self) -> Interval {
        let inverse = self.value.map_or(0.0, |value| 1.0 / value);
        let low = self.of_this_set.unwrap_or(self.interval).low;
        let error = low.map_or(0.0, |low| (1.0 / low - inverse).max(0.0));
        let end = |x: f64| (x > 0.0).then(|| 1.0 / x);
        Interval { low: end(inverse + 2.0 * error), high: end(inverse - 2.0 * error) }
    }
}

/// Histograms of one summary under one selection: true training events against generated ones (replica 0).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// Name of the summary's table.
    pub summary: String,
    /// Name of the selection.
    pub selection: String,
    /// Name of the generator's table.
    pub generator: String,
    /// Name of the uncertainty model's table.
    pub uncertainty: String,
    /// Axis text with its unit.
    pub axis: String,
    /// Bin edges (one more than bins).
    pub edges: Vec<f64>,
    /// Training events in each bin.
    pub training: Vec<u64>,
    /// Of events with weights or groups: the fraction of these in each bin, and its error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_fractions: Option<Vec<[f64; 2]>>,
    /// All training events under the selection, within the range or not.
    pub training_events: u64,
    /// Fraction of generated events in each bin: mean over members.
    pub generated: Vec<f64>,
    /// Standard deviation over members of that fraction.
    pub generated_spread: Vec<f64>,
    /// Error of one fit's fraction, where members know their events: statistics, scatter over training sets, bias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated_error: Option<Vec<f64>>,
    /// How far all bins with enough training events are from the true ones, within the errors of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance: Option<Distance>,
    /// Fraction of true events in each bin, where a truth or holdout is known.
    pub truth: Option<Vec<f64>>,
}

/// Generated events in the plane of two summaries, and whether a selection cuts them (one member of replica 0).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plane {
    /// Name of the selection.
    pub selection: String,
    /// Name of the generator's table.
    pub generator: String,
    /// Name of the uncertainty model's table.
    pub uncertainty: String,
    /// Axis texts with their units.
    pub axes: [String; 2],
    /// Events that pass.
    pub passed: Vec<[f64; 2]>,
    /// Events that are cut.
    pub cut: Vec<[f64; 2]>,
}
