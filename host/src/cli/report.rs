//! `amplicast report`: the report of a run again, from its results.

use std::path::Path;

use amplicast_sdk::{Error, Result};

use super::arguments::ReportCommand;
use super::{EXIT_OK, usage};
use crate::report;
use crate::results::Results;

/// Runs the command.
pub fn report(command: &ReportCommand) -> u8 {
    match rebuild(&command.run) {
        Err(error) => usage(error),
        Ok((table, page)) => {
            println!("{table}");
            println!("report: {}", page.display());
            EXIT_OK
        }
    }
}

fn rebuild(run: &Path) -> Result<(String, std::path::PathBuf)> {
    let read = |name: &str| {
        let path = run.join(name);
        std::fs::read_to_string(&path)
            .map_err(|e| Error::io(format!("{}: expected a finished run", path.display()), e))
    };
    let unreadable = |e: serde_json::Error| Error::data(format!("{}: {e}", run.display()));
    let results: Results = serde_json::from_str(&read("results.json")?).map_err(unreadable)?;
    let provenance = serde_json::from_str(&read("provenance.json")?).map_err(unreadable)?;
    let page = report::write(&results, &provenance, &read("experiment.toml")?, run)?;
    Ok((report::table(&results), page))
}
