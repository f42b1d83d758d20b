//! The upper-left panel of Fig. 10 of Bahl et al. 2025 from start to end, scaled down.

use std::path::Path;

use amplicast_sdk::Result;
use serde_json::Value;

use crate::peers::{Beside, Peers};
use crate::table::{Row, cost};
use crate::whole;

/// In names of rows.
pub const NAME: &str = "panel of Fig. 10";
/// The panel's experiment.
pub const EXPERIMENT: &str = "examples/paper/ring-2d-differential.toml";
const MEMBERS: u64 = 4;
const EVENTS: u64 = 2_000_000;
const REPETITIONS: usize = 3;

/// One training set, the training events as reference, and these sizes.
pub fn settings(members: u64, n_gen: u64) -> Vec<String> {
    vec![
        "metric.ks.reference=[\"training\"]".into(),
        "experiment.training_sets=1".into(),
        format!("experiment.members={members}"),
        format!("experiment.n_gen={n_gen}"),
    ]
}

/// Seconds of whole runs, both as processes of their own: against a script that takes the densities from the sampling, and
/// against one that computes them afterwards.
pub fn measure(folder: &Path, peers: &Peers) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for key in ["panel", "panel-apart"] {
        let mut last = None;
        let run =
            || whole::run(folder, EXPERIMENT, &settings(MEMBERS, EVENTS)).map(|whole| last = Some(whole));
        let Some(Beside { name, pairs }) = peers.in_turn(key, REPETITIONS, 1.0, run)? else { break };
        let what = format!("{NAME}, {MEMBERS} members of {:.0e} events", EVENTS as f64);
        let against = format!("{name}, {}", cost(&pairs.first, 1.0, "s"));
        rows.push(Row::new(&what, cost(&pairs.second, 1.0, "s"), against).times(pairs.ratio, Some(12.0)));
        if let Some(whole) = last {
            print_distances(&whole.results);
            let megabytes = whole.peak as f64 / 1e6;
            let peak = format!("peak memory {megabytes:.0} MB");
            rows.push(Row::new(what, peak, "").at_most(megabytes / 1e3, 1.0, "GB"));
        }
    }
    Ok(rows)
}

/// The distances of all events, to be compared with those of `panel.py`: other random numbers, the same size.
fn print_distances(results: &Value) {
    for cell in results["cells"].as_array().into_iter().flatten() {
        let distances = cell["replicas"][0]["curve"]["value"].as_array();
        let value = distances.and_then(|list| list.last()?.as_f64()).unwrap_or(f64::NAN);
        eprintln!("amplicast, KS distance, {}: {value:.4}", cell["name"]["summary"].as_str().unwrap_or("?"));
    }
}
