//! How often the intervals of G hold the true G, over independent training sets from a known truth.
//!
//! The true G of the integral metric is that of the design: I (1 - I) / (n_train E[(I_gen - I_true)^2]), the
//! expectation over the training sets, of the posterior mean (what Eq. 18 forecasts) and of a single member. A metric that
//! knows no deviation from the truth (Kolmogorov-Smirnov) is compared on each training set with itself against the reference
//! `truth`, where the experiment has that cell too.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::results::{Cell, CellName, CellReplica, Interval, Results, TrueG};

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
    /// Training sets with a result.
    pub replicas: u64,
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
}

impl TrueVersion {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            TrueVersion::PosteriorMean => "posterior mean",
            TrueVersion::SingleMember => "single member",
            TrueVersion::ReferenceTruth => "against truth",
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
    /// How often the true G lay above the 68 % interval: the estimate is too small.
    pub above_68: Fraction,
    /// Mean of ln(G / G_true) with its standard error: the bias.
    pub bias: Option<Mean>,
    /// Pulls ln(G / G_true) / sigma, sigma half of the 68 % interval of ln G, over training sets whose interval has two ends.
    pub pulls: Vec<f64>,
    /// G_true / G at 16, 50 and 84 % of the training sets: what to multiply an estimate with for an interval that contains the
    /// spread over training sets as well.
    pub correction: Option<[f64; 3]>,
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

/// A mean with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    /// Its value.
    pub value: f64,
    /// Its standard error; absent for a single number.
    pub error: Option<f64>,
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

    /// Without the cells that a run of this effective experiment has with other settings, or has not.
    pub fn of_the_same(mut self, effective: &Value) -> Self {
        self.cells.retain(|c| c.settings == settings(effective, &c.name));
        self
    }

    /// The calibration of a cell.
    pub fn cell(&self, name: &CellName) -> Option<&CellCalibration> {
        self.cells.iter().find(|c| c.name == *name)
    }

    /// What a reader of one G should know, in one sentence; the posterior mean's version where there are two.
    pub fn sentence(&self, name: &CellName) -> Option<String> {
        let against = self.cell(name)?.against.first()?;
        let Fraction { of, .. } = against.coverage_68;
        let percent = |f: Fraction| format!("{:.0} +- {:.0} %", 100.0 * f.value(), 100.0 * f.error());
        let bias = against
            .bias
            .map_or(String::new(), |b| format!("; G / true G is {:.2} on average", b.value.exp()));
        Some(format!(
            "on {of} training sets of a known truth like this one the 68 % interval held the true G ({}) {}, the 95 % \
             interval {}{bias}",
            against.version.text(),
            percent(against.coverage_68),
            percent(against.coverage_95),
        ))
    }
}

/// What a cell's result depends on, but for the truth, the seed and n_gen.
fn settings(effective: &Value, name: &CellName) -> Value {
    let table = |kind: &str, name: &str| {
        let list = effective[kind].as_array()?;
        let mut table = list.iter().find(|t| t["name"] == name)?.clone();
        // To which references else a metric is taken does not matter.
        table.as_object_mut()?.remove("reference");
        Some(table)
    };
    let sizes = &effective["experiment"];
    json!({
        "n_train": sizes["n_train"], "members": sizes["members"], "left_out": sizes["left_out"],
        "training": effective["training"], "generator": table("generator", &name.generator),
        "uncertainty": table("uncertainty", &name.uncertainty), "summary": table("summary", &name.summary),
        "selection": table("selection", &name.selection), "metric": table("metric", &name.metric),
    })
}

