//! The conformance suite from the command line: every component of every plugin passes, and what kills the process is
//! named.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use amplicast_tests::{Finished, Place, built, check, lines, plugins, python, text};
use ndarray::Array1;
use serde_json::{Value, json};

/// The components that the README lists, apart from the host's own one.
fn listed() -> BTreeSet<String> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md"));
    let readme = readme.expect("the README");
    let rows = readme.lines().skip_while(|line| !line.starts_with("| kind | components |"));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    // Every second part of a row is between backticks.
    let names = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    names.filter(|name| *name != "trained-model").map(str::to_string).collect()
}

/// Why a test may be skipped.
const REASONS: [&str; 32] = [
    "some of its events belong together",
    "it takes no groups of events, as it says",
    "its law is that of its events with their weights",
    "it takes no event weights, as it says",
    "no key is required",
    "without end",
    "finite: its events are given",
    "it reads no file",
    "it brings none",
    "it has no fit",
    "it is not fitted to events",
    "it has no pseudo-experiments",
    "it has no use for pseudo-experiments",
    "it takes one number",
    "its members are fitted to all rows",
    "it is cross-fitted: a row tells which part did not see the event",
    "it has no density",
    "it has no gradients",
    "its fit reports no progress",
    "its chains have one vector",
    "none of its chains can be left out",
    "it knows no deviation from the truth",
    "it knows no true quantile of `radius` or `coordinate:0`",
    "12 columns: the integral is checked up to 3",
    "it learns no events of 1 to 3 plain columns",
    "it learns no events of 1 to 8 plain columns",
    "it brings one member",
    "it has one member",
    "its loss is no likelihood",
    "its members are no fits to bootstraps or halves",
    "one call at a time, as it says",
    "it generates whole events",
];

/// A file that numpy, h5py or pyarrow wrote.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/tables/fixtures").join(name)
}

/// A module that PyTorch wrote.
fn module(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/torchscript/fixtures").join(name)
}

/// An example of a class in Python.
fn class(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/python").join(name)
}

