//! A made-up but realistic run for tests: the Gaussian ring, with every kind of verdict and a cell that failed.

use amplicast_sdk::{DiagnosticCurve, DiagnosticFigure, MembersData, Shown};

use crate::inspection::{Copies, Nearer};
use crate::results::*;

/// An estimate with the given intervals on 1000 training events.
pub(crate) fn estimate(
    verdict: Verdict,
    g: Option<f64>,
    interval_68: Interval,
    interval_95: Interval,
) -> Estimate {
    Estimate {
        verdict,
        n_equiv: g.map(|g| 1000.0 * g),
        g,
        interval_68,
        interval_95,
        bound: None,
        limit: 0.01,
        reason: "Made up for a test.".into(),
    }
}

fn interval(low: f64, high: f64) -> Interval {
    Interval { low: Some(low), high: Some(high) }
}

/// A wiggle between -1 and 1 that looks like noise and is always the same.
fn noise(i: usize, stream: usize) -> f64 {
    let x = ((i * 73 + stream * 151 + 17) as f64 * 12.9898).sin() * 43_758.547;
    2.0 * (x - x.floor()) - 1.0
}

fn checkpoints() -> impl Iterator<Item = (usize, u64)> {
    (0..13).map(|i| (i, (100.0 * 10f64.powf(i as f64 / 3.0)).round() as u64))
}

fn name(generator: &str, uncertainty: &str, summary: &str, metric: &str, reference: &str) -> CellName {
    let [generator, uncertainty, summary] = [generator, uncertainty, summary].map(String::from);
    let [metric, reference] = [metric, reference].map(String::from);
    CellName { generator, uncertainty, summary, selection: "all".into(), metric, reference }
}

fn plugins(metric: &str) -> [String; 4] {
    ["autoregressive", "bayes-by-backprop", "radius", metric].map(String::from)
}

/// Numbers of the null laws of [`laws`]: of integrals, of distances to 1000 and to 20 000 events, and one that no law is.
const INTEGRAL: usize = 0;
const KS_1000: usize = 1;
const KS_20_000: usize = 2;
pub(crate) const ODD: usize = 3;

/// p (1 - p) of the integrals.
const BINOMIAL: f64 = 0.2;

/// The null laws of the cells below.
fn laws() -> Vec<Vec<NullPoint>> {
    let grid = || (0..60).map(|i| 50.0 * 10f64.powf(f64::from(i) / 11.0));
    let averaged = |n: f64| NullPoint { n, mean: BINOMIAL / n, bands: [[BINOMIAL / n; 2]; 3] };
    let mut odd: Vec<_> = grid().map(averaged).collect();
    odd.push(NullPoint { n: 1e300, mean: 1e-200, bands: [[1e-300, 1e300]; 3] });
    let distance = |reference: f64| grid().map(|n| kolmogorov(n, reference)).collect();
    vec![grid().map(averaged).collect(), distance(1000.0), distance(20_000.0), odd]
}

/// An integral with G = 7.1 on each of the training sets, and its truth.
pub(crate) fn integral_cell(replicas: u64) -> Cell {
    let one = |replica: u64| {
        let g = 7.1 * (1.0 + 0.25 * noise(replica as usize, 9) * f64::from(u8::from(replica > 0)));
        let limit = BINOMIAL / (1000.0 * g);
        let point = |(i, n): (usize, u64)| {
            let statistical = BINOMIAL / n as f64;
            let shake = 1.0 + 0.12 * noise(i, replica as usize);
            let value = limit * shake + statistical * (1.0 + 0.15 * noise(i, 3 + replica as usize));
            CurvePoint {
                n_gen: n,
                n_passed: n as f64,
                value,
                statistical: Some(statistical),
                model: Some(value - statistical),
                truth: Some(1.05 * limit + statistical * (1.0 + 0.1 * noise(i, 5))),
                spread: 0.004,
                one_fit: None,
            }
        };
        let reason = "The model variance is larger than zero at 95 %.".to_string();
        let estimate =
            estimate(Verdict::Resolved, Some(g), interval(g / 1.42, g * 1.437), interval(g / 2.0, g * 2.2));
        CellReplica {
            replica,
            n_train_passed: 1000,
            n_train_effective: None,
            n_reference: 0,
            without: None,
            n_effective: 10.0,
            estimate: Estimate { limit, reason, ..estimate },
            apart: None,
            demonstrated: None,
            spread_alone: None,
            curve: checkpoints().map(point).collect(),
            null_law: INTEGRAL,
            deviation: Some(TrueDeviation {
                posterior_mean: limit,
                single_member: 2.0 * limit,
                null_scale: BINOMIAL,
                pulls: vec![Some(0.4), Some(-1.2), None, Some(2.0)],
                errors: Some([0.1 * limit, 0.2 * limit]),
                true_value: None,
            }),
        }
    };
    let ends = [interval(5.1, 9.9), interval(2.8, 4.3)];
    let none = Interval { low: None, high: None };
    let truth = |value: f64, ends: Interval| TrueG {
        value: Some(value),
        interval: if replicas > 1 { ends } else { none },
        training_sets: replicas,
        of_this_set: (replicas == 1).then_some(ends),
    };
    Cell {
        name: name("transformer", "bayesian", "radius", "integral", ""),
        plugins: plugins("integral"),
        axis: "radius $R$".into(),
        replicas: (0..replicas).map(one).collect(),
        overall: Some(Overall {
            verdict: Verdict::Resolved,
            g_mean: Some(7.1),
            g_spread: (replicas > 1).then_some(2.2),
            g_median: Some(7.0),
            g_16: Some(5.2),
            g_84: Some(9.4),
            g_true_posterior_mean: Some(truth(6.8, ends[0])),
            g_true_single_member: Some(truth(3.4, ends[1])),
        }),
        failures: Vec::new(),
    }
}