fn calibration(cell: &Cell, results: &Results, effective: &Value) -> Option<CellCalibration> {
    let overall = cell.overall.as_ref()?;
    let mut versions = Vec::new();
    for (version, truth) in [
        (TrueVersion::PosteriorMean, overall.g_true_posterior_mean),
        (TrueVersion::SingleMember, overall.g_true_single_member),
    ] {
        if let Some(g_true) = truth
            && let Some(value) = g_true.value
        {
            versions.push(against(version, g_true, cell.replicas.iter().map(|r| (r, value))));
        }
    }
    if versions.is_empty() {
        versions.extend(against_reference(cell, results));
    }
    let logs: Vec<f64> = cell.replicas.iter().filter_map(|r| positive(r.estimate.g)).map(f64::ln).collect();
    (!versions.is_empty()).then(|| CellCalibration {
        name: cell.name.clone(),
        settings: settings(effective, &cell.name),
        replicas: cell.replicas.len() as u64,
        against: versions,
        spread: mean(&logs).and_then(|m| Some(m.error? * (logs.len() as f64).sqrt())),
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
    let pairs: Vec<(&CellReplica, f64)> =
        cell.replicas.iter().filter_map(|r| Some((r, of(r.replica)?))).collect();
    let logs: Vec<f64> = pairs.iter().map(|(_, g)| g.ln()).collect();
    let Mean { value, error } = mean(&logs)?;
    let end = |sign: f64| error.map(|e| (value + sign * e).exp());
    let g_true = TrueG { value: Some(value.exp()), interval: Interval { low: end(-1.0), high: end(1.0) } };
    Some(against(TrueVersion::ReferenceTruth, g_true, pairs.into_iter()))
}

fn against<'a>(
    version: TrueVersion,
    g_true: TrueG,
    sets: impl Iterator<Item = (&'a CellReplica, f64)>,
) -> Against {
    let sets: Vec<(&CellReplica, f64)> = sets.collect();
    let coverage = |interval: fn(&CellReplica) -> Interval| {
        Fraction::of(sets.iter().map(|(r, truth)| holds(interval(r), *truth)))
    };
    let ratio = |(r, truth): &(&CellReplica, f64)| Some((positive(r.estimate.g)? / truth).ln());
    let ratios: Vec<f64> = sets.iter().filter_map(ratio).collect();
    let pull = |set: &(&CellReplica, f64)| {
        let Interval { low, high } = set.0.estimate.interval_68;
        Some(2.0 * ratio(set)? / (positive(high)? / positive(low)?).ln())
    };
    let mut sorted = ratios.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    // The largest ratio wants the smallest correction.
    let correction = |p: f64| (-quantile(&sorted, 1.0 - p)).exp();
    Against {
        version,
        g_true,
        coverage_68: coverage(|r| r.estimate.interval_68),
        coverage_95: coverage(|r| r.estimate.interval_95),
        above_68: Fraction::of(
            sets.iter().map(|(r, truth)| r.estimate.interval_68.high.is_some_and(|h| h < *truth)),
        ),
        bias: mean(&ratios),
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
        mean(&sets.iter().map(part).collect::<Vec<_>>())
    };
    let all: Vec<f64> = sets.iter().flatten().map(|p| p * p).collect();
    Some(Pulls {
        degrees,
        within_68: within(0.682_689_492)?,
        within_95: within(0.95)?,
        root_mean_square: mean(&all)?.value.sqrt(),
    })
}

fn positive(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite() && *v > 0.0)
}

fn mean(values: &[f64]) -> Option<Mean> {
    let n = values.len() as f64;
    let value = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|v| (v - value).powi(2)).sum::<f64>();
    let error = (values.len() > 1).then(|| (square / (n - 1.0) / n).sqrt());
    (!values.is_empty()).then_some(Mean { value, error })
}

