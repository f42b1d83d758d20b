//! `amplicast calibrate`: how often intervals hold the true G, on a problem whose answer is known in closed form.

use amplicast::calibration::{Calibration, TrueVersion};
use amplicast_tests::{GAUSSIAN, Place, fits, results};

/// The mean of a Gaussian of known width, fitted to 100 events: a bootstrap's spread is right, and the true G of the posterior
/// mean is I (1 - I) / (n (dI/dmu)^2 Var(mu)) = 70.4 to first order.
const SIZES: &str = r#"
name = "known"
n_train = 100
n_gen = 200_000
members = 10
n_truth = 1_000_000
"#;

const TABLES: &str = r#"
[[metric]]
name = "half"
plugin = "integral"
intervals = [[0.0, 20.0]]
"#;

/// Events of which no truth is known.
const DATA: &str = "plugin = \"events-file\"\ntrain = \"train.npy\"";

fn calibration(place: &Place) -> Calibration {
    let bytes = std::fs::read(place.path("run/calibration.json")).expect("a calibration");
    serde_json::from_slice(&bytes).expect("a calibration")
}

#[test]
fn bounds_of_a_calibrated_posterior_hold_the_truth() {
    const REPLICAS: u64 = 100;
    let place = Place::new();
    let file = place.write("known.toml", fits(GAUSSIAN, SIZES, TABLES)).display().to_string();
    let replicas = REPLICAS.to_string();
    place.amplicast(&["calibrate", &file, "--out", "run", "--training-sets", &replicas]).expect(0).prints(&[
        "68 % held it",
        "bias included",
        "spread alone",
        "calibration/report.html",
    ]);
    let found = calibration(&place);
    assert_eq!((found.truth.as_str(), found.replicas, found.n_train), ("gaussian", REPLICAS, 100));
    let cell = &found.cells[0];
    let mean = &cell.against[0];
    assert_eq!((mean.version, mean.coverage_68.of), (TrueVersion::OfTheEstimate, REPLICAS));
    // The half line: I (1 - I) / phi(0)^2 = pi / 2 true events; the spread of (I - 1/2)^2 over 100 sets gives 14 %.
    let g_true = mean.g_true.value.unwrap();
    assert!((g_true / std::f64::consts::FRAC_PI_2 - 1.0).abs() < 3.5 * 0.14, "{g_true}");
    // Of bootstraps the lower ends of the intervals alone are known, and they are cautious: no bound is better than that of an unbiased generator.
    for (fraction, level) in [(mean.coverage_68, 0.84), (mean.coverage_95, 0.975)] {
        // G_true's own 14 % moves the coverage by up to 0.05.
        let error = (level * (1.0 - level) / REPLICAS as f64).sqrt();
        assert!(fraction.value() > level - 3.0 * error - 0.05, "{} {level}", fraction.value());
    }
    let pulls = cell.pulls.as_ref().unwrap();
    assert!((pulls.within_68.value - 0.6827).abs() < 3.5 * 0.0466, "{pulls:?}");
    assert!((pulls.within_95.value - 0.95).abs() < 3.5 * 0.0218, "{pulls:?}");
    // Levels from 5 to 95 %: no further off than the two above.
    assert_eq!((mean.levels.len(), mean.levels[9].0), (19, 0.5));
    for (level, held) in &mean.levels {
        let expected = 0.5 + 0.5 * level;
        let error = (expected * (1.0 - expected) / REPLICAS as f64).sqrt();
        assert!(held.value() > expected - 3.5 * error - 0.07, "{level}: {held}");
    }
    assert!(mean.bound.unwrap().value() > 0.88, "{:?}", mean.bound);
    // Where there is no bias the spread alone is right as well.
    let alone = &cell.against[1];
    assert_eq!(alone.version, TrueVersion::SpreadAlone);
    assert!((alone.coverage_95.value() - 0.95).abs() < 0.12, "{:?}", alone.coverage_95);

    // The run itself shares the stages, and tells of the calibration.
    let run = place.amplicast(&["run", &file, "--out", "run"]).expect(0);
    let run = run.prints(&[
        "estimated",
        "on 100 training sets of a known truth like this one the 68 % interval covered the true G",
    ]);
    run.says(&["10 chain(s), 10 of them stored before"]);
    let found = results(&place.path("run"));
    assert_eq!(found["replicas"], 1);
    let estimate = &found["cells"][0]["replicas"][0]["estimate"];
    assert_eq!(estimate["verdict"], "at-least");
    assert!(estimate["interval_95"]["high"].is_null() && estimate["interval_68"]["high"].is_null());
    let page = std::fs::read_to_string(place.path("run/report.html")).unwrap();
    assert!(page.contains("<h2>Calibration</h2>") && page.contains("Estimated "));

    // Of another posterior it says nothing.
    let other = ["run", &file, "--out", "other", "--set", "uncertainty.0.data=same"];
    place.amplicast(&other).expect(0);
    place
        .amplicast(&["report", "other", "--calibration", "run"])
        .expect(2)
        .says(&["expected a calibration of a cell with the same settings as in other, found none"]);
    place
        .amplicast(&["report", "run", "--calibration", "other"])
        .expect(2)
        .says(&["other: expected a calibration, found none"]);
}

#[test]
fn without_a_truth_nothing_is_calibrated() {
    let place = Place::new();
    place.normal_npy("train.npy", 400, 1, 1);
    let file = place.write("file.toml", fits(DATA, SIZES, TABLES)).display().to_string();
    place
        .amplicast(&["calibrate", &file, "--out", "run", "--training-sets", "3"])
        .expect(2)
        .says(&["expected a dataset with a known truth or a holdout, found neither", "trained-model"]);
    place
        .amplicast(&["calibrate", &file, "--out", "run", "--training-sets", "1"])
        .expect(2)
        .says(&["'1' for '--training-sets <N>'"]);
}