/// Kolmogorov's law for samples of n and of `reference` events.
fn kolmogorov(n: f64, reference: f64) -> NullPoint {
    let scale = (1.0 / n + 1.0 / reference).sqrt();
    let bands = [[0.571, 1.162], [0.440, 1.492], [0.345, 1.857]].map(|band| band.map(|k| k * scale));
    NullPoint { n, mean: 0.8687 * scale, bands }
}

/// A KS distance that ends on a plateau (resolved, at-most, in-sample) or follows the law (at-least, unresolved).
pub(crate) fn ks_cell(verdict: Verdict) -> Cell {
    ks_cell_passing(verdict, 1.0)
}

/// The same under a selection that a fraction of all events passes.
fn ks_cell_passing(verdict: Verdict, fraction: f64) -> Cell {
    let reference = if verdict == Verdict::InSample { 1000.0 } else { 20_000.0 };
    let (plateau, g) = match verdict {
        // Of a distance there is no bias apart.
        Verdict::Resolved | Verdict::BiasSeen | Verdict::VarianceOnly => (0.0165, Some(7.0)),
        Verdict::AtMost => (0.09, Some(0.1)),
        Verdict::InSample => (0.005, Some(22.3)),
        Verdict::AtLeast | Verdict::Unresolved => (0.0, None),
    };
    let point = |(i, n): (usize, u64)| {
        let law = kolmogorov(fraction * n as f64, reference).mean;
        let value = law.hypot(plateau) * (1.0 + 0.08 * noise(i, 2));
        CurvePoint {
            n_gen: n,
            n_passed: fraction * n as f64,
            value,
            statistical: None,
            model: None,
            truth: None,
            spread: 0.25 * law + 0.1 * plateau,
            one_fit: None,
        }
    };
    let curve: Vec<_> = checkpoints().map(point).collect();
    let limit = curve[curve.len() - 1].value;
    let ends = match verdict {
        Verdict::Resolved | Verdict::BiasSeen | Verdict::VarianceOnly => {
            [interval(4.1, 11.3), interval(2.6, 19.0)]
        }
        Verdict::AtMost => [Interval { low: None, high: Some(0.2) }, Interval { low: None, high: Some(0.3) }],
        Verdict::InSample => [interval(9.0, 41.0), Interval { low: Some(4.0), high: None }],
        Verdict::AtLeast => {
            [Interval { low: Some(20.3), high: None }, Interval { low: Some(12.2), high: None }]
        }
        Verdict::Unresolved => [Interval { low: None, high: None }; 2],
    };
    let reason = match verdict {
        Verdict::InSample => "The reference is the training set itself.",
        Verdict::AtLeast => "The distance agrees with the null law for unlimited samples.",
        _ => "The distance excludes the null law for unlimited samples.",
    };
    let made = estimate(verdict, g, ends[0], ends[1]);
    let n_equiv = made.n_equiv.map(|n| fraction * n);
    let replica = CellReplica {
        replica: 0,
        n_train_passed: (1000.0 * fraction) as u64,
        n_train_effective: None,
        n_reference: reference as u64,
        without: Some(Without { training: 0.13, generated: 0.12 }),
        n_effective: 10.0,
        estimate: Estimate { limit, n_equiv, reason: reason.into(), ..made },
        apart: None,
        demonstrated: None,
        spread_alone: None,
        curve,
        null_law: if verdict == Verdict::InSample { KS_1000 } else { KS_20_000 },
        deviation: None,
    };
    let against = if verdict == Verdict::InSample { "training" } else { "left-out" };
    Cell {
        name: name("transformer", "bayesian", "radius", "ks", against),
        plugins: plugins("ks"),
        axis: "radius $R$".into(),
        replicas: vec![replica],
        overall: Some(Overall {
            verdict,
            g_mean: g,
            g_spread: None,
            g_median: g,
            g_16: g,
            g_84: g,
            g_true_posterior_mean: None,
            g_true_single_member: None,
        }),
        failures: Vec::new(),
    }
}

