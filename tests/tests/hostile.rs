//! A component that misbehaves costs its own cells, and no more: the message names component and call, the other cells
//! have numbers, the exit code says that something is missing, and what is stored stays sound.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use amplicast_tests::{Place, hostile_plugin, results};
use serde_json::Value;

/// An experiment that crosses `hostile` tables with well-behaved ones; every table is there twice.
fn experiment(kind: &str, misbehave: &str) -> String {
    let table = |own: &str, component: &str| {
        if kind == own {
            format!(
                "[[{own}]]\nname = \"hostile\"\nplugin = \"hostile-{own}\"\nmisbehave = \"{misbehave}\"\n{component}\n"
            )
        } else {
            format!("{component}\n")
        }
    };
    let generator = table("generator", "[[generator]]\nplugin = \"gaussian-fit\"");
    let uncertainty = table("uncertainty", "[[uncertainty]]\nplugin = \"ensemble\"");
    let summary = table("summary", "[[summary]]\nname = \"x\"\nplugin = \"coordinate\"");
    let metric = table("metric", "[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 0.5]]");
    format!(
        "[experiment]\nname = \"hostile\"\nn_train = 200\nn_gen = 70_000\nmembers = 4\ncheckpoints = 4\nn_truth = 2000\n\n\
         [dataset]\nplugin = \"gaussian\"\n\n{generator}\n{uncertainty}\n{summary}\n{metric}"
    )
}

fn is_hostile(cell: &Value) -> bool {
    ["generator", "uncertainty", "summary", "metric"].iter().any(|key| cell["name"][key] == "hostile")
}

/// Whether a text has this message, or one that names a call of the same component that another thread was in as well: both
/// threads were there when the process ended, and nobody knows which of them ended it.
fn tells(text: &str, message: &str) -> bool {
    let (before, call) = message.split_once(", call ").unwrap_or((message, ""));
    let (call, rest) = call.split_once(": ").unwrap_or((call, ""));
    let found = text
        .match_indices(before)
        .filter_map(|(at, _)| text[at + before.len()..].strip_prefix(", call ")?.split_once(": "));
    text.contains(message)
        || found
            .into_iter()
            .any(|(calls, how)| calls.split(" or ").any(|one| one == call) && how.starts_with(rest))
}

/// Runs the experiment with a misbehaving component, then without its misbehaviour in the same folder.
#[track_caller]
fn fails_alone(kind: &str, misbehave: &str, message: &str) {
    let place = Place::new();
    let file = place.write("hostile.toml", experiment(kind, misbehave));
    let (file, plugins) = (file.display().to_string(), hostile_plugin().display().to_string());
    let arguments = ["run", &file, "--out", "run", "--plugin-path", &plugins];
    // A limit for those alone that are meant to meet it: on a busy machine others might.
    let limit: &[&str] = if misbehave.starts_with("hang") { &["--time-limit", "2"] } else { &[] };
    let told = place.amplicast(&[&arguments, limit].concat()).expect(1).err;
    assert!(
        tells(&told, message),
        "{kind} {misbehave}: expected `{message}` in standard error, found\n{told}"
    );

    let found = results(&place.path("run"));
    let cells = found["cells"].as_array().expect("cells");
    assert!(cells.iter().any(is_hostile) && !cells.iter().all(is_hostile), "{kind} {misbehave}");
    for cell in cells {
        let failures = cell["failures"].as_array().expect("failures");
        if is_hostile(cell) {
            let text = failures.first().and_then(Value::as_str).unwrap_or_default();
            assert!(tells(text, message), "{kind} {misbehave}: expected `{message}`, found `{text}`");
            assert_eq!(cell["overall"], Value::Null, "{kind} {misbehave}: a failed cell has a number");
        } else {
            assert!(failures.is_empty(), "{kind} {misbehave}: another cell failed: {failures:?}");
            let verdict = &cell["overall"]["verdict"];
            assert!(verdict.is_string(), "{kind} {misbehave}: another cell has no result: {}", cell["name"]);
        }
    }

    // Nothing stored is damaged: the repaired experiment gives the same here as in a folder that saw no misbehavior.
    let repair = format!("{kind}.hostile.misbehave=none");
    place.amplicast(&[&arguments[..], &["--set", &repair]].concat()).expect(0);
    let repaired = std::fs::read(place.path("run/results.json")).expect("results");
    assert!(
        repaired == undisturbed(kind),
        "{kind} {misbehave}: the repaired run differs from an undisturbed one"
    );
}