/// Configurations of components whose defaults are not enough, or are not all that should be tested.
fn configs(place: &Place) -> Vec<(&'static str, Value)> {
    let train = place.normal_npy("train.npy", 900, 2, 1);
    for member in 0..3 {
        place.normal_npy(&format!("m{member}.npy"), 500, 2, 10 + member);
    }
    let weights = place.path("weights.npy");
    let some: Array1<f64> = (0..900).map(|i| if i % 10 == 0 { -1.0 } else { 1.5 }).collect();
    ndarray_npy::write_npy(&weights, &some).unwrap();
    let groups = place.path("groups.npy");
    ndarray_npy::write_npy(&groups, &(0..900).map(|i| f64::from(i / 5)).collect::<Array1<f64>>()).unwrap();
    let members = place.path("m*.npy");
    for member in 0..3 {
        let some: Array1<f64> = (0..500).map(|i| f64::from(i % 7 + member)).collect();
        ndarray_npy::write_npy(place.path(&format!("of_m{member}.npy")), &some).unwrap();
    }
    let of_members = place.path("of_m*.npy");
    let lgatr = json!({"multivectors": 2, "scalars": 4, "heads": 1, "blocks": 1, "delta_r_min": 0.0, "flow": {"steps": 1}});
    let slim = json!({"vectors": 4, "scalars": 4, "heads": 1, "blocks": 1, "delta_r_min": 0.0, "flow": {"steps": 1}});
    // The frames of a narrower network turn so fast that azimuths jump at +-pi everywhere: the loss has no derivative that
    // differences would show.
    let lloca =
        json!({"width": 16, "heads": 1, "vectors": 1, "blocks": 1, "delta_r_min": 0.0, "flow": {"steps": 1}});
    vec![
        (
            "events-file",
            json!({"train": train, "train_rows": [0, 500], "holdout": train, "holdout_rows": [500, 900]}),
        ),
        (
            "events-file",
            json!({"train": fixture("kinds/momenta.h5"), "key": "reco/momenta", "train_rows": [0, 200], "holdout_rows": [200, 300]}),
        ),
        ("events-file", json!({"train": fixture("zstd.parquet"), "columns": ["pt", "eta"]})),
        (
            "events-file",
            json!({"train": train, "train_rows": [0, 500], "holdout_rows": [500, 900], "weights_file": weights}),
        ),
        (
            "events-file",
            json!({"train": train, "train_rows": [0, 500], "holdout_rows": [500, 900], "groups_file": groups}),
        ),
        ("gaussian", json!({})),
        ("gaussian", json!({"bias": 5.0, "negative": 0.1})),
        ("gaussian", json!({"oversampled": 7, "correlation": 0.5})),
        ("gaussian", json!({"dimension": 3, "mean": [1.0, 2.0, -3.0], "width": [0.5]})),
        ("gaussian-mixture", json!({})),
        ("gaussian-mixture", json!({"means": [[0.0, 1.0, 2.0]], "widths": [0.5], "weights": [2.0]})),
        ("gaussian-ring", json!({})),
        ("gaussian-ring", json!({"bias": 3.0})),
        ("gaussian-ring", json!({"dimension": 3, "radius": 2.0, "width": 0.3})),
        ("samples", json!({"members": [members]})),
        ("samples", json!({"members": [members], "weights_file": [of_members]})),
        ("samples", json!({"members": [fixture("chunked.h5")], "key": "counts"})),
        ("gaussian-fit", json!({})),
        ("gaussian-fit", json!({"fit_width": true})),
        ("gaussian-fit", json!({"fit_width": true, "condition": ["x1"]})),
        ("autoregressive", json!({})),
        ("autoregressive-torch", json!({"width": 8, "blocks": 1})),
        ("autoregressive", json!({"coordinates": "log-pt-phi-eta-log-m2", "width": 16, "blocks": 1})),
        ("autoregressive", json!({"width": 8, "blocks": 1, "condition": ["x2"]})),
        (
            "autoregressive",
            json!({"coordinates": "log-pt-phi-eta-log-m2", "width": 8, "blocks": 1, "condition": ["p1"]}),
        ),
        ("bayesian", json!({})),
        ("bayesian", json!({"segments": ["head"], "temperature": 2.0})),
        ("sgld", json!({"chains": 2, "draws": 4, "thinning": 2})),
        ("sgld", json!({"segments": ["head"], "temperature": 2.0, "draws": 5, "thinning": 1})),
        ("repulsive-ensemble", json!({})),
        ("repulsive-ensemble", json!({"kernel": "joint", "segments": ["head"], "temperature": 2.0})),
        ("flow-transformer", json!({"width": 8, "heads": 2, "blocks": 1, "flow": {"steps": 4}})),
        ("flow-transformer", json!({"width": 4, "heads": 1, "blocks": 1, "flow": {"solver": "adaptive"}})),
        (
            "flow-transformer",
            json!({"width": 8, "heads": 2, "blocks": 1, "flow": {"solver": "multistep"}, "condition": ["x2"]}),
        ),
        (
            "flow-transformer",
            json!({"width": 4, "heads": 1, "blocks": 1, "flow": {"steps": 4}, "condition": ["p1"]}),
        ),
        ("flow-transformer-torch", json!({"width": 4, "heads": 1, "blocks": 1, "flow": {"steps": 1}})),
        ("flow-lgatr", lgatr.clone()),
        ("flow-lgatr-torch", lgatr),
        ("flow-lgatr-slim", slim.clone()),
        ("flow-lgatr-slim-torch", slim),
        ("flow-lloca", lloca.clone()),
        ("flow-lloca-torch", lloca),
        ("torchscript", json!({"files": [module("plane.pt")]})),
        ("torchscript", json!({"files": [module("space.pt")], "log_density": "log_density"})),
        ("torchscript", json!({"files": [module("weighted.pt")], "largest_weight": 2.0})),
        (
            "generator python",
            json!({"file": class("mixture.py"), "class": "Mixture", "python": python(), "settings": {"components": 3}}),
        ),
        ("summary python", json!({"file": class("mass.py"), "class": "Mass", "python": python()})),
        (
            "metric python",
            json!({"file": class("energy.py"), "class": "Energy", "python": python(), "events": 32, "trials": 20}),
        ),
        ("ensemble", json!({})),
        ("ensemble", json!({"data": "same"})),
        ("classifier-lr", json!({"hidden": [16, 8], "iterations": 100, "pooled": true})),
        (
            "classifier-lr",
            json!({"hidden": [8], "iterations": 20, "folds": 2, "null_repetitions": 3, "generated": 50}),
        ),
        ("coordinate", json!({"index": 1})),
        ("coordinates", json!({})),
        ("coordinates", json!({"indices": [2, 0]})),
        ("invariant-mass", json!({"particles": [0, 1]})),
        ("transverse-momentum", json!({"particles": [1]})),
        ("pseudorapidity", json!({"particles": [0, 1]})),
        ("azimuth", json!({"particles": [0]})),
        ("delta-r", json!({"first": [0], "second": [1]})),
        ("ht", json!({})),
        ("ht", json!({"particles": [1]})),
        ("integral", json!({"intervals": [[0.0, 0.5], [1.0, 2.0]]})),
        ("integral", json!({"quantiles": 10, "regions": "1,3-5"})),
    ]
}