/// A histogram of the ring's radius, or of a mass that falls steeply.
fn distribution(falling: bool) -> Distribution {
    let bins = if falling { 50 } else { 40 };
    let (low, high) = if falling { (340.0, 2340.0) } else { (0.4, 1.6) };
    let edge = |i: usize| low + (high - low) * i as f64 / bins as f64;
    let density = |i: usize| {
        let x = (edge(i) + edge(i + 1)) / 2.0;
        if falling { (-(x - 340.0) / 210.0f64).exp() } else { (-((x - 1.0) / 0.18f64).powi(2) / 2.0).exp() }
    };
    let sum: f64 = (0..bins).map(density).sum();
    let events = if falling { 20_000.0 } else { 1000.0 };
    let truth: Vec<f64> = (0..bins).map(|i| density(i) / sum).collect();
    let training = |i: usize| {
        let mean = events * truth[i];
        (mean + 1.5 * noise(i, 8) * mean.sqrt()).round().max(0.0) as u64
    };
    Distribution {
        training_fractions: None,
        summary: if falling { "mass" } else { "radius" }.into(),
        selection: "all".into(),
        generator: "transformer".into(),
        uncertainty: "bayesian".into(),
        axis: if falling { "$m_{tt}$ [GeV]" } else { "radius $R$" }.into(),
        edges: (0..=bins).map(edge).collect(),
        training: (0..bins).map(training).collect(),
        training_events: events as u64,
        generated: (0..bins).map(|i| truth[i] * (1.0 + 0.08 * (i as f64 / 4.0).sin())).collect(),
        generated_error: (!falling).then(|| (0..bins).map(|i| truth[i] * 0.08).collect()),
        distance: (!falling).then(|| distance(55.2, 59.0, 0.62)),
        generated_spread: (0..bins).map(|i| truth[i] * 0.05 + 0.3 * truth[i].sqrt() / 60.0).collect(),
        truth: Some(truth),
    }
}

/// A whole run.
/// The diagnostics of a classifier of five members.
fn diagnosed() -> Diagnosed {
    let curve = |name: &str, y: [f64; 3], error: &[f64]| DiagnosticCurve {
        name: name.into(),
        x: vec![0.2, 0.5, 0.8],
        y: y.into(),
        error: error.into(),
    };
    let figure = DiagnosticFigure {
        title: "Calibration of the classifier".into(),
        x: "predicted".into(),
        y: "observed".into(),
        curves: vec![
            curve("calibrated", [0.2, 0.5, 0.8], &[]),
            curve("observed", [0.25, 0.46, 0.81], &[0.04, 0.05, 0.04]),
        ],
    };
    let number = |name: &str, mean: f64, error: Option<f64>| DiagnosedNumber {
        name: name.into(),
        mean,
        spread: Some(0.01),
        range: mean - 0.02..mean + 0.02,
        error,
    };
    Diagnosed {
        generator: "transformer".into(),
        uncertainty: "bayesian".into(),
        summary: Some("classifier-lr".into()),
        replica: 0,
        fits: 5,
        numbers: vec![number("AUC", 0.512, Some(0.018)), number("training steps", 600.0, None)],
        figures: vec![figure],
        warnings: Vec::new(),
    }
}

/// Fits to all events of each training set come to 0.5 +- 0.02; the first has no value at its smallest size.
pub(crate) fn with_one_fit(cell: &mut Cell) {
    for (set, replica) in cell.replicas.iter_mut().enumerate() {
        for (k, point) in replica.curve.iter_mut().enumerate() {
            let noise = if k % 2 == 0 { 1.0 } else { -1.0 } / point.n_passed.sqrt();
            point.one_fit = Some(0.48 + 0.01 * set as f64 + 0.3 * noise).filter(|_| set + k > 0);
        }
        if let Some(deviation) = &mut replica.deviation {
            deviation.true_value = Some(0.5);
        }
    }
}

/// A distance from a holdout, with a covariance of few fits.
fn distance(chi_squared: f64, degrees: f64, p: f64) -> Distance {
    let few_fits = Some(FewFits { f: 0.95, degrees: 12.0, p: 0.41 });
    Distance { reference: "holdout".into(), events: 10_000, chi_squared, degrees, p, few_fits }
}