/// The results of the experiment without misbehavior, in a fresh folder; each kind is run once.
fn undisturbed(kind: &str) -> Vec<u8> {
    static RESULTS: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let mut known = RESULTS.lock().unwrap_or_else(PoisonError::into_inner);
    let run = || {
        let place = Place::new();
        place.write("hostile.toml", experiment(kind, "none"));
        let plugins = hostile_plugin().display().to_string();
        place.amplicast(&["run", "hostile.toml", "--out", "run", "--plugin-path", &plugins]).expect(0);
        std::fs::read(place.path("run/results.json")).expect("results")
    };
    known.entry(kind.into()).or_insert_with(run).clone()
}

macro_rules! tests {
    ($($test:ident: $kind:literal $misbehave:literal, $message:literal;)*) => {
        $(
            #[test]
            fn $test() {
                fails_alone($kind, $misbehave, $message);
            }
        )*
    };
}

tests! {
    generator_panics_in_create: "generator" "panic-in-create", "`hostile-generator (hostile)`, call create: panicked: hostile in create";
    generator_panics_in_check: "generator" "panic-in-check", "`hostile-generator (hostile)`, call check: panicked: hostile in check";
    generator_panics_in_prepare: "generator" "panic-in-prepare", "`hostile-generator (hostile)`, call prepare: panicked: hostile in prepare";
    generator_panics_in_fit: "generator" "panic-in-fit", "call fit: panicked: hostile in fit";
    generator_panics_in_sample: "generator" "panic-in-sample", "`hostile-generator (hostile)`, call sample: panicked: hostile in sample";
    generator_gives_nan_in_fit: "generator" "nan-in-fit", "expected numbers in `parameters`, found NaN";
    generator_gives_nan_in_sample: "generator" "nan-in-sample", "`hostile-generator (hostile)`, call sample: expected finite numbers, found NaN in generated event";
    generator_gives_wrong_length_in_fit: "generator" "wrong-length-of-fit", "call fit: parameters: expected 1 numbers, found 2";
    generator_hangs_in_fit: "generator" "hang-in-fit", "call fit: did not return, and made no progress, for 2 s (--time-limit)";
    generator_hangs_in_sample: "generator" "hang-in-sample", "`hostile-generator (hostile)`, call sample: did not return, and made no progress, for 2 s (--time-limit)";
    generator_exits_in_create: "generator" "exit-in-create", "`hostile-generator (hostile)`, call create: ended the process (exit code 0)";
    generator_exits_in_fit: "generator" "exit-in-fit", "ended the process (exit code 0)";
    generator_exits_in_sample: "generator" "exit-in-sample", "`hostile-generator (hostile)`, call sample: ended the process (exit code 0)";
    generator_exits_in_drop: "generator" "exit-in-drop", "`hostile-generator (hostile)`, call drop: ended the process (exit code 0)";
    generator_aborts_in_fit: "generator" "abort-in-fit", "aborted (signal 6)";
    generator_aborts_in_sample: "generator" "abort-in-sample", "`hostile-generator (hostile)`, call sample: aborted (signal 6)";
    generator_has_a_segmentation_fault: "generator" "segfault-in-sample", "`hostile-generator (hostile)`, call sample: crashed (signal 11, segmentation fault)";
    uncertainty_panics_in_infer: "uncertainty" "panic-in-infer", "`hostile-uncertainty (hostile)`, call infer_chain: panicked: hostile in infer_chain";
    uncertainty_exits_in_infer: "uncertainty" "exit-in-infer", "`hostile-uncertainty (hostile)`, call infer_chain: ended the process (exit code 0)";
    uncertainty_hangs_in_infer: "uncertainty" "hang-in-infer", "`hostile-uncertainty (hostile)`, call infer_chain: did not return";
    uncertainty_gives_nan_in_a_chain: "uncertainty" "nan-in-chain", "expected numbers in `fitted`, found NaN";
    uncertainty_panics_in_members: "uncertainty" "panic-in-members", "`hostile-uncertainty (hostile)`, call members: panicked: hostile in members";
    uncertainty_gives_wrong_number_of_members: "uncertainty" "wrong-number", "`hostile-uncertainty (hostile)`, call members: expected 4 members, found 3";
    uncertainty_gives_members_of_wrong_length: "uncertainty" "wrong-length", "member 0: parameters: expected 1 numbers, found 2";
    uncertainty_gives_nan_in_a_member: "uncertainty" "nan-in-member", "`hostile`, member 0: expected finite parameters";
    uncertainty_diverges_in_all_chains_but_one: "uncertainty" "diverges-but-once", "expected at least 2 members, found 1: 3 of 4 chains are left out, the first because: `hostile-uncertainty (hostile)`, call infer_chain: training diverged at step 120";
    uncertainty_names_rows_beyond_the_last: "uncertainty" "rows-beyond", "`hostile-uncertainty (hostile)`, call rows, chain 0: expected rows below 200, found 200";
    summary_has_no_number: "summary" "no-number", "`hostile-summary (hostile)`, call numbers: expected the name of at least one number, found none";
    summary_panics_in_prepare: "summary" "panic-in-prepare", "`hostile-summary (hostile)`, call prepare: panicked: hostile in prepare";
    summary_panics_in_evaluate: "summary" "panic-in-evaluate", "`hostile-summary (hostile)`, call evaluate: panicked: hostile in evaluate";
    summary_gives_nan: "summary" "nan-in-evaluate", "`hostile-summary (hostile)`, call evaluate: expected finite numbers, found NaN in the summary of generated event";
    summary_hangs_in_evaluate: "summary" "hang-in-evaluate", "`hostile-summary (hostile)`, call evaluate: did not return";
    summary_exits_in_evaluate: "summary" "exit-in-evaluate", "`hostile-summary (hostile)`, call evaluate: ended the process (exit code 0)";
    metric_panics_in_compare: "metric" "panic-in-compare", "`hostile-metric (hostile)`, call compare: panicked: hostile in compare";
    metric_panics_in_update: "metric" "panic-in-update", "`hostile-metric (hostile)`, call update: panicked: hostile in update";
    metric_exits_in_update: "metric" "exit-in-update", "`hostile-metric (hostile)`, call update: ended the process (exit code 0)";
    metric_gives_wrong_length_of_values: "metric" "wrong-length-of-values", "`hostile-metric (hostile)`, call values: expected 1 numbers, found 2";
    metric_gives_nan: "metric" "nan-in-values", "`hostile-metric (hostile)`, call values: expected finite numbers, found NaN";
    metric_panics_in_values: "metric" "panic-in-values", "`hostile-metric (hostile)`, call values: panicked: hostile in values";
    metric_panics_in_limit: "metric" "panic-in-limit", "`hostile-metric (hostile)`, call limit: panicked: hostile in limit";
    metric_gives_wrong_length_of_quantiles: "metric" "wrong-length-of-null", "call null: quantiles: expected";
}

