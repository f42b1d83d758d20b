//! `amplicast estimate`: G from files alone, and what is wrong with files.

use amplicast_sdk::Seed;
use amplicast_sdk::rand::RngExt;
use amplicast_tests::{Finished, Place, last_of_curve, results};
use ndarray::{Array2, Array3};

/// Six members of 20 000 events around means of their own, a training set of 400, and a holdout.
fn place() -> Place {
    let place = Place::new();
    place.normal_npy("train.npy", 400, 1, 1);
    place.normal_npy("holdout.npy", 3000, 1, 2);
    for member in 0..6 {
        let events = place.normal_npy("unshifted.npy", 20_000, 1, 10 + member);
        let events: Array2<f64> = ndarray_npy::read_npy(events).expect("just written");
        place.npy(&format!("gen_{member}.npy"), &(events + 0.05 * (member as f64 - 2.5) / 2.5));
    }
    place
}

const BASE: [&str; 11] = [
    "estimate",
    "--train",
    "train.npy",
    "--members",
    "gen_*.npy",
    "--summary",
    "coordinate:0",
    "--region",
    "0:0.5",
    "--members-data",
    "bootstrap",
];

fn estimate(place: &Place, more: &[&str]) -> Finished {
    place.amplicast(&[&BASE, more, &["--out", "run"]].concat())
}

#[test]
fn g_comes_from_files_alone() {
    let place = place();
    estimate(&place, &["--holdout", "holdout.npy"]).expect(0).prints(&["report: "]);
    let found = results(&place.path("run"));
    let cells = found["cells"].as_array().expect("cells");
    let names: Vec<String> = cells
        .iter()
        .map(|c| {
            format!("{} {}", c["name"]["metric"].as_str().unwrap(), c["name"]["reference"].as_str().unwrap())
        })
        .collect();
    assert_eq!(names, ["0:0.5 ", "ks training", "ks holdout"]);
    assert!(cells.iter().all(|c| c["failures"].as_array().unwrap().is_empty() && c["overall"].is_object()));
    assert_eq!((&found["n_train"], &found["n_gen"]), (&400.into(), &20_000.into()));
    assert_eq!(found["warnings"].as_array().map(Vec::len), Some(0), "{}", found["warnings"]);
    assert_eq!(cells[1]["overall"]["verdict"], "in-sample");
    // The experiment that it stands for can be checked, and run again.
    place.amplicast(&["check", "run/experiment.toml"]).expect(0);

    // sigma_model^2 of I(0, 0.5) for means mu_i, to first order (phi(0.5) - phi(0))^2 var(mu_i); binomial part removed.
    let slope = 0.398_942_280_f64 - 0.352_065_327;
    let shifts: Vec<f64> = (0..6).map(|m| 0.05 * (f64::from(m) - 2.5) / 2.5).collect();
    let variance = shifts.iter().map(|s| s * s).sum::<f64>() / 5.0 * slope * slope;
    let expected = 0.154_825 / variance / 400.0;
    let interval = &cells[0]["replicas"][0]["estimate"]["interval_95"];
    let low = interval["low"].as_f64().expect("a lower end");
    assert!(
        low < expected && interval["high"].as_f64().is_none_or(|high| high > expected),
        "{expected} {interval}"
    );
    assert!(std::fs::read_to_string(place.path("run/report.html")).expect("a report").contains("<svg"));
}

#[test]
fn quantile_regions_are_those_of_the_training_events() {
    let place = place();
    let more = ["--quantiles", "5", "--regions", "2-4"];
    estimate(&place, &more).expect(0);
    let found = results(&place.path("run"));
    let regions =
        found["cells"].as_array().unwrap().iter().find(|c| c["name"]["metric"] == "regions 2-4 of 5");
    assert!(regions.expect("a cell")["overall"].is_object());
}

#[test]
fn a_member_that_is_shorter_is_refused_by_name() {
    let place = place();
    place.normal_npy("gen_3.npy", 15_000, 1, 77);
    // Once, before anything runs, and in the words of the command line.
    let ended = estimate(&place, &[]).expect(2).says(&[
        "gen_3.npy: expected 20000 events as in ",
        "gen_0.npy, found 15000; `--events 15000` takes as many of each member",
    ]);
    assert_eq!(ended.err.matches("15000").count(), 2, "{}", ended.err);
    estimate(&place, &["--events", "17000"])
        .expect(2)
        .says(&["gen_3.npy: expected 17000 events (--events 17000), found 15000; `--events 15000` takes"]);
    estimate(&place, &["--events", "15000"]).expect(0);
    let found = results(&place.path("run"));
    assert_eq!(last_of_curve(&found["cells"][0]["replicas"][0], "n_gen"), 15_000.0);
}

#[test]
fn nan_is_refused_with_file_and_row() {
    let place = place();
    let mut events = Array2::from_elem((100, 1), 0.5);
    events[[41, 0]] = f64::NAN;
    place.npy("gen_2.npy", &events);
    let ended = estimate(&place, &[]).expect(2);
    ended.says(&["gen_2.npy: row 41, number 0: expected a finite number, found NaN"]);
    assert!(!place.path("run").exists(), "nothing is written");

    let place = self::place();
    events[[41, 0]] = f64::INFINITY;
    place.npy("train.npy", &events);
    estimate(&place, &[])
        .expect(2)
        .says(&["train.npy: row 41, number 0: expected a finite number, found inf"]);
}

