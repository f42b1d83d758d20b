//! The conformance suite finds every fault that it is made for, by the test that is made for it.

use amplicast_tests::{Place, built, check, lines, text};
use serde_json::json;

/// The tests that fail for each misbehavior of a hostile component.
fn found_faults(component: &str, misbehaviors: &[&str]) -> Vec<(String, Vec<String>)> {
    let place = Place::new();
    let configs: Vec<_> = misbehaviors.iter().map(|m| (component, json!({"misbehave": m}))).collect();
    let finished = check(&place, &built("examples/libhostile.so"), &configs, &["--json"]).expect(1);
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in lines(&finished) {
        let Some(misbehave) = line["config"]["misbehave"].as_str() else { continue };
        if found.last().is_none_or(|(last, _)| last != misbehave) {
            found.push((misbehave.into(), Vec::new()));
        }
        let tests = &mut found.last_mut().expect("pushed above").1;
        assert_ne!(text(&line, "status"), "crashed", "{line}");
        if text(&line, "status") == "failed" {
            tests.push(text(&line, "test").into());
        }
    }
    found
}

/// Each fault is found by the tests that are made for it, and by no other. Numbers at random may be found by more, depending on
/// how often a test asked for them: `*` stands for these.
#[track_caller]
fn finds(component: &str, faults: &[(&str, &str)]) {
    let misbehaviors: Vec<&str> = faults.iter().map(|(misbehave, _)| *misbehave).collect();
    let found = found_faults(component, &misbehaviors);
    let expected: Vec<(String, Vec<String>)> = faults
        .iter()
        .map(|(misbehave, tests)| ((*misbehave).into(), tests.split_whitespace().map(String::from).collect()))
        .collect();
    for (expected, (misbehave, mut tests)) in expected.iter().zip(found.clone()) {
        if expected.1.last().is_some_and(|last| last == "*") {
            tests.retain(|test| expected.1.contains(test));
            tests.push("*".into());
        }
        assert_eq!(*expected, (misbehave, tests));
    }
    assert_eq!(expected.len(), found.len());
}

#[test]
fn faults_of_datasets_are_found() {
    finds(
        "hostile-dataset",
        &[
            ("none", ""),
            ("panic-in-read", "finite seed chunks threads many seeds rows density density-shape"),
            ("nan-in-read", "finite seed chunks threads many seeds rows density density-shape"),
            ("read-at-random", "seed chunks threads seeds *"),
            ("ignores-seed", "seed seeds"),
            ("impure-chunks", "seed chunks threads seeds *"),
            ("no-end", "capacity"),
            ("density-not-normalized", "density density-shape"),
            ("falling-quantiles", "quantiles"),
            ("missing-file", "files"),
            ("twin-columns", "columns"),
        ],
    );
}

#[test]
fn faults_of_generators_are_found() {
    finds(
        "hostile-generator",
        &[
            ("none", ""),
            (
                "claims-density",
                "abilities training-sets row-counts sample-density sample-many density-threads loss-density density density-shape",
            ),
            ("hides-gradients", "abilities"),
            ("initial-at-random", "parameters"),
            ("fit-at-random", "fit fit-threads"),
            ("ignores-rows", "fit-rows fit-repeats fit-all-rows"),
            ("ignores-stop", "stop"),
            (
                "unwritten-in-sample",
                "training-sets row-counts extreme-events sample-finite sample-seed sample-chunks sample-threads sample-density sample-many sample-seeds sample-rows sample-again several-members density density-shape",
            ),
            ("ignores-seed", "sample-seed sample-seeds"),
            (
                "impure-chunks",
                "sample-seed sample-chunks sample-threads sample-density sample-seeds sample-again several-members *",
            ),
            ("no-end", "sample-capacity"),
            ("sampled-density-differs", "sample-density"),
            ("changes-given", "sample-given *"),
            ("density-not-normalized", "density density-shape"),
            ("density-of-another", "loss-density density density-shape"),
            ("loss-at-random", "training-sets loss loss-alone loss-weights gradient *"),
            ("wrong-gradient", "training-sets gradient gradient-places"),
            ("half-a-gradient", "gradient gradient-places"),
            ("ignores-weights", "loss-weights loss-one-row"),
        ],
    );
}

#[test]
fn panics_of_generators_are_found_in_every_call() {
    let misbehaviors =
        ["panic-in-check", "panic-in-prepare", "panic-in-fit", "panic-in-sample", "panic-in-drop"];
    for (misbehave, tests) in found_faults("hostile-generator", &misbehaviors) {
        assert!(tests.len() > 5 && tests.contains(&"sample-finite".to_string()), "{misbehave}: {tests:?}");
    }
}

