//! What a classifier says of itself: AUC, calibration and weights (Das et al. 2023, 2305.16774, section 2).

use amplicast_sdk::{DiagnosticCurve, DiagnosticFigure, Diagnostics};

use crate::auc::auc;
use crate::training::Trained;

/// Logits of one network, of events that it was neither trained nor stopped on.
#[derive(Debug, Clone, Default)]
pub struct Scores {
    pub truth: Vec<f64>,
    pub generated: Vec<f64>,
}

/// Bins of the calibration curve, of about equal weight.
const CALIBRATION_BINS: usize = 10;
/// Bins of the weights' distribution.
const WEIGHT_BINS: usize = 30;
/// Fewest events of each kind for which there are numbers.
const LEAST: usize = 10;

/// The diagnostics of networks (one, or one for each fold) with their test scores.
pub fn diagnostics(networks: &[Trained], scores: &[Scores]) -> Diagnostics {
    let mut found = Diagnostics::default();
    let mean = |f: &dyn Fn(&Trained) -> f64| networks.iter().map(f).sum::<f64>() / networks.len() as f64;
    found.number("validation loss - log 2", mean(&|n| n.loss) - std::f64::consts::LN_2, None);
    found.number("training steps", mean(&|n| n.steps as f64), None);
    if scores.iter().any(|s| s.truth.len() < LEAST || s.generated.len() < LEAST) {
        found.warnings.push(format!(
            "the classifier is not tested: expected at least {LEAST} true and {LEAST} generated events that it did not see"
        ));
        return found;
    }
    let areas: Vec<(f64, f64)> = scores.iter().map(|s| auc(&s.truth, &s.generated)).collect();
    let folds = areas.len() as f64;
    let area = areas.iter().map(|a| a.0).sum::<f64>() / folds;
    // Of several folds the mean, as if they were independent.
    let error = areas.iter().map(|a| a.1.powi(2)).sum::<f64>().sqrt() / folds;
    found.number("AUC", area, Some(error));
    let truth: Vec<f64> = scores.iter().flat_map(|s| s.truth.iter().copied()).collect();
    let generated: Vec<f64> = scores.iter().flat_map(|s| s.generated.iter().copied()).collect();
    let (fraction, largest) = weights(&generated);
    found.number("effective fraction of the weighted sample", fraction, None);
    found.number("log10 of the largest weight", largest, None);
    found.figures.extend(calibration(&truth, &generated));
    found.figures.extend(weight_distribution(&truth, &generated));
    found
}

/// (sum w)^2 / (n sum w^2) and the largest log10 w of generated events, w = exp(-logit).
fn weights(logits: &[f64]) -> (f64, f64) {
    let lowest = logits.iter().copied().fold(f64::INFINITY, f64::min);
    // Relative to the largest weight, so that nothing overflows.
    let relative = || logits.iter().map(|l| (lowest - l).exp());
    let (sum, square) = (relative().sum::<f64>(), relative().map(|w| w * w).sum::<f64>());
    (sum * sum / (logits.len() as f64 * square), -lowest / std::f64::consts::LN_10)
}

/// The part of true events among those with a predicted probability, each kind with half of the weight.
fn calibration(truth: &[f64], generated: &[f64]) -> Option<DiagnosticFigure> {
    let weights = [0.5 / truth.len() as f64, 0.5 / generated.len() as f64];
    let event = |kind: usize| move |logit: &f64| (1.0 / (1.0 + logit.exp()), kind);
    let mut events: Vec<(f64, usize)> =
        truth.iter().map(event(0)).chain(generated.iter().map(event(1))).collect();
    events.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut bins: Vec<Vec<(f64, usize)>> = vec![Vec::new(); CALIBRATION_BINS];
    let mut below = 0.0;
    for event in events {
        bins[((below * CALIBRATION_BINS as f64) as usize).min(CALIBRATION_BINS - 1)].push(event);
        below += weights[event.1];
    }
    let mut curve =
        DiagnosticCurve { name: "observed".into(), x: Vec::new(), y: Vec::new(), error: Vec::new() };
    for bin in bins.iter().filter(|bin| bin.len() > 1) {
        let sum = |f: &dyn Fn(&(f64, usize)) -> f64| bin.iter().map(f).sum::<f64>();
        let all = sum(&|e| weights[e.1]);
        let observed = sum(&|e| if e.1 == 0 { weights[0] } else { 0.0 }) / all;
        let effective = all * all / sum(&|e| weights[e.1].powi(2));
        // Binomial; half an event of each kind more keeps the error from vanishing where one kind is absent.
        let p = (observed * effective + 0.5) / (effective + 1.0);
        curve.x.push(sum(&|e| weights[e.1] * e.0) / all);
        curve.y.push(observed);
        curve.error.push((p * (1.0 - p) / effective).sqrt());
    }
    let (first, last) = (*curve.x.first()?, *curve.x.last()?);
    let ideal = vec![first, last];
    let diagonal =
        DiagnosticCurve { name: "calibrated".into(), x: ideal.clone(), y: ideal, error: Vec::new() };
    Some(DiagnosticFigure {
        title: "Calibration of the classifier".into(),
        x: "predicted probability of a true event".into(),
        y: "observed fraction of true events".into(),
        curves: vec![diagonal, curve],
    })
}

