//! The conformance suite finds each of the deliberate faults in `examples/faulty`, and none in their honest siblings.

use std::collections::{BTreeMap, BTreeSet};

use amplicast_tests::{Place, built, check, lines, text};

/// A component, and the test that finds its fault.
const FAULTS: [(&str, &str); 124] = [
    ("dataset-chunk-length", "seeds"),
    ("dataset-column-unwritten", "finite"),
    ("dataset-groups-again", "groups"),
    ("dataset-late-chunks", "seeds"),
    ("dataset-nan-rare", "many"),
    ("dataset-outliers", "density-shape"),
    ("dataset-overlapping-rows", "rows"),
    ("dataset-quantile-one-percent", "quantiles"),
    ("dataset-quantile-other", "quantiles"),
    ("dataset-quantile-tail", "quantiles"),
    ("dataset-weights-of-others", "weights"),
    ("generator-aborts", "sample-finite"),
    ("generator-beyond-5000", "extreme-events"),
    ("generator-busy-threads", "sample-threads"),
    ("generator-chunk-length", "sample-seeds"),
    ("generator-clipped", "density-shape"),
    ("generator-column-unwritten", "sample-finite"),
    ("generator-correlated-rows", "sample-rows"),
    ("generator-density-double", "density"),
    ("generator-density-four-columns", "density-shape"),
    ("generator-density-nan", "density-extremes"),
    ("generator-density-tail", "density-shape"),
    ("generator-density-ten-percent", "density"),
    ("generator-density-two-percent", "density"),
    ("generator-density-wide", "density"),
    ("generator-events-twice", "sample-rows"),
    ("generator-exits", "sample-finite"),
    ("generator-fit-500-rows", "fit-all-rows"),
    ("generator-fit-dedups", "fit-repeats"),
    ("generator-fit-one-row", "fit-all-rows"),
    ("generator-four-momenta", "training-sets"),
    ("generator-gradient-far", "gradient-places"),
    ("generator-gradient-near", "gradient-places"),
    ("generator-gradient-one-parameter", "gradient"),
    ("generator-gradient-one-percent", "gradient"),
    ("generator-gradient-sign", "gradient"),
    ("generator-gradient-ten-percent", "gradient"),
    ("generator-gradient-unwritten", "loss"),
    ("generator-gradient-weights", "loss-weights"),
    ("generator-gradient-weights-mixed", "loss-one-row"),
    ("generator-hangs", "training-sets"),
    ("generator-ignores-event-weights", "event-weights"),
    ("generator-ignores-rows", "fit-rows"),
    ("generator-keeps-events", "sample-again"),
    ("generator-last-event", "sample-finite"),
    ("generator-late-calls", "sample-seeds"),
    ("generator-late-chunks", "sample-seeds"),
    ("generator-loss-300-rows", "loss-many-rows"),
    ("generator-loss-alone", "loss-alone"),
    ("generator-loss-dedups", "loss-weights"),
    ("generator-loss-double", "loss-density"),
    ("generator-loss-noise", "loss"),
    ("generator-loss-sum", "loss-density"),
    ("generator-nan-half", "sample-finite"),
    ("generator-nan-rare", "sample-many"),
    ("generator-odd-rows", "row-counts"),
    ("generator-one-row", "row-counts"),
    ("generator-one-value", "extreme-events"),
    ("generator-own-randomness", "sample-seed"),
    ("generator-panics", "sample-finite"),
    ("generator-random-fit", "fit"),
    ("generator-repeats-4096", "sample-rows"),
    ("generator-seed-hashed", "sample-seeds"),
    ("generator-seed-one-byte", "sample-seeds"),
    ("generator-seed-two-bytes", "sample-seeds"),
    ("generator-shared-parameters", "several-members"),
    ("generator-three-columns", "training-sets"),
    ("generator-wide-two-percent", "density-shape"),
    ("metric-count-16-bits", "many-events"),
    ("metric-count-million", "many-events"),
    ("metric-first-number", "takes"),
    ("metric-forgets-simulated", "simulate"),
    ("metric-fourth-merge", "merge"),
    ("metric-ignores-groups", "event-groups"),
    ("metric-ignores-weights", "weights"),
    ("metric-keeps-memory", "bounded"),
    ("metric-keeps-state", "bounded"),
    ("metric-limit-double", "limit-of-curve"),
    ("metric-merge-averages", "merge"),
    ("metric-merge-empty", "merge"),
    ("metric-merge-forgets", "merge"),
    ("metric-merge-unchecked", "merge-length"),
    ("metric-no-axis", "shown"),
    ("metric-no-parts", "shown"),
    ("metric-null-double", "null-true-samples"),
    ("metric-null-few-events", "null-true-samples"),
    ("metric-null-hundred", "null-true-samples"),
    ("metric-null-large-reference", "null-true-samples"),
    ("metric-null-reference", "null-true-samples"),
    ("metric-null-tail", "null-true-samples"),
    ("metric-null-ten-percent", "null-true-samples"),
    ("metric-null-upper", "null-true-samples"),
    ("metric-update-order", "pieces"),
    ("posterior-all-rows", "members-differ"),
    ("posterior-chain-only", "other-seed"),
    ("posterior-first-chain", "members-differ"),
    ("posterior-first-rows", "members-differ"),
    ("posterior-fixed-seed", "members-differ"),
    ("posterior-member-twice", "members-differ"),
    ("posterior-narrow", "spread"),
    ("posterior-no-rows", "training-rows"),
    ("posterior-one-row", "row-counts"),
    ("posterior-other-rows", "training-rows"),
    ("posterior-pairs", "members-differ"),
    ("summary-back-to-back", "extreme-events"),
    ("summary-batch-mean", "event-by-event"),
    ("summary-batch-order", "event-by-event"),
    ("summary-beyond-5000", "extreme-events"),
    ("summary-depends-on-origin", "rows-and-origin"),
    ("summary-hangs", "label"),
    ("summary-hidden-state", "seed"),
    ("summary-inverse", "extreme-events"),
    ("summary-keeps-numbers", "again"),
    ("summary-last-number", "finite"),
    ("summary-late-calls", "again"),
    ("summary-nan-rare", "many"),
    ("summary-neighbor-tie", "equal-events"),
    ("summary-no-name", "numbers"),
    ("summary-row-number", "rows-and-origin"),
    ("summary-second-number", "event-by-event"),
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
    // All tests of the honest and of the deadly, of the others that which is named: the whole takes minutes.
    let patterns = FAULTS.iter().map(|(component, test)| match DEADLY.contains(component) {
        true => (*component).to_string(),
        false => format!("{component}:{test}"),
    });
    let patterns: Vec<String> = patterns.chain(HONEST.map(|name| format!("{name}:*"))).collect();
    let mut options = vec!["--json", "--time-limit", "5"];
    options.extend(patterns.iter().flat_map(|pattern| ["--include", pattern.as_str()]));
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

/// The experiment of the guide to metrics, whose metric is the honest one here, is one that `plan` forecasts.
#[test]
fn the_experiment_of_the_guide_to_metrics_is_forecast() {
    let guide = include_str!("../../docs/src/writing-a-metric.md");
    let block =
        guide.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an experiment");
    let place = Place::new();
    place.write("mean-shift.toml", block.replace("\"mean-shift\"", "\"metric-honest\""));
    let library = built("examples/libfaulty.so");
    let folder = library.parent().expect("a folder").display().to_string();
    let planned =
        place.amplicast(&["plan", "mean-shift.toml", "--plugin-path", &folder, "--runs", "5"]).expect(0);
    // 100 events against 10 000: what the metric can resolve is about 1.
    planned
        .prints(&["coordinate, metric-honest, holdout (gaussian-fit / ensemble)", "10000 reference events"]);
}