#[test]
fn a_wrong_shape_is_refused_with_both_shapes() {
    let place = place();
    place.normal_npy("gen_5.npy", 100, 2, 5);
    let ended = estimate(&place, &[]).expect(2);
    ended.says(&["gen_5.npy: expected events of 1 columns as in ", "found 2 columns"]);
    let place = self::place();
    place.normal_npy("holdout.npy", 100, 3, 5);
    let ended = estimate(&place, &["--holdout", "holdout.npy"]).expect(2);
    ended.says(&["holdout.npy: expected events of 1 columns as in the training file, found 3 columns"]);
}

#[test]
fn members_of_another_shape_than_the_training_set() {
    let place = Place::new();
    place.normal_npy("train.npy", 100, 2, 1);
    place.normal_npy("gen_0.npy", 100, 3, 2);
    let ended = estimate(&place, &[]).expect(2);
    ended.says(&["gen_0.npy: expected events of 2 columns as in the training set, found 3 columns"]);
}

#[test]
fn four_momenta_and_particle_numbers() {
    let place = Place::new();
    // Two particles at rest of masses 1 and 2 + u, u uniform: their system has mass 3 + u.
    let events = |n: usize, shift: f64| {
        let mut stream = Seed::new((100.0 * shift) as u64).split(&n.to_string()).stream();
        Array3::from_shape_fn((n, 2, 4), |(_, particle, c)| match (particle, c) {
            (0, 0) => 1.0,
            (1, 0) => 2.0 + shift + stream.random::<f64>(),
            _ => 0.0,
        })
    };
    ndarray_npy::write_npy(place.path("train.npy"), &events(200, 0.0)).expect("written");
    for member in 0..4 {
        let file = place.path(&format!("gen_{member}.npy"));
        ndarray_npy::write_npy(file, &events(2000, 0.02 * f64::from(member))).expect("written");
    }
    let arguments =
        ["estimate", "--train", "train.npy", "--members", "gen_*.npy", "--region", "3:3.3", "--out", "run"];
    place.amplicast(&[&arguments[..], &["--summary", "invariant-mass:0,1"]].concat()).expect(0);
    let found = results(&place.path("run"));
    assert!(last_of_curve(&found["cells"][0]["replicas"][0], "value") > 0.0);
    let ended = place.amplicast(&[&arguments[..], &["--summary", "invariant-mass:0,2"]].concat()).expect(2);
    ended.says(&["particles[1]: expected a particle from 0 to 1, found 2"]);
}

#[test]
fn wrong_arguments_are_refused_by_name() {
    let place = place();
    let with = |arguments: &[&str]| {
        let base = ["estimate", "--train", "train.npy", "--members", "gen_*.npy", "--out", "run"];
        place.amplicast(&[&base, arguments].concat()).expect(2)
    };
    with(&["--summary", "raduis", "--region", "0:1"]).says(&["--summary raduis: ", "did you mean `radius`?"]);
    with(&["--summary", "coordinate:1", "--region", "0:1"]).says(&["expected a column from 0 to 0, found 1"]);
    with(&["--summary", "radius:1", "--region", "0:1"])
        .says(&["--summary radius:1: `radius` does not take these arguments"]);
    with(&["--summary", "radius", "--region", "0-1"]).says(&["--region 0-1: expected LOW:HIGH, two numbers"]);
    with(&["--summary", "radius", "--region", "1:0"]).says(&["expected low < high, found [1, 0]"]);
    with(&["--summary", "radius", "--quantiles", "10"]).says(&["--regions"]);
    let ended = place.amplicast(&[
        "estimate",
        "--train",
        "train.npy",
        "--members",
        "none_*.npy",
        "--summary",
        "radius",
    ]);
    ended.expect(2).says(&["expected files, found none that match"]);
    let ended = place.amplicast(&[
        "estimate",
        "--train",
        "absent.npy",
        "--members",
        "gen_*.npy",
        "--summary",
        "radius",
    ]);
    ended.expect(2).says(&["absent.npy: cannot open the file"]);
}

#[test]
fn a_file_that_is_no_npy_is_refused_by_name() {
    let place = place();
    place.write("gen_1.npy", "1.0 2.0 3.0\n");
    estimate(&place, &[]).expect(2).says(&["gen_1.npy: expected a .npy file, found something else"]);
    let whole = std::fs::read(place.path("gen_0.npy")).expect("just written");
    place.write("gen_1.npy", &whole[..whole.len() / 2]);
    estimate(&place, &[]).expect(2).says(&["gen_1.npy: the file is cut short: expected "]);
}

#[test]
fn a_holdout_with_training_events_is_refused() {
    let place = place();
    let train: Array2<f64> = ndarray_npy::read_npy(place.path("train.npy")).expect("just written");
    let holdout: Array2<f64> = ndarray_npy::read_npy(place.path("holdout.npy")).expect("just written");
    let with = |n: usize| {
        let copied = train.slice(ndarray::s![..n, ..]);
        let both = ndarray::concatenate![ndarray::Axis(0), holdout, copied];
        place.npy("both.npy", &both);
        estimate(&place, &["--holdout", "both.npy"])
    };
    let message =
        "training events are in the holdout as well (the first is holdout event 3000): expected other events";
    with(40).expect(1).says(&[&format!("40 of 400 {message}")]);
    // A few are a warning.
    with(3).expect(0).prints(&[&format!("warning: 3 of 400 {message}")]);
}