/// The suite of every plugin, which takes one core: as many at a time as there are.
fn suites(place: &Place, configs: &[(&str, Value)]) -> Vec<(PathBuf, Finished)> {
    let left = Mutex::new(plugins());
    let next = || left.lock().unwrap().pop();
    let work = || std::iter::from_fn(next).map(|file| (file.clone(), suite(place, &file, configs))).collect();
    let cores = std::thread::available_parallelism().unwrap().get();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| -> Vec<_> { worker.join().unwrap() }).collect()
    })
}

fn suite(place: &Place, file: &Path, configs: &[(&str, Value)]) -> Finished {
    // Which components it has is asked of a call that is refused for a component of no name.
    let refused = check(place, file, &[("", json!({}))], &[]).expect(2);
    let list = refused.err.split_once("expected one of ").expect("the components are listed").1;
    let own: BTreeSet<&str> = list.trim().split(", ").collect();
    let of_own = |name: &str| own.contains(name.rsplit(' ').next().unwrap());
    let configs: Vec<_> = configs.iter().filter(|(name, _)| of_own(name)).cloned().collect();
    // On a busy machine a test may take longer than the usual limit.
    check(place, file, &configs, &["--json", "--time-limit", "300"])
}

#[test]
fn every_component_of_every_plugin_passes() {
    let place = Place::new();
    let all = configs(&place);
    let mut passed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut bad = Vec::new();
    for (file, finished) in suites(&place, &all) {
        for line in lines(&finished) {
            let what = format!("{} {}: {}", text(&line, "component"), line["config"], text(&line, "test"));
            match (text(&line, "status"), text(&line, "details")) {
                // As far as its time went, which depends on the machine.
                ("passed" | "partial", _) => {
                    let tests = passed.entry(text(&line, "component").into()).or_default();
                    tests.push(text(&line, "test").into());
                }
                ("skipped", reason) if REASONS.contains(&reason) => {}
                (status, reason) => bad.push(format!("{what}: {status}: {reason}")),
            }
        }
        assert!(finished.code == Some(0) || !bad.is_empty(), "{}: {:?}", file.display(), finished.code);
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    let found: BTreeSet<String> = passed.keys().cloned().collect();
    assert_eq!(found, listed(), "the components that were built, and those of the README's table");
    // What must not have been skipped.
    for (component, test) in [
        ("autoregressive", "density"),
        ("autoregressive", "density-shape"),
        ("autoregressive", "fit-all-rows"),
        ("autoregressive", "gradient-places"),
        ("autoregressive", "loss-density"),
        ("autoregressive", "loss-many-rows"),
        ("autoregressive", "sample-rows"),
        ("autoregressive", "several-members"),
        ("autoregressive", "gradient"),
        ("autoregressive", "fit-threads"),
        ("autoregressive", "sample-threads"),
        ("gaussian-fit", "density"),
        ("gaussian-fit", "gradient"),
        ("gaussian-fit", "sample-given"),
        ("autoregressive", "sample-given"),
        ("flow-transformer", "sample-given"),
        ("gaussian-ring", "density"),
        ("gaussian", "quantiles"),
        ("gaussian", "rows"),
        ("gaussian", "seeds"),
        ("samples", "own-members"),
        ("samples", "sample-capacity"),
        ("torchscript", "own-members"),
        ("torchscript", "sample-seed"),
        ("torchscript", "density"),
        ("python", "fit-threads"),
        ("python", "sample-seeds"),
        ("python", "density"),
        // The metric's: the mixture takes none.
        ("python", "event-weights"),
        ("events-file", "capacity"),
        ("bayesian", "stored-chains"),
        ("sgld", "lost-chain"),
        ("repulsive-ensemble", "stored-chains"),
        ("ensemble", "lost-chain"),
        ("ensemble", "members-differ"),
        ("ensemble", "spread"),
        ("integral", "deviation"),
        ("integral", "null-true-samples"),
        ("ks", "null-law"),
        ("ks", "null-true-samples"),
        ("ks", "bounded"),
        ("ks", "limit-of-curve"),
        ("ks", "many-events"),
        ("mean", "null-true-samples"),
        ("autoregressive", "training-sets"),
        ("autoregressive", "row-counts"),
        ("flow-lgatr", "loss-alone"),
        ("flow-transformer", "extreme-events"),
        ("invariant-mass", "extreme-events"),
        ("invariant-mass", "rows-and-origin"),
        ("radius", "again"),
        ("radius", "equal-events"),
        ("radius", "many"),
        ("invariant-mass", "label"),
        ("classifier-lr", "fit"),
        ("classifier-lr", "pseudo-experiments"),
        ("coordinates", "event-by-event"),
        ("ensemble", "training-rows"),
        ("ks", "simulate"),
        ("ks", "takes"),
        ("mean", "takes"),
        ("mean", "vectors"),
        ("mean", "shown"),
    ] {
        assert!(passed[component].iter().any(|t| t == test), "`{component}` did not pass `{test}`");
    }
}

#[test]
fn a_test_that_kills_the_process_is_crashed_and_the_others_are_run() {
    let place = Place::new();
    let file = built("examples/libhostile.so");
    let kinds = [
        ("exit-when-empty", "`hostile-summary`, call evaluate: ended the process (exit code 0)"),
        ("abort-when-empty", "`hostile-summary`, call evaluate: aborted (signal 6)"),
        ("segfault-when-empty", "`hostile-summary`, call evaluate: crashed (signal 11, segmentation fault)"),
        (
            "hang-when-empty",
            "`hostile-summary`, call evaluate: did not return, and made no progress, for 6 s (--time-limit)",
        ),
    ];
    let configs: Vec<_> = kinds.iter().map(|(m, _)| ("hostile-summary", json!({"misbehave": m}))).collect();
    // Long enough for what does not hang on a machine with much else to do.
    let finished = check(&place, &file, &configs, &["--json", "--time-limit", "6"]).expect(1);
    let lines = lines(&finished);
    let crashed: Vec<(&str, &str, &str)> = lines
        .iter()
        .filter(|line| text(line, "status") == "crashed")
        .map(|line| (text(&line["config"], "misbehave"), text(line, "details"), text(line, "test")))
        .collect();
    assert_eq!(crashed, kinds.map(|(misbehave, message)| (misbehave, message, "empty-batch")));
    let of_summary = lines.iter().filter(|l| l["component"] == "hostile-summary");
    let (passed, rest): (Vec<_>, Vec<_>) = of_summary.partition(|l| text(l, "status") == "passed");
    // After it hung the component is not called again.
    assert_eq!(passed.len(), 3 * 16 + 11, "{rest:?}");
    let not_run: Vec<_> = rest.iter().filter(|l| text(l, "status") == "not-run").collect();
    assert_eq!(not_run.len(), 7);
    assert!(not_run.iter().all(|l| text(l, "details") == kinds[3].1), "{not_run:?}");
}

#[test]
fn a_destructor_that_kills_the_process_is_named() {
    let place = Place::new();
    let config = [("hostile-generator", json!({"misbehave": "exit-in-drop"}))];
    let finished = check(&place, &built("examples/libhostile.so"), &config, &[]).expect(1);
    finished.prints(&["`hostile-generator`, call drop: ended the process (exit code 0)", "21 crashed"]);
}

#[test]
fn a_component_that_kills_the_process_when_it_is_made_is_not_made_again() {
    let place = Place::new();
    let config = [("hostile-generator", json!({"misbehave": "exit-in-create"}))];
    let finished = check(&place, &built("examples/libhostile.so"), &config, &["--json"]).expect(1);
    assert_eq!(finished.err.matches("going on without it").count(), 1, "{}", finished.err);
    let lines = lines(&finished);
    let of_generator = lines.iter().filter(|l| l["component"] == "hostile-generator");
    let message = "`hostile-generator`, call create: ended the process (exit code 0)";
    let (dead, run): (Vec<_>, Vec<_>) = of_generator.partition(|l| text(l, "details") == message);
    assert_eq!(dead.iter().filter(|l| text(l, "status") == "crashed").count(), 1, "{dead:?}");
    assert!(dead.iter().all(|l| ["crashed", "not-run"].contains(&text(l, "status"))), "{dead:?}");
    // What needs no component is run.
    assert!(dead.len() > 15 && !run.is_empty(), "{} {}", dead.len(), run.len());
}

#[test]
fn the_table_has_a_line_a_test_and_the_sum() {
    let place = Place::new();
    let file = built("libamplicast_metrics.so");
    let config = [("integral", json!({"intervals": [[0.0, 0.5]]}))];
    check(&place, &file, &config, &[]).expect(0).prints(&[
        "component",
        "metric integral",
        "null-law",
        "Accumulators of two halves, merged, hold what one of the whole holds",
        "(it knows no deviation from the truth)",
        " 0 failed, ",
        " 0 crashed",
    ]);
    // Without a configuration it says what is missing.
    check(&place, &file, &[], &[])
        .expect(0)
        .prints(&["the defaults are not enough, and no configuration was given: intervals"]);
}

#[test]
fn tests_are_listed_and_chosen() {
    let place = Place::new();
    let file = built("libamplicast_metrics.so");
    let listed = check(&place, &file, &[], &["--list"]).expect(0);
    let listed = listed.prints(&["metric ks", "null-true-samples", "The null law is the law of the metric"]);
    assert!(!listed.out.contains("passed"), "{}", listed.out);
    let chosen = ["--json", "--include", "ks:null-*", "--include", "mean", "--exclude", "*law"];
    let lines = lines(&check(&place, &file, &[], &[&chosen[..], &["--list"]].concat()).expect(0));
    let names: Vec<(&str, &str)> = lines.iter().map(|l| (text(l, "component"), text(l, "test"))).collect();
    assert!(names.contains(&("ks", "null-true-samples")) && names.contains(&("mean", "merge")), "{names:?}");
    assert!(names.iter().all(|(component, test)| *component == "mean" || *test == "null-true-samples"));
    assert!(names.iter().all(|(_, test)| *test != "null-law"), "{names:?}");
    check(&place, &file, &[], &["--include", "ks:null-loss"]).expect(2).says(&[
        "--include, --exclude: no test is left: expected patterns such as `NAME`, `COMPONENT:TEST`",
        "null-law",
    ]);
}

#[test]
fn only_what_failed_is_printed_and_the_seed_is() {
    let place = Place::new();
    let file = built("examples/libhostile.so");
    let options = ["--only-failed", "--include", "lax-summary", "--seed", "7"];
    let finished = check(&place, &file, &[], &options).expect(1);
    let finished = finished.prints(&["json-schema", "unknown-key", " passed, 2 failed, ", "; seed 7"]);
    assert!(!finished.out.contains("event-by-event"), "{}", finished.out);
    let all = check(&place, &file, &[], &["--json", "--include", "lax-summary", "--seed", "7"]).expect(1);
    assert!(lines(&all).iter().all(|line| line["seed"] == 7));
    let honest =
        check(&place, &file, &[], &["--only-failed", "--include", "hostile-dataset:finite"]).expect(0);
    assert_eq!(honest.out, "1 passed, 0 failed, 0 skipped, 0 crashed; seed 1\n");
}

#[test]
fn wrong_arguments_are_refused() {
    let place = Place::new();
    let file = built("libamplicast_metrics.so").display().to_string();
    let refused = |config: &str| place.amplicast(&["plugins", "check", &file, "--config", config]).expect(2);
    refused("integral").says(&["--config integral: expected COMPONENT=JSON, found no `=`"]);
    refused("integral={").says(&["--config integral={: expected a JSON object {...}"]);
    refused("integral=3").says(&["expected a JSON object {...}, found 3"]);
    refused("integal={}").says(&["a configuration for `integal`: expected one of integral, ks"]);
    let wrong =
        place.amplicast(&["plugins", "check", &file, "--config", r#"integral={"interval": []}"#]).expect(1);
    wrong.prints(&["unknown field `interval`"]);
}