/// An estimate of the mean of the members that includes their bias, beside what their spread alone gives.
fn with_bias(replica: &mut CellReplica) {
    replica.spread_alone = Some(Estimate { verdict: Verdict::VarianceOnly, ..replica.estimate.clone() });
    replica.estimate.verdict = Verdict::BiasSeen;
    replica.estimate.bound = Some(3.2);
    replica.demonstrated = Some(Demonstrated {
        quantities: vec!["[0, 1)".into(), "[1, 2)".into()],
        generated: vec![0.4, 0.5],
        training: vec![0.41, 0.49],
        error_statistical: vec![0.001, 0.001],
        error_total: vec![0.006, 0.007],
        error_training: vec![0.016, 0.016],
        against: Some(AgainstEvents { distance: distance(2.1, 2.0, 0.35), pulls: vec![0.7, -1.1] }),
        ratio: 0.4,
        ratio_at_most: 0.7,
        weight: 0.9,
        combined: 0.39,
        verdict: Demonstration::Demonstrated,
    });
    replica.apart = Some(TakenApart {
        of: Whose::MeanOfMembers,
        variance: 0.1,
        variance_freedom: 40.0,
        variance_scale: Some(0.095),
        directions: 5.0,
        deviation: 0.9,
        deviation_unbiased: 0.86,
        deviation_freedom: 150.0,
        deviation_scale: Some(0.87),
        regions_freedom: 17.2,
        distance_freedom: 17.2,
        bias_by_factor: true,
        unit_error: 0.01,
        p_bias: 0.04,
        g_unbiased: 10.0,
        training_noise: Some(0.02),
        mean_of_fits: Some(MeanOfFits { fits: 2, g: 8.0, interval_68: interval(6.0, 11.0) }),
    });
}

pub(crate) fn results() -> Results {
    let mut failed = integral_cell(1);
    failed.name = name("flow", "ensemble", "radius", "integral", "");
    (failed.replicas, failed.overall) = (Vec::new(), None);
    failed.failures = vec!["training set 0: plugin libflow.so: the loss is NaN after epoch 3".into()];
    let mut many = integral_cell(5);
    many.name = name("flow", "ensemble", "radius", "ks", "left-out");
    (many.name.metric, many.name.reference) = ("integral outer".into(), String::new());
    with_bias(&mut many.replicas[0]);
    with_one_fit(&mut many);
    let mut at_most = ks_cell(Verdict::AtMost);
    (at_most.name.generator, at_most.name.uncertainty) = ("flow".into(), "ensemble".into());
    let mut cut = ks_cell_passing(Verdict::Resolved, 0.38);
    cut.name.selection = "central".into();
    let mut unresolved = ks_cell(Verdict::Unresolved);
    unresolved.name = name("flow", "ensemble", "radius", "ks", "training");
    Results {
        weights: None,
        groups: None,
        schema: Schema::this(),
        experiment: "Gaussian ring in two dimensions".into(),
        dataset: "gaussian-ring".into(),
        n_train: 1000,
        n_gen: 1_000_000,
        members: 10,
        replicas: 1,
        validation: Some(Validation { source: "truth".into(), events: 1_000_000 }),
        metrics: [("integral", "integral"), ("integral outer", "integral"), ("ks", "KS distance")]
            .map(|(name, words)| ShownMetric {
                name: name.into(),
                shown: if words == "integral" { Shown::variance(words) } else { Shown::value(words) },
            })
            .into(),
        cells: vec![
            integral_cell(1),
            ks_cell(Verdict::AtLeast),
            ks_cell(Verdict::InSample),
            cut,
            failed,
            at_most,
            unresolved,
            many,
        ],
        null_laws: laws(),
        distributions: vec![distribution(false), distribution(true)],
        planes: vec![plane()],
        diagnostics: vec![diagnosed()],
        inspections: vec![inspected()],
        warnings: vec![
            "The loss of generator transformer is a surrogate: its posterior is not that of the likelihood."
                .into(),
        ],
    }
}

/// A look at events of which a few lie next to training events.
fn inspected() -> Inspected {
    Inspected {
        generator: "transformer".into(),
        uncertainty: "bayesian".into(),
        replica: 0,
        members_data: Some(MembersData::Posterior),
        events: 10_000_000,
        copies: Copies { equal: 0.0, by_chance: 0.0, nearer: Some(Nearer { part: 0.05, probability: 0.6 }) },
        precision: Some("6 digits".into()),
        findings: vec!["5 % of the generated events lie next to one training event".into()],
    }
}

/// A selection that cuts half of the events.
fn plane() -> Plane {
    let event = |i: u32| [f64::from(i).cos(), f64::from(i).sin()];
    Plane {
        selection: "near".into(),
        generator: "transformer".into(),
        uncertainty: "bayesian".into(),
        axes: ["x".into(), "y [GeV]".into()],
        passed: (0..50).map(event).collect(),
        cut: (50..100).map(event).collect(),
    }
}
