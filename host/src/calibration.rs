//! How often the intervals of G hold the true G, over independent training sets from a known truth.
//!
//! The true G of the integral metric is that of the design: I (1 - I) / (n_train E[(I_gen - I_true)^2]), the
//! expectation over the training sets, of the posterior mean (what Eq. 18 forecasts) and of a single member. A metric that
//! knows no deviation from the truth (Kolmogorov-Smirnov) is compared on each training set with itself against the reference
//! `truth`, where the experiment has that cell too.

mod covering;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::format::short;
use crate::levels::{INTERVALS, SIGMAS};
use crate::moments::{finite_quantile, mean, quantile, variance};
use crate::results::{Cell, CellName, Estimate, Interval, Results, TrueG};

/// The calibration of every cell that has a truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The experiment that was repeated.
    pub experiment: String,
    /// What served as the truth: the dataset's plugin.
    pub truth: String,
    /// Independent training sets.
    pub replicas: u64,
    /// True events of each.
    pub n_train: u64,
    /// Members of each posterior.
    pub members: u64,
    /// Cells for which the truth is known.
    pub cells: Vec<CellCalibration>,
}

/// The calibration of one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellCalibration {
    /// Its place in the matrix.
    pub name: CellName,
    /// What was repeated, but for the dataset and n_gen: a calibration speaks for a cell with the same settings.
    pub settings: Value,
    /// Against each version of the true G.
    pub against: Vec<Against>,
    /// Standard deviation of ln G over training sets: what the interval of one training set does not show.
    pub spread: Option<f64>,
    /// The regions' pulls (mean I - I_true) / (sigma_model sqrt(1 + 1/N)); absent if the metric has none.
    pub pulls: Option<Pulls>,
}

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
    fn of(list: impl Iterator<Item = bool>) -> Self {
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
    fn of(values: &[f64]) -> Option<Self> {
        let error = variance(values).map(|v| (v / values.len() as f64).sqrt());
        (!values.is_empty()).then(|| Mean { value: mean(values), error })
    }
}

/// Pulls of the regions, which follow Student's t with N - 1 degrees of freedom if the posterior is calibrated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pulls {
    /// Degrees of freedom: members less one.
    pub degrees: f64,
    /// Mean part of a training set's regions within the central 68 % of the law.
    pub within_68: Mean,
    /// The same for 95 %.
    pub within_95: Mean,
    /// Root mean square of the pulls; that of the law is sqrt(degrees / (degrees - 2)).
    pub root_mean_square: f64,
}

impl Calibration {
    /// From a run over several training sets of this effective experiment.
    pub fn of(results: &Results, effective: &Value) -> Self {
        Calibration {
            experiment: results.experiment.clone(),
            truth: effective["dataset"]["plugin"].as_str().unwrap_or_default().into(),
            replicas: results.replicas,
            n_train: results.n_train,
            members: results.members,
            cells: results.cells.iter().filter_map(|cell| calibration(cell, results, effective)).collect(),
        }
    }

    /// What speaks for these cells of a run of this effective experiment, whatever they are called there; without the cells that
    /// it has with other settings, or has not.
    pub fn of_the_same<'a>(&self, effective: &Value, cells: impl Iterator<Item = &'a CellName>) -> Self {
        let of = |name: &CellName| {
            let settings = settings(effective, name);
            let same = |c: &&CellCalibration| c.settings == settings && c.name.reference == name.reference;
            let found = self.cells.iter().find(same)?;
            Some(CellCalibration { name: name.clone(), ..found.clone() })
        };
        Calibration { cells: cells.filter_map(of).collect(), ..self.clone() }
    }

    /// The calibration of a cell.
    pub fn cell(&self, name: &CellName) -> Option<&CellCalibration> {
        self.cells.iter().find(|c| c.name == *name)
    }

    /// What a reader of one G should know, in one sentence; the posterior mean's version where there are two.
    pub fn sentence(&self, name: &CellName) -> Option<String> {
        let against = self.cell(name)?.against.first()?;
        let of = against.coverage_68.of;
        let bias = against.ratio().map_or(String::new(), |ratio| format!("; G / true G is {ratio}"));
        Some(format!(
            "on {of} training sets of a known truth like this one the 68 % interval covered the true G ({}) {}, the 95 % \
             interval {}{bias}",
            against.version.text(),
            against.coverage_68,
            against.coverage_95,
        ))
    }
}