/// Real data, of which no truth is known: a member of the run on them takes its place.
#[test]
fn a_trained_model_serves_as_the_truth() {
    let place = Place::new();
    place.normal_npy("train.npy", 100, 1, 5);
    let data = place.write("data.toml", fits(DATA, SIZES, TABLES)).display().to_string();
    place.amplicast(&["run", &data, "--out", "data"]).expect(0);
    let metrics = r#"
[[metric]]
plugin = "ks"
reference = "truth"
[[summary]]
name = "ratio"
plugin = "true-lr"
[[exclude]]
summary = "ratio"
metric = "half"
"#;
    let trained =
        |keys: &str| fits(&format!("plugin = \"trained-model\"\nrun = \"data\"\n{keys}"), SIZES, TABLES);
    let model = place.write("model.toml", trained("member = 3") + metrics).display().to_string();
    let small =
        ["--training-sets", "12", "--set", "experiment.n_truth=100000", "--set", "experiment.n_gen=50000"];
    let call = [&["calibrate", &model, "--out", "model"], &small[..]].concat();
    place.amplicast(&call).expect(0);
    let bytes = std::fs::read(place.path("model/calibration.json")).expect("a calibration");
    let found: Calibration = serde_json::from_slice(&bytes).expect("a calibration");
    assert_eq!((found.truth.as_str(), found.replicas), ("trained-model", 12));
    // The truth is a Gaussian of the member's mean: fits to it have the pi/2 of any Gaussian's half line within the spread
    // of 12 sets, 0.41, and the posterior mean, which a nonlinear region shifts.
    let half = found.cells.iter().find(|c| c.name.metric == "half").unwrap();
    let g_true = half.against[0].g_true.value.unwrap();
    assert!((0.6..4.5).contains(&g_true), "{g_true}");
    // Densities included: the likelihood ratio is that of two Gaussians, which a mean fitted to 100 events keeps apart.
    let run = results(&place.path("model/calibration"));
    let ratio = run["cells"].as_array().unwrap().iter().find(|c| c["name"]["summary"] == "ratio").unwrap();
    assert!(
        ratio["failures"].as_array().unwrap().is_empty() && ratio["overall"]["g_mean"].is_f64(),
        "{ratio}"
    );

    // What is calibrated has the settings of the run on the data.
    place.amplicast(&["report", "data", "--calibration", "model"]).expect(0);
    let page = std::fs::read_to_string(place.path("data/report.html")).unwrap();
    assert!(
        page.contains("on 12 training sets of a known truth like this one"),
        "no calibration in the report"
    );

    let fails = |keys: &str, message: &str| {
        let file = place.write("wrong.toml", trained(keys)).display().to_string();
        place.amplicast(&["check", &file]).expect(2).says(&[message]);
    };
    fails("member = 11", "expected 1 to 10, found 11");
    fails("generator = \"autoregressive\"", "expected one of gaussian-fit, found `autoregressive`");
    fails("members = 2", "unknown field `members`");
    std::fs::remove_dir_all(place.path("data/stages")).unwrap();
    fails("", "expected it stored, found none that these plugins made: finish the run, or run it again");
    std::fs::remove_dir_all(place.path("data")).unwrap();
    fails("", "expected the folder of a run, found no ");
    place.amplicast(&["plugins", "info", "trained-model"]).expect(0).prints(&["run [required]", "member"]);
}

/// A holdout in single precision has all events of the run compared in it; the chains that the dataset looks for are those.
#[test]
fn a_trained_model_of_rounded_events_is_found() {
    let place = Place::new();
    place.normal_npy("train.npy", 100, 1, 5);
    let holdout = place.normal_npy("exact.npy", 1000, 1, 6);
    let exact: ndarray::Array2<f64> = ndarray_npy::read_npy(holdout).expect("just written");
    let single = exact.mapv(|x| x as f32);
    ndarray_npy::write_npy(place.path("holdout.npy"), &single).expect("writable");
    let sizes = "name = \"small\"\nn_train = 100\nn_gen = 1000\nmembers = 3\nn_truth = 1000";
    let data = format!("{DATA}\nholdout = \"holdout.npy\"");
    let file = place.write("data.toml", fits(&data, sizes, TABLES)).display().to_string();
    place.amplicast(&["run", &file, "--out", "data"]).expect(0);
    let run = results(&place.path("data"));
    assert_eq!(run["inspections"][0]["precision"], "in single precision");
    let model = fits("plugin = \"trained-model\"\nrun = \"data\"", sizes, TABLES);
    let file = place.write("model.toml", model).display().to_string();
    place.amplicast(&["run", &file, "--out", "model"]).expect(0);
}

/// No event passes: the cell says which selection, and of what.
#[test]
fn an_empty_selection_is_named() {
    let place = Place::new();
    let more = "[[selection]]\nname = \"far\"\ncuts = [{ summary = \"x\", interval = [50.0, 60.0] }]\n[[metric]]\nplugin = \
                \"ks\"\nreference = \"holdout\"\n";
    let file = place.write("far.toml", fits(GAUSSIAN, SIZES, TABLES) + more).display().to_string();
    let small = ["--set", "experiment.n_truth=1000", "--set", "experiment.n_gen=1000"];
    place.amplicast(&[&["run", &file, "--out", "run"], &small[..]].concat()).expect(1).says(&[
        "selection `far`: expected events of the reference `holdout` that pass it, found none",
        "expected training events that pass the selection, found none",
    ]);
}
