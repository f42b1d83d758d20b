//! Training events drawn with replacement amplify nothing: G = 1 by construction.

use amplicast::results::Verdict;

use crate::run::{cell, mean, run};

const EXPERIMENT: &str = r#"
[experiment]
n_train = 400
n_gen = 40_000
members = 20
training_sets = 60
checkpoints = 3
n_holdout = 20_000
n_truth = 100_000

[dataset]
plugin = "gaussian"

[[generator]]
plugin = "resample"

[[uncertainty]]
plugin = "ensemble"

[[uncertainty]]
plugin = "halves"

[[uncertainty]]
plugin = "point"

[[summary]]
plugin = "coordinate"
index = 0

[[metric]]
plugin = "integral"
intervals = [[0.0, 0.5], [1.0, 2.0]]

[[metric]]
plugin = "ks"
reference = ["training", "holdout"]

[[pair]]
cells = { metric = "integral" }
with = { uncertainty = ["ensemble", "halves"] }

[[pair]]
cells = { metric = "ks" }
with = { uncertainty = "point" }
"#;

#[test]
fn resampling_amplifies_by_one() {
    let results = run(EXPERIMENT);

    // The bootstrap's spread is the binomial one of n_train events, up to (n - 1)/n.
    let integral = cell(&results, "resample", "integral", "");
    let (inverse, error) = mean(integral, |r| {
        let scale = r.deviation.as_ref().unwrap().null_scale;
        r.of_the_spread().limit * 400.0 / scale
    });
    assert!((inverse - 1.0).abs() < 4.0 * error, "1/G = {inverse} +- {error}");
    assert!(error < 0.05, "the test says too little: {error}");

    // Of fits to halves it is found that they repeat their events: no distance from these, no bias, and a G of 1 from the variance.
    let halves = results.cells.iter().find(|c| c.name.uncertainty == "halves").unwrap();
    let (inverse, error) = mean(halves, |r| 1.0 / r.estimate.g.unwrap());
    assert!((inverse - 1.0).abs() < 4.0 * error && error < 0.06, "1/G = {inverse} +- {error}");
    let bounds = halves.replicas.iter().filter(|r| r.estimate.bound.unwrap() < 1.05).count();
    assert!(bounds >= 55, "{bounds} of 60 bounds are below 1.05");

    // Against a holdout, a fit to all events is the training sample itself: its distance is that of 400 true events.
    let ks = cell(&results, "resample", "ks", "holdout");
    let (distance, error) = mean(ks, |r| r.estimate.limit);
    let effective: f64 = 400.0 * 20_000.0 / 20_400.0;
    let null = (std::f64::consts::PI / 2.0).sqrt() * std::f64::consts::LN_2 / effective.sqrt();
    assert!((distance - null).abs() < 4.0 * error, "{distance} +- {error}, expected {null}");
    let resolved = ks.replicas.iter().filter(|r| r.estimate.verdict == Verdict::Resolved).count();
    assert!(resolved > 50, "{resolved} of 60 are resolved");

    // The 68 % interval of a distance with 60 trials: between 0.44 and 0.92 within 4 standard errors.
    let inside = |r: &&amplicast::results::CellReplica| {
        let interval = r.estimate.interval_68;
        interval.low.is_none_or(|low| low <= 1.0) && interval.high.is_none_or(|high| high >= 1.0)
    };
    let covered = ks.replicas.iter().filter(inside).count() as f64 / 60.0;
    assert!((covered - 0.68).abs() < 4.0 * (0.68 * 0.32 / 60.0_f64).sqrt(), "coverage {covered}");

    // Against its own training events it is as good as an infinite sample: no evidence.
    let training = cell(&results, "resample", "ks", "training");
    assert!(training.replicas.iter().all(|r| r.estimate.verdict == Verdict::InSample));
}
