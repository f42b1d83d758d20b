//! A classifier as the summary: nothing is scored by a network that saw it, and every fit is stored.

use amplicast::results::Results;
use amplicast_tests::{Place, built};

const EXPERIMENT: &str = r#"
[experiment]
n_train = 1000
n_gen = 50_000
members = 4
n_holdout = 5000
left_out = 0.2

[dataset]
plugin = "gaussian"
dimension = 2

[[generator]]
plugin = "gaussian-fit"

[[uncertainty]]
plugin = "ensemble"

[[summary]]
plugin = "coordinate"

[[summary]]
plugin = "classifier-lr"
iterations = 200

[[selection]]
name = "all"

[[selection]]
name = "near 1"
cuts = [{ summary = "classifier-lr", quantiles = [0.1, 0.9] }]

[[metric]]
plugin = "ks"
reference = ["training", "left-out", "holdout"]
"#;

/// Runs the experiment: results as they are in the file, read, and what was said.
fn run(place: &Place, out: &str, more: &[&str]) -> (Vec<u8>, Results, String) {
    let file = place.write("experiment.toml", EXPERIMENT).display().to_string();
    let arguments = [&["run", &file, "--out", out], more].concat();
    let done = place.command_of(&built("amplicast"), &arguments).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{said}");
    let bytes = std::fs::read(place.path(out).join("results.json")).unwrap();
    let results = serde_json::from_slice(&bytes).unwrap();
    (bytes, results, said)
}

#[test]
fn references_lose_what_the_classifier_saw() {
    let place = Place::new();
    let (_, results, _) = run(&place, "run", &[]);
    assert_eq!(results.cells.len(), 2 * 2 * 3);
    for cell in &results.cells {
        let name = &cell.name;
        assert!(cell.failures.is_empty(), "{name:?}: {:?}", cell.failures);
        let found = &cell.replicas[0];
        // 800 of 1000 events are the generator's; the classifier sees the first half of these.
        let fitted = name.summary == "classifier-lr" || name.selection == "near 1";
        let scored: u64 = match name.reference.as_str() {
            "training" if fitted => 400,
            "training" => 800,
            "left-out" => 200,
            _ => 5000,
        };
        if name.selection == "all" {
            assert_eq!((found.n_reference, found.n_train_passed), (scored, 1000), "{name:?}");
            continue;
        }
        // The quantiles are those of the 600 events that are scored: of these 80 % pass, within rounding.
        assert!(found.n_train_passed.abs_diff(800) <= 2, "{name:?}: {}", found.n_train_passed);
        let passed = found.n_reference as f64 / scored as f64;
        assert!(
            (passed - 0.8).abs() < 4.0 * (0.16 / scored as f64 + 0.16 / 600.0).sqrt(),
            "{name:?}: {passed}"
        );
    }
}

/// With folds all events stay in the reference, and nothing is fitted or simulated again.
#[test]
fn cross_fitting_keeps_all_events() {
    let place = Place::new();
    let folds = [
        "--set",
        "summary.classifier-lr.folds=4",
        "--set",
        "summary.classifier-lr.null_repetitions=4",
        "--set",
        "experiment.members=2",
    ];
    let (first, results, _) = run(&place, "run", &folds);
    for cell in results.cells.iter().filter(|c| c.name.selection == "all") {
        assert!(cell.failures.is_empty(), "{:?}: {:?}", cell.name, cell.failures);
        let expected = match cell.name.reference.as_str() {
            "training" => 800,
            "left-out" => 200,
            _ => 5000,
        };
        assert_eq!(cell.replicas[0].n_reference, expected, "{:?}", cell.name);
    }
    let diagnosed = results.diagnostics.iter().find(|d| d.summary.as_deref() == Some("classifier-lr"));
    let diagnosed = diagnosed.expect("the classifier has diagnostics");
    assert_eq!((diagnosed.fits, diagnosed.figures.len()), (2, 2));
    let (again, _, said) = run(&place, "run", &folds);
    assert!(first == again && said.contains("0 member(s) sampled, 2 stored before"), "{said}");
}

#[test]
fn fits_are_stored_and_depend_on_nothing_else() {
    let place = Place::new();
    let (first, _, _) = run(&place, "one", &["--threads", "1", "--set", "experiment.members=3"]);
    let (grown, _, said) = run(&place, "one", &["--threads", "2"]);
    assert!(said.contains("1 member(s) sampled, 3 stored before"), "{said}");
    let (fresh, _, _) = run(&place, "two", &["--threads", "1"]);
    assert!(grown == fresh && first != fresh);
    // One network for all members is another one when there are more of them.
    let pooled = ["--set", "summary.classifier-lr.pooled=true"];
    let (three, _, said) = run(&place, "one", &[&pooled[..], &["--set", "experiment.members=3"]].concat());
    assert!(said.contains("3 member(s) sampled, 0 stored before"), "{said}");
    let (four, _, said) = run(&place, "one", &pooled);
    assert!(said.contains("4 member(s) sampled, 0 stored before"), "{said}");
    let (again, _, said) = run(&place, "one", &pooled);
    assert!(said.contains("0 member(s) sampled, 4 stored before"), "{said}");
    assert!(four == again && four != three && four != fresh);
}

/// Of members that are files the last events are the classifier's, and are not compared.
#[test]
fn files_keep_their_last_events_for_the_classifier() {
    let place = Place::new();
    place.normal_npy("train.npy", 1000, 2, 1);
    place.normal_npy("holdout.npy", 2000, 2, 2);
    for member in 0..3 {
        place.normal_npy(&format!("gen_{member}.npy"), 12_000, 2, 10 + member);
    }
    let arguments = [
        "estimate",
        "--train",
        "train.npy",
        "--members",
        "gen_*.npy",
        "--holdout",
        "holdout.npy",
        "--summary",
        "classifier-lr",
        "--out",
        "run",
    ];
    let done = place.command_of(&built("amplicast"), &arguments).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    assert!(
        said.contains("members have 12000 events, of which summaries are fitted to the last 6000"),
        "{said}"
    );
    let results: Results =
        serde_json::from_slice(&std::fs::read(place.path("run/results.json")).unwrap()).unwrap();
    for cell in &results.cells {
        assert!(cell.failures.is_empty(), "{:?}", cell.failures);
        assert_eq!(cell.replicas[0].curve.last().unwrap().n_gen, 6000);
    }
}
