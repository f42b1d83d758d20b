//! How often the intervals of G hold the true G, over independent training sets from a known truth.
//!
//! The true G of the integral metric is that of the design: I (1 - I) / (n_train E[(I_gen - I_true)^2]), the
//! expectation over the training sets, of the posterior mean (what Eq. 18 forecasts) and of a single member. A metric that
//! knows no deviation from the truth (Kolmogorov-Smirnov) is compared on each training set with itself against the reference
//! `truth`, where the experiment has that cell too.

mod against;
mod covering;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use against::{Against, Fraction, Mean, TrueVersion};

use against::{against, positive};

use crate::levels::{INTERVALS, SIGMAS};
use crate::moments::{mean, variance};
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
    if versions.is_empty() {
        for (version, truth) in of_members {
            if let Some(g_true) = truth
                && let Some(value) = g_true.value
            {
                versions.push(against(version, g_true, cell.replicas.iter().map(|r| (&r.estimate, value))));
            }
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

#[cfg(test)]
mod tests;