#[test]
fn a_dataset_that_panics_is_said_with_its_name_and_call() {
    let place = Place::new();
    let text = experiment("generator", "none")
        .replace("\"gaussian\"", "\"hostile-dataset\"\nmisbehave = \"panic-in-read\"");
    place.write("hostile.toml", text);
    let plugins = hostile_plugin().display().to_string();
    let ended = place.amplicast(&["run", "hostile.toml", "--out", "run", "--plugin-path", &plugins]);
    ended.expect(1).says(&["`hostile-dataset`, call read: panicked: hostile in read"]);
    let cells = results(&place.path("run"))["cells"].as_array().expect("cells").clone();
    assert!(
        cells
            .iter()
            .all(|cell| cell["overall"].is_null() && !cell["failures"].as_array().unwrap().is_empty())
    );
}

#[test]
fn a_destructor_that_panics_is_said_and_the_numbers_are_there() {
    let place = Place::new();
    place.write("hostile.toml", experiment("generator", "panic-in-drop"));
    let plugins = hostile_plugin().display().to_string();
    let ended = place.amplicast(&["run", "hostile.toml", "--out", "run", "--plugin-path", &plugins]);
    ended.expect(1).says(&["a plugin panicked while it was cleaning up: libhostile.so: drop of a member: panicked: hostile in drop"]);
    let cells = results(&place.path("run"))["cells"].as_array().expect("cells").clone();
    assert!(cells.len() == 2 && cells.iter().all(|cell| cell["overall"]["verdict"].is_string()));
}

