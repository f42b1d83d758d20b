//! The conformance suite finds each of the deliberate faults in `examples/faulty`, and none in their honest siblings.

use std::collections::{BTreeMap, BTreeSet};

use amplicast_tests::{Place, built, check, lines, text};

/// A component, and the test that finds its fault.
const FAULTS: [(&str, &str); 58] = [
    ("dataset-column-unwritten", "finite"),
    ("dataset-nan-rare", "many"),
    ("generator-aborts", "sample-finite"),
    ("generator-beyond-5000", "extreme-events"),
    ("generator-column-unwritten", "sample-finite"),
    ("generator-density-double", "density"),
    ("generator-density-nan", "density-extremes"),
    ("generator-density-ten-percent", "density"),
    ("generator-density-two-percent", "density"),
    ("generator-density-wide", "density"),
    ("generator-exits", "sample-finite"),
    ("generator-four-momenta", "training-sets"),
    ("generator-gradient-one-parameter", "gradient"),
    ("generator-gradient-one-percent", "gradient"),
    ("generator-gradient-sign", "gradient"),
    ("generator-gradient-ten-percent", "gradient"),
    ("generator-gradient-unwritten", "loss"),
    ("generator-gradient-weights", "loss-weights"),
    ("generator-hangs", "training-sets"),
    ("generator-ignores-rows", "fit-rows"),
    ("generator-last-event", "sample-finite"),
    ("generator-loss-alone", "loss-alone"),
    ("generator-loss-noise", "loss"),
    ("generator-nan-half", "sample-finite"),
    ("generator-nan-rare", "sample-many"),
    ("generator-odd-rows", "row-counts"),
    ("generator-one-row", "row-counts"),
    ("generator-one-value", "extreme-events"),
    ("generator-own-randomness", "sample-seed"),
    ("generator-panics", "sample-finite"),
    ("generator-random-fit", "fit"),
    ("generator-three-columns", "training-sets"),
    ("metric-keeps-memory", "bounded"),
    ("metric-keeps-state", "bounded"),
    ("metric-merge-averages", "merge"),
    ("metric-merge-empty", "merge"),
    ("metric-merge-forgets", "merge"),
    ("metric-merge-unchecked", "merge-length"),
    ("metric-null-double", "null-true-samples"),
    ("metric-null-hundred", "null-true-samples"),
    ("metric-null-reference", "null-true-samples"),
    ("metric-update-order", "pieces"),
    ("posterior-one-row", "row-counts"),
    ("summary-back-to-back", "extreme-events"),
    ("summary-batch-mean", "event-by-event"),
    ("summary-batch-order", "event-by-event"),
    ("summary-beyond-5000", "extreme-events"),
    ("summary-depends-on-origin", "rows-and-origin"),
    ("summary-hangs", "label"),
    ("summary-hidden-state", "seed"),
    ("summary-inverse", "extreme-events"),
    ("summary-last-number", "finite"),
    ("summary-nan-rare", "many"),
    ("summary-row-number", "rows-and-origin"),
    ("summary-ten-tev", "extreme-events"),
    ("summary-three-columns", "schemas"),
    ("summary-wrong-label", "label"),
    ("summary-zero-momentum", "extreme-events"),
];

/// Components without a fault.
const HONEST: [&str; 6] = [
    "dataset-honest",
    "generator-honest",
    "generator-honest-simple",
    "metric-honest",
    "posterior-honest",
    "summary-honest",
];

/// Components that end the process or hang; their other tests are run, or not run, as the supervisor sees fit.
const DEADLY: [&str; 4] = ["generator-aborts", "generator-exits", "generator-hangs", "summary-hangs"];

#[test]
fn each_fault_is_found_by_the_test_that_is_made_for_it() {
    let place = Place::new();
    let options = ["--json", "--time-limit", "5"];
    let finished = check(&place, &built("examples/libfaulty.so"), &[], &options).expect(1);
    let mut found: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for line in lines(&finished) {
        let tests = found.entry(text(&line, "component").into()).or_default();
        tests.insert(text(&line, "test").into(), text(&line, "status").into());
    }
    let named: BTreeSet<&str> = FAULTS.iter().map(|(name, _)| *name).chain(HONEST).collect();
    assert_eq!(found.keys().map(String::as_str).collect::<BTreeSet<_>>(), named);
    let mut wrong = Vec::new();
    for (component, test) in FAULTS {
        let status = found[component].get(test).map_or("", String::as_str);
        let caught = if DEADLY.contains(&component) { "crashed" } else { "failed" };
        if status != caught {
            wrong.push(format!("{component}: {test} {status}; {:?}", bad(&found[component])));
        }
    }
    for component in HONEST {
        if !bad(&found[component]).is_empty() {
            wrong.push(format!("{component}: {:?}", bad(&found[component])));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), finished.err);
    // A component that hangs costs one time limit.
    for component in ["generator-hangs", "summary-hangs"] {
        let statuses: Vec<&String> = found[component].values().collect();
        assert_eq!(statuses.iter().filter(|s| **s == "crashed").count(), 1, "{component}: {statuses:?}");
        assert!(statuses.iter().filter(|s| **s == "not-run").count() > 3, "{component}: {statuses:?}");
        assert_eq!(finished.err.matches(&format!("`{component}`")).count(), 1, "{}", finished.err);
    }
}

/// Tests that did not pass.
fn bad(tests: &BTreeMap<String, String>) -> Vec<&str> {
    let bad = tests.iter().filter(|(_, status)| !["passed", "partial", "skipped"].contains(&status.as_str()));
    bad.map(|(test, _)| test.as_str()).collect()
}
