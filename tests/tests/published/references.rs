//! What references and selections count, and that a finished run's effective configuration runs again.

use amplicast::results::Verdict;
use amplicast_tests::{GAUSSIAN, fits};

use crate::run::{cell, run};

const SIZES: &str = "
n_train = 2000
n_gen = 50_000
members = 5
left_out = 0.25
n_holdout = 3000
n_truth = 100_000
";

const TABLES: &str = r#"
[[selection]]
name = "positive"
cuts = [{ summary = "x", interval = [0.0, 100.0] }]

[[selection]]
name = "middle"
cuts = [{ summary = "x", quantiles = [0.25, 0.75] }]

[[metric]]
plugin = "ks"
reference = ["training", "left-out", "holdout"]
"#;

#[test]
fn references_and_selections_count_true_events() {
    let results = run(&fits(GAUSSIAN, SIZES, TABLES));
    assert_eq!(results.cells.len(), 6);
    for (reference, events) in [("training", 1500.0), ("left-out", 500.0), ("holdout", 3000.0)] {
        for cell in results.cells.iter().filter(|c| c.name.reference == reference) {
            let found = &cell.replicas[0];
            // Half of all events pass either cut; 4 standard deviations of a binomial.
            let near = |n: u64, all: f64| (n as f64 - all / 2.0).abs() < 2.0 * all.sqrt();
            assert!(near(found.n_reference, events), "{:?}: {}", cell.name, found.n_reference);
            // G counts every true event that was used and passes: the left-out ones as well.
            assert!(near(found.n_train_passed, 2000.0), "{:?}: {}", cell.name, found.n_train_passed);
            let last = found.curve.last().unwrap();
            assert!((last.n_passed - 25_000.0).abs() < 2000.0, "{:?}: {}", cell.name, last.n_passed);
            let in_sample = found.estimate.verdict == Verdict::InSample;
            assert_eq!(in_sample, reference == "training", "{:?}", cell.name);
        }
    }
    // 500 left-out events, half of which pass, cannot bound an n_equiv of many thousand from above.
    let left_out = cell(&results, "gaussian-fit", "ks", "left-out");
    assert_eq!(left_out.replicas[0].estimate.verdict, Verdict::AtLeast);
}
