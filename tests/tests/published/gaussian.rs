//! Section 3.2 of Bahl et al. 2025 (Eqs 20-30) and Appendix A of Matchev et al. 2022.

use std::f64::consts::PI;
use std::sync::Arc;

use amplicast_sdk::Model;
use amplicast_sdk::abi::{Caller, Kind, Unwatched};
use amplicast_sdk::ndarray::{Array2, ArrayView2};
use amplicast_sdk::{Alone, Batch, Chunk, Origin, Schema, Seed, Split, TrainingSettings};
use amplicast_tests::{GAUSSIAN, fits};

use crate::run::{catalogue, cell, mean, run};

const SIZES: &str = "
n_train = 1000
n_gen = 200_000
members = 20
training_sets = 200
checkpoints = 3
n_truth = 200_000
";

const TABLES: &str = r#"
[[metric]]
name = "paper"
plugin = "integral"
intervals = [[0.0, 0.5]]

[[metric]]
name = "half"
plugin = "integral"
intervals = [[0.0, 100.0]]
"#;

/// I(1-I) and (dI/dmu)^2 of a unit Gaussian in the paper's region [0, 0.5] and in the half line.
const PAPER: (f64, f64) = (0.154_820_7, 0.002_197_7);
const HALF: (f64, f64) = (0.25, 1.0 / (2.0 * PI));

/// The limit of the metric is (dI/dmu)^2 sigma^2 / n_train over 200 training sets, and so n_equiv and G.
fn check(width: f64, metric: &str, (scale, slope): (f64, f64)) -> f64 {
    let results = run(&fits(&format!("{GAUSSIAN}\nwidth = [{width}]"), SIZES, TABLES));
    let cell = cell(&results, "gaussian-fit", metric, "");
    let (limit, error) = mean(cell, |r| r.of_the_spread().limit);
    let expected = slope * width * width / 1000.0;
    assert!(
        (limit - expected).abs() < 4.0 * error,
        "{metric}: limit {limit} +- {error}, expected {expected}"
    );
    assert!(error < 0.05 * expected, "{metric}: the test says too little: {limit} +- {error}");
    // What the estimate forecasts is the truth: the fit is unbiased.
    let (deviation, error) = mean(cell, |r| r.deviation.as_ref().unwrap().posterior_mean);
    // The mean over 20 members has itself a twentieth of their spread.
    let true_deviation = expected * (1.0 + 1.0 / 20.0);
    assert!(
        (deviation - true_deviation).abs() < 4.0 * error,
        "{metric}: {deviation} +- {error}, {true_deviation}"
    );
    scale / (1000.0 * limit)
}

#[test]
fn the_papers_gaussian_amplifies_by_70() {
    let g = check(1.0, "paper", PAPER);
    assert!((g / 70.4 - 1.0).abs() < 0.15, "{g}");
}

/// For a fit that is efficient no region has G < 1 (Cramer and Rao); the least is pi/2, of the half line.
#[test]
fn the_half_line_amplifies_least() {
    let g = check(1.0, "half", HALF);
    assert!((g / (PI / 2.0) - 1.0).abs() < 0.15, "{g}");
}

/// Events of twice the width that the fit assumes: its mean scatters twice as much, and a region can have G < 1.
#[test]
fn a_wrong_width_gives_less_than_the_training_set() {
    let g = check(2.0, "half", HALF);
    assert!((g / (PI / 8.0) - 1.0).abs() < 0.15, "{g}");
}

/// Matchev et al. 2022, section 5.1: an analysis that throws away half of the events it is given. With as many generated events as one
/// likes it loses nothing, and every G is twice what it is without: 2 for the mean, 140.9 for the region.
#[test]
fn an_analysis_that_throws_half_of_its_events_away_has_twice_the_g() {
    let thin =
        "[[metric]]\nname = \"mean\"\nplugin = \"mean\"\n\n[[selection]]\nname = \"half\"\nthin = 0.5\n";
    let results = run(&fits(&format!("{GAUSSIAN}\nwidth = [1.0]"), SIZES, &format!("{TABLES}\n{thin}")));
    for (metric, scale, g) in [("mean", 1.0, 2.0), ("paper", PAPER.0, 2.0 * PAPER.0 / PAPER.1)] {
        let cell = cell(&results, "gaussian-fit", metric, "");
        let passed = cell.replicas[0].n_train_passed as f64;
        assert!(cell.name.selection == "half" && (passed - 500.0).abs() < 4.0 * 250.0_f64.sqrt(), "{passed}");
        let (x, error) = mean(cell, |r| r.of_the_spread().limit * r.n_train_passed as f64 / scale);
        // Which events are thrown away is drawn once for all training sets.
        let expected = passed / 500.0 / g;
        assert!(
            (x - expected).abs() < 4.0 * error && error < 0.05 * expected,
            "{metric}: {x} +- {error}, {expected}"
        );
    }
    let said =
        "selection half: it keeps 0.50 of all events, whatever they are: this alone multiplies G by 2.0";
    assert!(results.warnings.iter().any(|warning| warning.starts_with(said)), "{:?}", results.warnings);
}

