//! What a classifier says of itself: AUC, calibration and weights (Das et al. 2023, 2305.16774, section 2).

use amplicast_sdk::{DiagnosticCurve, DiagnosticFigure, Diagnostics};

use crate::auc::auc;
use crate::training::Trained;

/// Logits of one network, of events that it was neither trained nor stopped on.
#[derive(Debug, Clone, Default)]
pub struct Scores {
    pub truth: Vec<f64>,
    /// Event weights of the true events, of either sign.
    pub weights: Vec<f64>,
    pub generated: Vec<f64>,
}

impl Scores {
    /// Of events that all count alike.
    pub fn alike(truth: Vec<f64>, generated: Vec<f64>) -> Self {
        Scores { weights: vec![1.0; truth.len()], truth, generated }
    }

    fn testable(&self) -> bool {
        self.truth.len() >= LEAST && self.generated.len() >= LEAST && self.weights.iter().sum::<f64>() > 0.0
    }
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
    if !scores.iter().all(Scores::testable) {
        found.warnings.push(format!(
            "the classifier is not tested: expected at least {LEAST} true and {LEAST} generated events that it did not see"
        ));
        return found;
    }
    let area = |s: &Scores| auc((&s.truth, &s.weights), (&s.generated, &vec![1.0; s.generated.len()]));
    let areas: Vec<(f64, f64)> = scores.iter().map(area).collect();
    let folds = areas.len() as f64;
    let area = areas.iter().map(|a| a.0).sum::<f64>() / folds;
    // Of several folds the mean, as if they were independent.
    let error = areas.iter().map(|a| a.1.powi(2)).sum::<f64>().sqrt() / folds;
    found.number("AUC", area, Some(error));
    let truth =
        Vec::from_iter(scores.iter().flat_map(|s| s.truth.iter().copied().zip(s.weights.iter().copied())));
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
fn calibration(truth: &[(f64, f64)], generated: &[f64]) -> Option<DiagnosticFigure> {
    let probability = |logit: f64| 1.0 / (1.0 + logit.exp());
    let (sum, size) = truth.iter().fold((0.0, 0.0), |(sum, size), (_, w)| (sum + w, size + w.abs()));
    // Probability, weight, and whether the event is a true one.
    let of_truth = truth.iter().map(|(logit, w)| (probability(*logit), 0.5 * w / sum, true));
    let each = 0.5 / generated.len() as f64;
    let of_generated = generated.iter().map(|logit| (probability(*logit), each, false));
    let mut events: Vec<(f64, f64, bool)> = of_truth.chain(of_generated).collect();
    events.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut bins: Vec<Vec<(f64, f64, bool)>> = vec![Vec::new(); CALIBRATION_BINS];
    // Events of negative weight fill a bin as well.
    let all = 0.5 * size / sum + 0.5;
    let mut below = 0.0;
    for event in events {
        bins[((below / all * CALIBRATION_BINS as f64) as usize).min(CALIBRATION_BINS - 1)].push(event);
        below += event.1.abs();
    }
    let mut curve =
        DiagnosticCurve { name: "observed".into(), x: Vec::new(), y: Vec::new(), error: Vec::new() };
    for bin in bins.iter().filter(|bin| bin.len() > 1) {
        let sum = |f: &dyn Fn(&(f64, f64, bool)) -> f64| bin.iter().map(f).sum::<f64>();
        let all = sum(&|e| e.1);
        if all <= 0.0 {
            continue;
        }
        let observed = sum(&|e| if e.2 { e.1 } else { 0.0 }) / all;
        let effective = all * all / sum(&|e| e.1.powi(2));
        // Binomial; half an event of each kind more keeps the error from vanishing where one kind is absent.
        let p = ((observed * effective + 0.5) / (effective + 1.0)).clamp(0.0, 1.0);
        curve.x.push(sum(&|e| e.1 * e.0) / all);
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
fn weight_distribution(truth: &[(f64, f64)], generated: &[f64]) -> Option<DiagnosticFigure> {
    let log = |logit: f64| -logit / std::f64::consts::LN_10;
    let truth: Vec<(f64, f64)> = truth.iter().map(|(logit, weight)| (log(*logit), *weight)).collect();
    let generated: Vec<(f64, f64)> = generated.iter().map(|logit| (log(*logit), 1.0)).collect();
    let mut all: Vec<f64> = truth.iter().chain(&generated).map(|(x, _)| *x).collect();
    all.sort_unstable_by(f64::total_cmp);
    let at = |p: f64| all[((all.len() - 1) as f64 * p).round() as usize];
    let (low, high) = (at(0.0001), at(0.9999));
    let width = (high - low) / WEIGHT_BINS as f64;
    if width <= 0.0 {
        return None;
    }
    let curve = |name: &str, list: &[(f64, f64)]| {
        let mut sums = [(0.0_f64, 0.0_f64); WEIGHT_BINS];
        for (x, weight) in list.iter().filter(|(x, _)| *x >= low && *x <= high) {
            let (sum, square) = &mut sums[(((x - low) / width) as usize).min(WEIGHT_BINS - 1)];
            *sum += weight;
            *square += weight * weight;
        }
        let scale = 1.0 / (list.iter().map(|(_, weight)| weight).sum::<f64>() * width);
        DiagnosticCurve {
            name: name.into(),
            x: (0..WEIGHT_BINS).map(|i| low + (i as f64 + 0.5) * width).collect(),
            y: sums.iter().map(|(sum, _)| sum * scale).collect(),
            error: sums.iter().map(|(_, square)| square.sqrt() * scale).collect(),
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
        let (truth, generated) = calibrated();
        let figure = calibration(&truth, &generated).unwrap();
        let curve = &figure.curves[1];
        assert_eq!(curve.x.len(), CALIBRATION_BINS);
        for ((x, y), error) in curve.x.iter().zip(&curve.y).zip(&curve.error) {
            assert!((x - y).abs() < 3.5 * error, "{x} {y} +- {error}");
            // 2000 events a bin.
            assert!((error / (y * (1.0 - y) / 2000.0).sqrt() - 1.0).abs() < 0.02, "{error}");
        }
    }

    /// True events among which some count twice as much, and as many are taken away, say the same with a larger error.
    #[test]
    fn weights_of_true_events_enter() {
        let (mut truth, generated) = calibrated();
        let alike = calibration(&truth, &generated).unwrap();
        for pair in truth.chunks_exact_mut(10) {
            (pair[0].1, pair[5].1) = (-1.0, 3.0);
        }
        let weighted = calibration(&truth, &generated).unwrap();
        let (alike, weighted) = (&alike.curves[1], &weighted.curves[1]);
        for ((x, y), error) in weighted.x.iter().zip(&weighted.y).zip(&weighted.error) {
            assert!((x - y).abs() < 3.5 * error, "{x} {y} +- {error}");
        }
        assert!(weighted.error[5] > 1.1 * alike.error[5]);
    }

    fn calibrated() -> (Vec<(f64, f64)>, Vec<f64>) {
        let mut stream = amplicast_sdk::Seed::new(1).stream();
        let (mut truth, mut generated) = (Vec::new(), Vec::new());
        for i in 0..20_000 {
            let logit = f64::from(i) / 5000.0 - 2.0;
            let of_truth = stream.random::<f64>() < 1.0 / (1.0 + logit.exp());
            if of_truth {
                truth.push((logit, 1.0));
            } else {
                generated.push(logit);
            }
        }
        (truth, generated)
    }

    #[test]
    fn densities_integrate_to_one() {
        let list = |shift: f64| -> Vec<f64> { (0..2000).map(|i| f64::from(i) / 500.0 + shift).collect() };
        let truth: Vec<(f64, f64)> = list(0.0).into_iter().map(|x| (x, 1.0 + (x - 2.0) / 3.0)).collect();
        let figure = weight_distribution(&truth, &list(0.3)).unwrap();
        for curve in figure.curves {
            let width = curve.x[1] - curve.x[0];
            let sum: f64 = curve.y.iter().sum::<f64>() * width;
            assert!((sum - 1.0).abs() < 2e-3, "{sum}");
        }
    }
}