/// A member whose training diverges is left out, and the others are used; a second run says the same.
#[test]
fn a_member_that_diverges_is_left_out() {
    let place = Place::new();
    place.write("hostile.toml", experiment("uncertainty", "diverges-once"));
    let plugins = hostile_plugin().display().to_string();
    let warning = "training set 1, chain 3 of 4 is left out: `hostile-uncertainty (hostile)`, call infer_chain: training diverged at step 120: expected a finite loss and \
                   gradient, found loss NaN, gradient norm 1; a smaller learning_rate or clip may help; 3 of 4 members \
                   remain";
    let mut before = None;
    for _ in 0..2 {
        let ended = place.amplicast(&["run", "hostile.toml", "--out", "run", "--plugin-path", &plugins]);
        ended.expect(0).says(&[&format!("warning: gaussian-fit / hostile: {warning}")]);
        let found = results(&place.path("run"));
        assert_eq!(found["warnings"], serde_json::json!([format!("gaussian-fit / hostile: {warning}")]));
        for cell in found["cells"].as_array().expect("cells") {
            let members = if is_hostile(cell) { 3.0 } else { 4.0 };
            assert_eq!(cell["replicas"][0]["n_effective"], members, "{}", cell["name"]);
        }
        let page = std::fs::read_to_string(place.path("run/report.html")).expect("the report");
        assert!(page.contains("chain 3 of 4 is left out"), "the report does not say it");
        assert!(before.is_none_or(|b| b == found), "a second run differs");
        before = Some(found);
    }
}

/// A selection that cuts on a broken summary fails its own cells; all events and the other summary have numbers.
#[test]
fn a_selection_on_a_broken_summary_fails_alone() {
    for misbehave in ["panic-in-evaluate", "exit-in-evaluate"] {
        let place = Place::new();
        let selections = "\n[[selection]]\nname = \"all\"\n\n[[selection]]\nname = \"cut\"\n\
                          cuts = [{summary = \"hostile\", interval = [-1.0, 1.0]}]\n\
                          \n[[selection]]\nname = \"quantile\"\n\
                          cuts = [{summary = \"hostile\", quantiles = [0.1, 0.9]}]\n";
        place.write("hostile.toml", experiment("summary", misbehave) + selections);
        let plugins = hostile_plugin().display().to_string();
        place.amplicast(&["run", "hostile.toml", "--out", "run", "--plugin-path", &plugins]).expect(1);
        let cells = results(&place.path("run"))["cells"].as_array().expect("cells").clone();
        assert_eq!(cells.len(), 6);
        for cell in cells {
            let sound = cell["name"]["summary"] == "x" && cell["name"]["selection"] == "all";
            let failures = cell["failures"].as_array().expect("failures");
            assert_eq!(failures.is_empty(), sound, "{}: {failures:?}", cell["name"]);
            assert_eq!(cell["overall"]["verdict"].is_string(), sound, "{}", cell["name"]);
            let named = |f: &Value| {
                f.as_str().is_some_and(|f| f.contains("`hostile-summary (hostile)`, call evaluate"))
            };
            assert!(sound || failures.iter().any(named), "{}: {failures:?}", cell["name"]);
        }
    }
}

/// The experiment with a fitted summary that misbehaves.
fn fitted_experiment(misbehave: &str) -> String {
    experiment("summary", misbehave).replace("hostile-summary", "hostile-fitted-summary")
}

