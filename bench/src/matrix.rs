//! A matrix of 2000 cells: what it leaves, and how long it takes to find that everything is there.

use std::path::Path;
use std::time::Instant;

use amplicast_sdk::{Error, Result};

use crate::table::Row;
use crate::whole;

const EXPERIMENT: &str = "bench/matrix.toml";
const CELLS: usize = 2000;
/// Megabytes.
const RESULTS: f64 = 10.0;
const REPORT: f64 = 5.0;
const MEMORY: f64 = 150.0;
/// Seconds.
const AGAIN: f64 = 5.0;
/// The first run in units of the second: little to compute, and thousands of figures.
const RATIO: f64 = 3.0;

/// The sizes of its results and its report, and the second run against the first.
pub fn measure(folder: &Path) -> Result<Vec<Row>> {
    let io = |error| Error::io("cannot measure the matrix", error);
    let out = tempfile::tempdir().map_err(io)?;
    let run = || {
        let start = Instant::now();
        whole::run_in(out.path(), folder, EXPERIMENT, &[]).map(|whole| (whole, start.elapsed().as_secs_f64()))
    };
    let (_, first) = run()?;
    let (whole, again) = run()?;
    let cells = whole.results["cells"].as_array().map_or(0, Vec::len);
    if cells != CELLS {
        return Err(Error::data(format!("{EXPERIMENT}: expected {CELLS} cells, found {cells}")));
    }
    let what = |what: &str| format!("matrix of {CELLS} cells, {what}");
    let size = |name: &str| -> Result<f64> {
        Ok(std::fs::metadata(out.path().join(name)).map_err(io)?.len() as f64 / 1e6)
    };
    let file = |name: &str, bound: f64| -> Result<Row> {
        let megabytes = size(name)?;
        Ok(Row::new(what(name), format!("{megabytes:.1} MB"), "").at_most(megabytes, bound, "MB"))
    };
    let seconds = format!("{again:.1} s");
    let peak = whole.peak as f64 / 1e6;
    Ok(vec![
        file("results.json", RESULTS)?,
        file("report.html", REPORT)?,
        Row::new(what("again"), seconds.clone(), "").at_most(again, AGAIN, "s"),
        Row::new(what("again"), seconds, format!("the first run, {first:.1} s"))
            .times(first / again, Some(RATIO)),
        Row::new(what("peak memory of that"), format!("{peak:.0} MB"), "").at_most(peak, MEMORY, "MB"),
    ])
}
