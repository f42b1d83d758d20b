//! Runs an experiment with the built program and reads its results.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use amplicast::plugins::Catalogue;
use amplicast::results::{Cell, Results};
use amplicast_sdk::abi::{Unwatched, Watch};

/// The folder of the built program and plugins.
pub fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(|deps| deps.parent()).unwrap().to_path_buf()
}

/// The built plugins.
pub fn catalogue() -> Catalogue {
    let watch: Arc<dyn Watch> = Arc::new(Unwatched);
    Catalogue::load(vec![built()], &[], &watch)
}

/// Runs an experiment given as text; panics with the program's words if a cell has no result.
pub fn run(experiment: &str) -> Results {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("experiment.toml");
    std::fs::write(&file, experiment).unwrap();
    let out = folder.path().join("run");
    let done = Command::new(built().join("amplicast"))
        .args(["run".as_ref(), file.as_os_str(), "--out".as_ref(), out.as_os_str()])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&std::fs::read(out.join("results.json")).unwrap()).unwrap()
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
