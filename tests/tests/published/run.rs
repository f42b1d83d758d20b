//! Runs an experiment with the built program and reads its results.

use std::sync::Arc;

use amplicast::plugins::{Catalogue, Loading};
use amplicast::results::{Cell, Results};
use amplicast::supervise::Journal;
use amplicast_tests::{Finished, Place, built, target_folder};

/// The built plugins.
pub fn catalogue() -> Catalogue {
    let loading = Loading { journal: &Arc::new(Journal::new(None)), failures: &[] };
    Catalogue::of_folders(vec![target_folder()], loading, &|| false)
}

/// Runs an experiment given as text; panics with the program's words if a cell has no result.
pub fn run(experiment: &str) -> Results {
    let place = Place::new();
    let file = place.write("experiment.toml", experiment).display().to_string();
    run_file(&place, &file, &[])
}

/// Runs an experiment file with more arguments.
pub fn run_file(place: &Place, file: &str, more: &[&str]) -> Results {
    let arguments = [&["run", file, "--out", "run"], more].concat();
    let output = place.command_of(&built("amplicast"), &arguments).output().expect("the host can be started");
    Finished::of(output).expect(0);
    let bytes = std::fs::read(place.path("run/results.json")).expect("results");
    serde_json::from_slice(&bytes).expect("results")
}

/// The cell of this generator, metric and reference.
pub fn cell<'a>(results: &'a Results, generator: &str, metric: &str, reference: &str) -> &'a Cell {
    let wanted = |c: &&Cell| {
        c.name.generator == generator
            && c.name.metric == metric
            && (reference.is_empty() || c.name.reference == reference)
    };
    results.cells.iter().find(wanted).unwrap()
}

/// Mean over replicas of a number, with the error of the mean.
pub fn mean(cell: &Cell, number: impl Fn(&amplicast::results::CellReplica) -> f64) -> (f64, f64) {
    let values: Vec<f64> = cell.replicas.iter().map(number).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}