#[test]
fn faults_of_uncertainty_models_are_found() {
    finds(
        "hostile-uncertainty",
        &[
            ("none", ""),
            (
                "panic-in-infer",
                "chains members members-seed stored-chains lost-chain row-counts threads stop members-differ other-seed training-rows",
            ),
            ("nan-in-chain", "chains members members-seed stored-chains row-counts"),
            ("infer-at-random", "chains threads training-rows"),
            ("ignores-stop", "stop"),
            (
                "wrong-number",
                "members members-seed stored-chains lost-chain row-counts members-differ other-seed training-rows",
            ),
            ("wrong-length", "members"),
            ("members-at-random", "members-seed stored-chains training-rows"),
            ("no-effective-members", "members lost-chain"),
            ("order-of-vectors", "stored-chains training-rows"),
            ("invents-members", "no-chains members-differ other-seed training-rows"),
            ("impossible-number", "requirements"),
            (
                "rows-beyond",
                "chains members members-seed stored-chains lost-chain row-counts threads stop members-differ other-seed spread training-rows",
            ),
            ("rows-at-random", "chains threads training-rows"),
        ],
    );
}

#[test]
fn faults_of_summaries_are_found() {
    finds(
        "hostile-summary",
        &[
            ("none", ""),
            (
                "nan-in-evaluate",
                "label finite seed event-by-event equal-events again threads rows-and-origin schemas extreme-events many",
            ),
            (
                "unwritten",
                "label finite seed event-by-event equal-events again threads rows-and-origin schemas extreme-events many",
            ),
            ("at-random", "label seed event-by-event equal-events again threads rows-and-origin many *"),
            ("batch-dependent", "event-by-event equal-events many"),
            ("panic-when-empty", "empty-batch"),
            ("wrong-label", "label"),
            ("label-of-another", "label"),
            (
                "no-number",
                "label numbers finite seed event-by-event equal-events again empty-batch threads rows-and-origin schemas extreme-events many fit pseudo-experiments",
            ),
        ],
    );
}

#[test]
fn faults_of_fitted_summaries_are_found() {
    let all = "label numbers finite seed event-by-event equal-events again empty-batch threads rows-and-origin schemas extreme-events many fit pseudo-experiments";
    finds(
        "hostile-fitted-summary",
        &[
            ("none", ""),
            ("panic-in-check", all),
            ("panic-in-fit", all),
            ("panic-in-fitted", all),
            ("nan-in-fit", "fit"),
            ("fit-at-random", "fit"),
            ("cross-fitted", ""),
            ("panic-in-pseudo", "pseudo-experiments"),
            ("nan-in-pseudo", "pseudo-experiments"),
            ("pseudo-short", "pseudo-experiments"),
            ("pseudo-at-random", "pseudo-experiments"),
            ("pseudo-alike", "pseudo-experiments"),
            ("pseudo-of-held", "pseudo-experiments"),
        ],
    );
}

#[test]
fn faults_of_metrics_are_found() {
    let all = "config-round-trip values pieces merge merge-length measure limit null-law deviation threads takes vectors weights shown simulate bounded few-values extreme-values limit-of-curve many-events null-true-samples event-weights event-groups";
    finds(
        "hostile-metric",
        &[
            ("none", ""),
            (
                "wrong-length-of-values",
                "values pieces merge measure limit null-law deviation threads shown few-values extreme-values limit-of-curve many-events null-true-samples",
            ),
            (
                "nan-in-values",
                "values pieces merge measure limit null-law deviation threads shown few-values extreme-values limit-of-curve many-events null-true-samples",
            ),
            ("forgets-pieces", "pieces merge"),
            ("merge-forgets", "merge"),
            ("merges-anything", "merge-length"),
            ("measure-at-random", "measure limit null-true-samples"),
            (
                "nan-in-measure",
                "measure limit few-values extreme-values limit-of-curve many-events null-true-samples",
            ),
            ("limit-outside", "limit few-values extreme-values"),
            ("panic-in-limit", "limit few-values extreme-values limit-of-curve"),
            ("rising-null", "null-law null-true-samples"),
            ("crossed-quantiles", "null-law null-true-samples"),
            ("nan-in-null", "null-law few-values extreme-values null-true-samples"),
            ("wrong-length-of-null", "null-law few-values extreme-values null-true-samples"),
            ("nan-in-deviation", "deviation"),
            // Its law is that of another truth alone, now that it looks at the reference.
            ("panic-in-simulate", "simulate null-true-samples"),
            ("nan-in-simulate", "simulate null-true-samples"),
            ("panic-in-shown", all),
            ("quantiles-of-vectors", all),
        ],
    );
}

#[test]
fn a_configuration_that_takes_any_key_is_found() {
    let place = Place::new();
    let finished = check(&place, &built("examples/libhostile.so"), &[], &["--json"]).expect(1);
    let failed: Vec<String> = lines(&finished)
        .iter()
        .filter(|line| text(line, "status") == "failed")
        .map(|line| format!("{} {}", text(line, "component"), text(line, "test")))
        .collect();
    assert_eq!(failed, ["lax-summary json-schema", "lax-summary unknown-key"]);
}