/// The quantile of sorted values, linear between them.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = p * last as f64;
    let below = (place.floor() as usize).min(last);
    let above = (below + 1).min(last);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;
    use crate::results::{TrueDeviation, Verdict};

    /// A cell whose estimates are `g` with intervals from g / 2 to 2 g (68 %) and g / 4 to 4 g (95 %).
    fn cell(estimates: &[f64]) -> Cell {
        let mut cell = testing::integral_cell(estimates.len() as u64);
        for (replica, &g) in cell.replicas.iter_mut().zip(estimates) {
            let interval = |f: f64| Interval { low: Some(g / f), high: Some(g * f) };
            replica.estimate = testing::estimate(Verdict::Resolved, Some(g), interval(2.0), interval(4.0));
            replica.n_effective = 11.0;
            replica.deviation = Some(TrueDeviation {
                posterior_mean: 1.0,
                single_member: 2.0,
                null_scale: 1.0,
                pulls: vec![Some(0.5), Some(-3.0), None],
            });
        }
        let truth = |value| Some(TrueG { value: Some(value), interval: Interval { low: None, high: None } });
        let overall = cell.overall.as_mut().unwrap();
        (overall.g_true_posterior_mean, overall.g_true_single_member) = (truth(4.0), truth(2.0));
        cell
    }

    fn results(cells: Vec<Cell>) -> Results {
        Results { cells, ..testing::results() }
    }

    #[test]
    fn coverage_bias_and_pulls() {
        let found = Calibration::of(
            &results(vec![cell(&[1.5, 4.0, 8.0, 20.0])]),
            &json!({"dataset": {"plugin": "gaussian"}}),
        );
        let [mean, member] = &found.cells[0].against[..] else { panic!("two versions") };
        // 4 lies in [2, 8] and [4, 16] (an end counts), not in [0.75, 3] and [10, 40].
        assert_eq!((mean.coverage_68.count, mean.coverage_68.of), (2, 4));
        assert_eq!((mean.coverage_95.count, mean.above_68.count), (3, 1));
        // 2 lies in [0.75, 3] and [2, 8] only.
        assert_eq!((member.coverage_68.count, member.coverage_95.count), (2, 3));
        let logs = [1.5_f64 / 4.0, 1.0, 2.0, 5.0].map(f64::ln);
        let expected = logs.iter().sum::<f64>() / 4.0;
        assert!((mean.bias.unwrap().value - expected).abs() < 1e-12);
        for (pull, log) in mean.pulls.iter().zip(logs) {
            assert!((pull - log / 2.0_f64.ln()).abs() < 1e-12);
        }
        assert_eq!(mean.correction, None);
        let pulls = found.cells[0].pulls.as_ref().unwrap();
        // Of Student's t with 10 degrees of freedom, 0.5 is within 68 %, and 3.0 beyond 95 % (2.23).
        assert_eq!((pulls.degrees, pulls.within_68.value, pulls.within_95.value), (10.0, 0.5, 0.5));
        assert!((pulls.root_mean_square - ((0.25 + 9.0) / 2.0_f64).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_fraction_of_all_has_an_error() {
        let all = Fraction { count: 10, of: 10 };
        assert_eq!(all.value(), 1.0);
        assert!((all.error() - (11.0 / 12.0 * 1.0 / 12.0 / 13.0_f64).sqrt()).abs() < 1e-12);
        // Far from the ends it is the usual one.
        let half = Fraction { count: 5000, of: 10_000 };
        assert!((half.error() - 0.005).abs() < 1e-5);
    }

    #[test]
    fn a_distance_is_compared_with_itself_against_the_truth() {
        let base = |reference: &str, estimates: &[f64]| {
            let mut cell = cell(estimates);
            cell.name.reference = reference.into();
            let overall = cell.overall.as_mut().unwrap();
            (overall.g_true_posterior_mean, overall.g_true_single_member) = (None, None);
            cell
        };
        let cells = vec![base("holdout", &[1.0, 8.0]), base("truth", &[1.5, 1.0])];
        let found = Calibration::of(&results(cells), &json!({"dataset": {"plugin": "gaussian"}}));
        assert_eq!(found.cells.len(), 1);
        let against = &found.cells[0].against[0];
        assert_eq!(against.version, TrueVersion::ReferenceTruth);
        assert_eq!((against.coverage_68.count, against.coverage_68.of), (1, 2));
        assert!((against.g_true.value.unwrap() - 1.5_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_calibration_speaks_for_the_same_settings() {
        let name = cell(&[1.0]).name;
        let effective = |width: f64, plugin: &str| {
            let of = |name: &str| json!([{"name": name, "prior_width": width, "reference": [plugin]}]);
            json!({
                "dataset": {"plugin": plugin}, "experiment": {"n_train": 1000, "seed": width},
                "uncertainty": of(&name.uncertainty), "metric": [{"name": name.metric, "reference": [plugin]}],
            })
        };
        let found = Calibration::of(&results(vec![cell(&[1.0, 2.0])]), &effective(1.0, "gaussian"));
        assert_eq!(found.truth, "gaussian");
        // Neither the truth nor further references matter.
        assert_eq!(found.clone().of_the_same(&effective(1.0, "trained-model")).cells.len(), 1);
        assert_eq!(found.of_the_same(&effective(2.0, "gaussian")).cells.len(), 0);
    }

    #[test]
    fn corrections_are_quantiles_of_the_ratio() {
        let estimates: Vec<f64> = (0..101).map(|i| 4.0 * (f64::from(i) / 50.0 - 1.0).exp()).collect();
        let found =
            Calibration::of(&results(vec![cell(&estimates)]), &json!({"dataset": {"plugin": "gaussian"}}));
        let [low, middle, high] = found.cells[0].against[0].correction.unwrap();
        assert!((low - (-0.68_f64).exp()).abs() < 1e-9 && (middle - 1.0).abs() < 1e-9);
        assert!((high - 0.68_f64.exp()).abs() < 1e-9, "{high}");
    }

    #[test]
    fn one_sentence_tells_what_to_think_of_a_number() {
        let found = Calibration::of(
            &results(vec![cell(&[1.5, 4.0, 8.0, 20.0])]),
            &json!({"dataset": {"plugin": "gaussian"}}),
        );
        let sentence = found.sentence(&found.cells[0].name).unwrap();
        assert_eq!(
            sentence,
            "on 4 training sets of a known truth like this one the 68 % interval held the true G (posterior mean) 50 +- \
             19 %, the 95 % interval 75 +- 18 %; G / true G is 1.39 on average"
        );
    }
}