/// What a cell's result depends on, but for the truth, the seed and n_gen. Names of tables are not among it.
fn settings(effective: &Value, name: &CellName) -> Value {
    let table = |kind: &str, name: &str| {
        let list = effective[kind].as_array()?;
        let mut table = list.iter().find(|t| t["name"] == name)?.clone();
        let map = table.as_object_mut()?;
        // To which references else a metric is taken does not matter, nor where the report draws a selection.
        map.retain(|key, _| !["name", "reference", "plane"].contains(&key.as_str()));
        Some(table)
    };
    let mut selection = table("selection", &name.selection);
    let cuts = selection.as_mut().and_then(|s| s.get_mut("cuts")).and_then(Value::as_array_mut);
    for cut in cuts.into_iter().flatten() {
        let of = cut["summary"].as_str().and_then(|summary| table("summary", summary));
        cut["summary"] = of.unwrap_or_default();
    }
    let sizes = &effective["experiment"];
    json!({
        "n_train": sizes["n_train"], "members": sizes["members"], "left_out": sizes["left_out"],
        "training": effective["training"], "generator": table("generator", &name.generator),
        "uncertainty": table("uncertainty", &name.uncertainty), "summary": table("summary", &name.summary),
        "selection": selection, "metric": table("metric", &name.metric),
    })
}

fn calibration(cell: &Cell, results: &Results, effective: &Value) -> Option<CellCalibration> {
    let overall = cell.overall.as_ref()?;
    let mut versions = covering::versions(cell);
    let of_members = [
        (TrueVersion::PosteriorMean, overall.g_true_posterior_mean),
        (TrueVersion::SingleMember, overall.g_true_single_member),
    ];
    for (version, truth) in of_members.into_iter().filter(|_| versions.is_empty()).collect::<Vec<_>>() {
        if let Some(g_true) = truth
            && let Some(value) = g_true.value
        {
            versions.push(against(version, g_true, cell.replicas.iter().map(|r| (&r.estimate, value))));
        }
    }
    if versions.is_empty() {
        versions.extend(against_reference(cell, results));
    }
    let logs: Vec<f64> = cell.replicas.iter().filter_map(|r| positive(r.estimate.g)).map(f64::ln).collect();
    (!versions.is_empty()).then(|| CellCalibration {
        name: cell.name.clone(),
        settings: settings(effective, &cell.name),
        against: versions,
        spread: variance(&logs).map(f64::sqrt),
        pulls: pulls(cell),
    })
}

/// Against the same metric with the reference `truth`, set by set.
fn against_reference(cell: &Cell, results: &Results) -> Option<Against> {
    let name = CellName { reference: "truth".into(), ..cell.name.clone() };
    let truth = results.cells.iter().find(|c| c.name == name && c.name != cell.name)?;
    let of = |replica: u64| {
        let found = truth.replicas.iter().find(|r| r.replica == replica)?;
        positive(found.estimate.g)
    };
    let pairs: Vec<(&Estimate, f64)> =
        cell.replicas.iter().filter_map(|r| Some((&r.estimate, of(r.replica)?))).collect();
    let logs: Vec<f64> = pairs.iter().map(|(_, g)| g.ln()).collect();
    let Mean { value, error } = Mean::of(&logs)?;
    let end = |sign: f64| error.map(|e| (value + sign * e).exp());
    let g_true = TrueG {
        value: Some(value.exp()),
        interval: Interval { low: end(-1.0), high: end(1.0) },
        training_sets: pairs.len() as u64,
        of_this_set: None,
    };
    Some(against(TrueVersion::ReferenceTruth, g_true, pairs.into_iter()))
}

fn against<'a>(
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

fn pulls(cell: &Cell) -> Option<Pulls> {
    use statrs::distribution::{ContinuousCDF, StudentsT};
    let sets: Vec<Vec<f64>> = cell
        .replicas
        .iter()
        .filter_map(|r| Some(r.deviation.as_ref()?.pulls.iter().copied().flatten().collect::<Vec<f64>>()))
        .filter(|pulls| !pulls.is_empty())
        .collect();
    let degrees = cell.replicas.first()?.n_effective - 1.0;
    let law = StudentsT::new(0.0, 1.0, degrees).ok()?;
    // Regions of one training set are not independent: each set counts once.
    let within = |level: f64| {
        let edge = law.inverse_cdf(0.5 + level / 2.0);
        let part =
            |pulls: &Vec<f64>| pulls.iter().filter(|p| p.abs() <= edge).count() as f64 / pulls.len() as f64;
        Mean::of(&sets.iter().map(part).collect::<Vec<_>>())
    };
    let all: Vec<f64> = sets.iter().flatten().map(|p| p * p).collect();
    Some(Pulls {
        degrees,
        within_68: within(SIGMAS[0])?,
        within_95: within(INTERVALS[1])?,
        root_mean_square: mean(&all).sqrt(),
    })
}

fn positive(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite() && *v > 0.0)
}

#[cfg(test)]
mod tests;
