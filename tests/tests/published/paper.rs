//! The configs of `examples/paper/`, scaled down: 3 training sets, 20 members of 5 x 10^4 events.
//!
//! What is expected is what docs/src/paper.md has for the whole runs; the tolerance is three standard errors of a mean over
//! 3 sets, from the spread over training sets and the 20 members' own error (40, 23 and 40 % of regions 2, 2-19 and 20).

use amplicast::results::{Cell, Overall, Results, Verdict};
use amplicast_tests::Place;

use crate::run::{cell, run_file};

fn scaled(config: &str) -> Results {
    let file = format!("{}/../examples/paper/{config}.toml", env!("CARGO_MANIFEST_DIR"));
    let sizes = ["experiment.n_gen=50000", "experiment.members=20", "experiment.training_sets=3"];
    let sizes: Vec<&str> = sizes.iter().flat_map(|size| ["--set", size]).collect();
    run_file(&Place::new(), &file, &sizes)
}

/// Figs 3 to 5: G of each region with its spread over training sets.
fn averaging(config: &str, expected: [(&str, f64, f64); 3]) {
    const MEMBERS_ERROR: [f64; 3] = [0.40, 0.23, 0.40];
    let results = scaled(config);
    let overall = |metric| cell(&results, "autoregressive", metric, "").overall.clone().unwrap();
    let mut found = [0.0; 3];
    for (i, (metric, g, spread)) in expected.into_iter().enumerate() {
        found[i] = overall(metric).g_mean.unwrap();
        let tolerance = 3.0 * (spread.powi(2) + (MEMBERS_ERROR[i] * g).powi(2)).sqrt() / 3_f64.sqrt();
        println!("{config}, {metric}: G = {}, expected {g} +- {tolerance}", found[i]);
        assert!(
            (found[i] - g).abs() < tolerance,
            "{config}, {metric}: {} expected {g} +- {tolerance}",
            found[i]
        );
    }
    // The combination has the largest factor, the tail the smallest.
    assert!(found[1] > found[0] && found[0] > found[2], "{found:?}");
    let truth = |o: Overall| o.g_true_single_member.unwrap().value.unwrap();
    let (combined, tail) = (truth(overall("regions 2-19")), truth(overall("region 20")));
    assert!(tail < combined && tail < 2.0, "true G of a member: {combined} in the bulk, {tail} in the tail");
}

#[test]
fn averaging_amplification_in_2d() {
    averaging(
        "ring-2d-averaging",
        [("region 2", 3.1, 1.0), ("regions 2-19", 8.3, 1.0), ("region 20", 1.5, 0.3)],
    );
}

#[test]
fn averaging_amplification_in_4d() {
    averaging(
        "ring-4d-averaging",
        [("region 2", 5.7, 0.9), ("regions 2-19", 17.0, 6.0), ("region 20", 2.8, 1.1)],
    );
}

/// Figs 10 and 11: the more a summary sees, the less the network amplifies; by the true ratio, not at all.
#[test]
fn differential_amplification_falls_with_the_power_of_the_summary() {
    for (config, most_by_true_ratio) in [("ring-2d-differential", 0.1), ("ring-4d-differential", 0.01)] {
        let results = scaled(config);
        let found = |summary: &str, reference: &str| {
            let wanted = |c: &&Cell| {
                c.name.summary == summary && c.name.selection == "bulk" && c.name.reference == reference
            };
            results.cells.iter().find(wanted).unwrap().clone()
        };
        let g = |summary: &str| found(summary, "holdout").overall.unwrap().g_mean.unwrap_or(f64::INFINITY);
        let (radius, classifier, truth) = (g("radius"), g("classifier-lr"), g("true-lr"));
        println!("{config}: G by the radius {radius}, the classifier {classifier}, the true ratio {truth}");
        assert!(radius > truth && classifier > 3.0 * truth, "{config}: {radius} {classifier} {truth}");
        assert!(truth < most_by_true_ratio, "{config}: {truth}");
        // What is compared with the training events themselves is never evidence.
        for summary in ["radius", "classifier-lr", "true-lr"] {
            let cell = found(summary, "training");
            assert!(cell.replicas.iter().all(|r| r.estimate.verdict == Verdict::InSample), "{summary}");
        }
    }
}