/// Pseudo-experiments that fail, and a metric that fails at them, fail the cells against the training events.
#[test]
fn what_fails_in_pseudo_experiments_fails_alone() {
    for (metric, misbehave, message) in [
        (
            "ks",
            "panic-in-pseudo",
            "`hostile-fitted-summary (hostile)`, call pseudo_experiment: panicked: hostile in draw",
        ),
        (
            "ks",
            "pseudo-short",
            "`hostile-fitted-summary (hostile)`, call pseudo_experiment: pseudo-true events: expected 200 numbers, found 199",
        ),
        (
            "ks",
            "nan-in-pseudo",
            "call pseudo_experiment: expected finite numbers, found NaN in the summary of pseudo-true event 0",
        ),
        (
            "hostile-metric\"\nmisbehave = \"nan-in-simulate",
            "cross-fitted",
            "`hostile-metric (m)`, call simulate: expected a finite number, found NaN",
        ),
        ("ks", "cross-fitted", ""),
    ] {
        let place = Place::new();
        let integral = "plugin = \"integral\"\nintervals = [[0.0, 0.5]]";
        let asked = format!("name = \"m\"\nplugin = \"{metric}\"\nreference = [\"training\", \"truth\"]");
        place.write("hostile.toml", fitted_experiment(misbehave).replace(integral, &asked));
        let plugins = hostile_plugin().display().to_string();
        let ended = place.amplicast(&["run", "hostile.toml", "--out", "run", "--plugin-path", &plugins]);
        ended.expect(i32::from(!message.is_empty())).says(&[message]);
        let cells = results(&place.path("run"))["cells"].as_array().expect("cells").clone();
        assert_eq!(cells.len(), 4);
        for cell in cells {
            let fails = is_hostile(&cell) && cell["name"]["reference"] == "training" && !message.is_empty();
            let failures = cell["failures"].as_array().expect("failures");
            assert_eq!(failures.is_empty(), !fails, "{misbehave}, {}: {failures:?}", cell["name"]);
        }
    }
}

/// A summary that is fitted, and fails at it, fails its own cells.
#[test]
fn a_summary_that_fails_in_its_fit_fails_alone() {
    for (misbehave, message) in [
        ("panic-in-fit", "`hostile-fitted-summary (hostile)`, call fit: panicked: hostile in fit"),
        ("exit-in-fit", "`hostile-fitted-summary (hostile)`, call fit: ended the process (exit code 0)"),
        ("nan-in-fit", "fit hostile of member 1: expected finite parameters, found NaN or infinity"),
        ("panic-in-fitted", "`hostile-fitted-summary (hostile)`, call fitted: panicked: hostile in fitted"),
        ("none", ""),
    ] {
        let place = Place::new();
        let integral = "plugin = \"integral\"\nintervals = [[0.0, 0.5]]";
        let ks = "plugin = \"ks\"\nreference = [\"training\", \"truth\"]";
        let fitted = fitted_experiment(misbehave);
        place.write("hostile.toml", fitted.replace(integral, ks));
        let plugins = hostile_plugin().display().to_string();
        let ended = place.amplicast(&["run", "hostile.toml", "--out", "run", "--plugin-path", &plugins]);
        ended.expect(i32::from(misbehave != "none")).says(&[message]);
        let cells = results(&place.path("run"))["cells"].as_array().expect("cells").clone();
        assert_eq!(cells.len(), 4);
        for cell in cells {
            let fails = is_hostile(&cell) && misbehave != "none";
            let failures = cell["failures"].as_array().expect("failures");
            assert_eq!(failures.is_empty(), !fails, "{misbehave}, {}: {failures:?}", cell["name"]);
            assert_eq!(cell["overall"]["verdict"].is_string(), !fails, "{misbehave}, {}", cell["name"]);
            if is_hostile(&cell) && misbehave == "none" {
                // Half of the 200 training events were seen in the fit, and are not compared with.
                let expected = if cell["name"]["reference"] == "training" { 100 } else { 2000 };
                assert_eq!(cell["replicas"][0]["n_reference"], expected, "{}", cell["name"]);
                assert_eq!(cell["replicas"][0]["n_train_passed"], 200);
            }
        }
    }
}
