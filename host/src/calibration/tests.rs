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
            errors: None,
            true_value: None,
        });
    }
    let interval = Interval { low: None, high: None };
    let training_sets = estimates.len() as u64;
    let truth = |value| Some(TrueG { value: Some(value), interval, training_sets, of_this_set: None });
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
    assert_eq!(mean.coverage_95.count, 3);
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
    let effective = |width: f64, plugin: &str, call: &dyn Fn(&str) -> String| {
        let of = |name: &str| json!([{"name": call(name), "prior_width": width, "reference": [plugin]}]);
        json!({
            "dataset": {"plugin": plugin}, "experiment": {"n_train": 1000, "seed": width},
            "uncertainty": of(&name.uncertainty), "metric": [{"name": call(&name.metric), "reference": [plugin]}],
            "summary": [{"name": call("radius"), "plugin": "radius"}],
            "selection": [{"name": call("all"), "cuts": [{"summary": call("radius"), "quantiles": [0.1, 1.0]}]}],
        })
    };
    let same = |name: &str| name.to_string();
    let found = Calibration::of(&results(vec![cell(&[1.0, 2.0])]), &effective(1.0, "gaussian", &same));
    assert_eq!(found.truth, "gaussian");
    let speaks = |effective: &Value, name: &CellName| found.of_the_same(effective, [name].into_iter()).cells;
    // Neither the truth nor further references matter.
    assert_eq!(speaks(&effective(1.0, "trained-model", &same), &name).len(), 1);
    assert_eq!(speaks(&effective(2.0, "gaussian", &same), &name).len(), 0);
    // Nor what tables are called: the cell has its name in the run.
    let renamed = |name: &str| format!("my {name}");
    let other = CellName {
        generator: renamed(&name.generator),
        uncertainty: renamed(&name.uncertainty),
        summary: renamed(&name.summary),
        selection: renamed(&name.selection),
        metric: renamed(&name.metric),
        reference: name.reference.clone(),
    };
    let spoken = speaks(&effective(1.0, "gaussian", &renamed), &other);
    assert_eq!(spoken.len(), 1);
    assert_eq!(spoken[0].name, other);
    assert!(speaks(&effective(1.0, "gaussian", &renamed), &name).is_empty());
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

/// Of [1.5, 4, 8, 20] over 4: NumPy's quantiles are 0.675, 1.5 and 3.56; the mean, 2.1, is that of the last one.
#[test]
fn the_ratio_is_a_median_with_quantiles() {
    let of = |cell: Cell| {
        let found = Calibration::of(&results(vec![cell]), &json!({"dataset": {"plugin": "gaussian"}}));
        found.cells[0].against[0].clone()
    };
    let found = of(cell(&[1.5, 4.0, 8.0, 20.0]));
    for (found, expected) in [(found.ratio_16, 0.675), (found.ratio_median, 1.5), (found.ratio_84, 3.56)] {
        assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?} {expected}");
    }
    // A set whose G has no upper end is no smaller than any other.
    let mut open = cell(&[1.5, 4.0, 8.0, 20.0]);
    open.replicas[0].estimate.g = None;
    let found = of(open);
    assert_eq!((found.ratio_median, found.ratio_84), (Some(3.5), None));
    assert_eq!(found.ratio().unwrap(), "3.5 [1.5, ∞)");
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
        "on 4 training sets of a known truth like this one the 68 % interval covered the true G (posterior mean) 50 +- \
         19 %, the 95 % interval 75 +- 18 %; G / true G is 1.5 [0.68, 3.6]"
    );
}
