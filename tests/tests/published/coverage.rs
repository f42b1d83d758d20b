//! How often the interval of an averaging estimate holds what infinitely many members would give.

use std::f64::consts::PI;

use amplicast::results::{CellReplica, Interval};
use amplicast_tests::{GAUSSIAN, fits};

use crate::run::{cell, run};

/// On the half line dI/dmu does not depend on mu to first order, so that all training sets have the same limit.
fn experiment(members: u64) -> String {
    let sizes = format!(
        "n_train = 5000\nn_gen = 100_000\nmembers = {members}\ntraining_sets = {REPLICAS}\ncheckpoints = 1\nn_truth = 1000"
    );
    fits(GAUSSIAN, &sizes, "[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 100.0]]")
}

const REPLICAS: u64 = 400;

/// Eqs 14-18 of Bahl et al. 2025 with the interval of docs/decisions/estimate.md: coverage within binomial error.
fn check(members: u64) {
    let results = run(&experiment(members));
    let cell = cell(&results, "gaussian-fit", "integral", "");
    // The posterior of bootstrapped fits has the width of the mean: G = I (1 - I) / (dI/dmu)^2 = pi/2.
    let truth = PI / 2.0;
    let covers = |interval: &dyn Fn(&CellReplica) -> Interval| {
        let held = |r: &&CellReplica| {
            let interval = interval(r);
            interval.low.is_none_or(|low| low <= truth) && interval.high.is_none_or(|high| truth <= high)
        };
        cell.replicas.iter().filter(held).count() as f64 / REPLICAS as f64
    };
    assert_eq!(cell.replicas.len() as u64, REPLICAS);
    for (level, found) in [
        (0.68, covers(&|r| r.of_the_spread().interval_68)),
        (0.95, covers(&|r| r.of_the_spread().interval_95)),
    ] {
        // The width of the bootstrap itself scatters by 1 % over training sets, far less than the intervals' 20 %.
        let error = (level * (1.0 - level) / REPLICAS as f64).sqrt();
        println!("{members} members: {found} held, expected {level} +- {error}");
        assert!(
            (found - level).abs() < 3.0 * error,
            "{members} members: {found}, expected {level} +- {error}"
        );
    }
}

#[test]
fn the_interval_of_ten_members_covers() {
    check(10);
}

#[test]
fn the_interval_of_fifty_members_covers() {
    check(50);
}