/// Densities of log10 w of true and of generated events, between the 0.01 % and 99.99 % quantiles of both together.
fn weight_distribution(truth: &[f64], generated: &[f64]) -> Option<DiagnosticFigure> {
    let log = |logits: &[f64]| -> Vec<f64> { logits.iter().map(|l| -l / std::f64::consts::LN_10).collect() };
    let (truth, generated) = (log(truth), log(generated));
    let mut all: Vec<f64> = truth.iter().chain(&generated).copied().collect();
    all.sort_unstable_by(f64::total_cmp);
    let at = |p: f64| all[((all.len() - 1) as f64 * p).round() as usize];
    let (low, high) = (at(0.0001), at(0.9999));
    let width = (high - low) / WEIGHT_BINS as f64;
    if width <= 0.0 {
        return None;
    }
    let curve = |name: &str, list: &[f64]| {
        let mut counts = [0.0_f64; WEIGHT_BINS];
        for x in list.iter().filter(|x| **x >= low && **x <= high) {
            counts[(((x - low) / width) as usize).min(WEIGHT_BINS - 1)] += 1.0;
        }
        let scale = 1.0 / (list.len() as f64 * width);
        DiagnosticCurve {
            name: name.into(),
            x: (0..WEIGHT_BINS).map(|i| low + (i as f64 + 0.5) * width).collect(),
            y: counts.iter().map(|n| n * scale).collect(),
            error: counts.iter().map(|n| n.sqrt() * scale).collect(),
        }
    };
    Some(DiagnosticFigure {
        title: "Weights of the classifier".into(),
        x: "log10 of the weight p_true / p_gen".into(),
        y: "density".into(),
        curves: vec![curve("true events", &truth), curve("generated events", &generated)],
    })
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::rand::RngExt;

    use super::*;

    #[test]
    fn weights_by_hand() {
        let (fraction, largest) = weights(&[0.0, 2.0_f64.ln(), -(10.0_f64.ln())]);
        // Weights 1, 1/2, 10.
        assert!((fraction - 11.5_f64.powi(2) / (3.0 * 101.25)).abs() < 1e-12);
        assert!((largest - 1.0).abs() < 1e-12);
        assert_eq!(weights(&[-1000.0, -1000.0]).0, 1.0);
    }

    /// Of a logit l a fraction 1/(1 + exp(l)) is true.
    #[test]
    fn a_calibrated_classifier_is_on_the_diagonal() {
        let mut stream = amplicast_sdk::Seed::new(1).stream();
        let (mut truth, mut generated) = (Vec::new(), Vec::new());
        for i in 0..20_000 {
            let logit = f64::from(i) / 5000.0 - 2.0;
            let of_truth = stream.random::<f64>() < 1.0 / (1.0 + logit.exp());
            if of_truth { &mut truth } else { &mut generated }.push(logit);
        }
        let figure = calibration(&truth, &generated).unwrap();
        let curve = &figure.curves[1];
        assert_eq!(curve.x.len(), CALIBRATION_BINS);
        for ((x, y), error) in curve.x.iter().zip(&curve.y).zip(&curve.error) {
            assert!((x - y).abs() < 3.5 * error, "{x} {y} +- {error}");
            // 2000 events a bin.
            assert!((error / (y * (1.0 - y) / 2000.0).sqrt() - 1.0).abs() < 0.02, "{error}");
        }
    }

    #[test]
    fn densities_integrate_to_one() {
        let list = |shift: f64| -> Vec<f64> { (0..2000).map(|i| f64::from(i) / 500.0 + shift).collect() };
        let figure = weight_distribution(&list(0.0), &list(0.3)).unwrap();
        for curve in figure.curves {
            let width = curve.x[1] - curve.x[0];
            let sum: f64 = curve.y.iter().sum::<f64>() * width;
            assert!((sum - 1.0).abs() < 2e-3, "{sum}");
        }
    }
}