/// Matchev et al. 2022, section 3: the generated events know no more of a shift than the training events do. A fitted mean keeps all of
/// it, whatever the width that it assumes.
#[test]
fn the_information_on_a_shift_is_kept_and_no_more() {
    let score = r#"
[[metric]]
name = "mean"
plugin = "mean"

[[summary]]
name = "score"
plugin = "true-score"

[[pair]]
cells = { summary = "score" }
with = { metric = "mean" }
"#;
    for width in [1.0, 2.0] {
        let dataset = format!("{GAUSSIAN}\nwidth = [{width}]");
        let results = run(&fits(&dataset, SIZES, &format!("{TABLES}\n{score}")));
        let cell = results.cells.iter().find(|c| c.name.summary == "score").unwrap();
        let (x, error) = mean(cell, |r| r.of_the_spread().limit * r.n_train_passed as f64 * width * width);
        assert!((x - 1.0).abs() < 4.0 * error && error < 0.05, "{width}: {x} +- {error}");
        assert!(cell.is_information());
    }
}

/// Matchev et al. 2022, Figs 5 to 7 as their config has them: nothing is gained for the mean, and the members know it.
#[test]
fn the_generated_mean_is_not_amplified() {
    let mut text = include_str!("../../../examples/paper/matchev-gaussian.toml").to_owned();
    let smaller = [
        ("n_gen = 100_000", "n_gen = 10_000"),
        ("members = 50", "members = 10"),
        ("n_truth = 10_000_000", "n_truth = 1_000_000"),
    ];
    for (there, here) in smaller {
        assert!(text.contains(there), "{there}");
        text = text.replace(there, here);
    }
    let results = run(&text);
    let cell = cell(&results, "gaussian-fit", "mean of x", "");
    let (limit, error) = mean(cell, |r| r.of_the_spread().limit);
    assert!((limit - 0.01).abs() < 4.0 * error && error < 7e-4, "{limit} +- {error}");
    // The squared deviation over 100 training sets is known to sqrt(2 / 100); the members' mean adds a tenth.
    let truth = cell.overall.as_ref().unwrap().g_true_posterior_mean.unwrap().value.unwrap();
    assert!((1.0 / truth - 1.1).abs() < 4.0 * 0.16, "{truth}");
}

/// Matchev et al. 2022, Fig. 6: the mean of a generated sample scatters by sqrt(1/n_train + 1/n_gen), n_train = 100.
#[test]
fn the_generated_mean_keeps_the_training_sets_uncertainty() {
    const N_TRAIN: usize = 100;
    const TRIALS: usize = 2000;
    let catalogue = catalogue();
    let caller = || Caller::new("test", Arc::new(Unwatched));
    let dataset =
        catalogue.find(Kind::Dataset, "gaussian").unwrap().component.dataset("{}", caller()).unwrap();
    let entry = catalogue.find(Kind::Generator, "gaussian-fit").unwrap();
    let generator = entry.component.generator("{}", caller()).unwrap();
    let rows: Vec<u64> = (0..N_TRAIN as u64).collect();
    for n_gen in [10, 100, 1000, 10_000] {
        let mut squares = 0.0;
        for trial in 0..TRIALS {
            let seed = Seed::new(6).index(n_gen as u64).index(trial as u64);
            let chunk = |name: &str| Chunk { index: 0, first_event: 0, seed: seed.split(name) };
            let mut training = Array2::zeros((N_TRAIN, 1));
            dataset.read(Split::Training, chunk("training"), training.view_mut()).unwrap();
            let values: ArrayView2<'_, f64> = training.view();
            let batch = Batch::new(values, Origin::Training, &rows);
            let model = generator.prepare(&batch, &Schema::columns(["x"])).unwrap();
            let theta = model.fit(&rows, &TrainingSettings::default(), seed, &Alone).unwrap();
            let mut generated = Array2::zeros((n_gen, 1));
            model.at(&theta).unwrap().sample(chunk("generated"), generated.view_mut()).unwrap();
            squares += generated.mean().unwrap().powi(2) / TRIALS as f64;
        }
        let expected = 1.0 / N_TRAIN as f64 + 1.0 / n_gen as f64;
        let error = expected * (2.0 / TRIALS as f64).sqrt();
        assert!(
            (squares - expected).abs() < 4.0 * error,
            "n_gen {n_gen}: {squares}, expected {expected} +- {error}"
        );
    }
}
