//! `amplicast compare`: the same questions in several finished runs, such as one for each number of training events.

use std::path::{Path, PathBuf};

use amplicast_sdk::{Error, Result};
use serde::Serialize;

use super::arguments::CompareCommand;
use super::calibration::results;
use super::process::usage;
use super::report::on_threads;
use super::run::write_rows;
use crate::exit::EXIT_OK;
use crate::report::{Run, across, write_across};
use crate::results::{TableRow, table_rows};
use crate::terminal;

/// Compares finished runs.
pub fn compare(command: &CompareCommand) -> u8 {
    on_threads(|| match compared(command) {
        Err(error) => usage(error),
        Ok((table, page)) => {
            println!("{table}");
            println!("report: {}", page.display());
            EXIT_OK
        }
    })
}

/// A row of `compared.csv`: whose it is, and the row of the run's own `table.csv`.
#[derive(Serialize)]
struct Named<'a> {
    run: &'a str,
}

fn compared(command: &CompareCommand) -> Result<(String, PathBuf)> {
    let short = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let of_that_name = |name: &Option<String>| command.runs.iter().filter(|run| short(run) == *name).count();
    let read = |path: &PathBuf| {
        let name = short(path).filter(|name| of_that_name(&Some(name.clone())) == 1);
        Ok(Run { name: name.unwrap_or_else(|| path.display().to_string()), results: results(path)? })
    };
    let runs: Vec<Run> = command.runs.iter().map(read).collect::<Result<_>>()?;
    let table = across(&runs, terminal::width()).ok_or_else(|| {
        Error::data(
            "expected a cell of the same name (generator, posterior, summary, selection, metric, reference) in two of these runs, found none",
        )
    })?;
    let out = &command.out;
    std::fs::create_dir_all(out)
        .map_err(|e| Error::io(format!("cannot make the folder {}", out.display()), e))?;
    let rows = runs
        .iter()
        .flat_map(|run| table_rows(&run.results).into_iter().map(|row| (Named { run: &run.name }, row)));
    write_rows(&out.join("compared.csv"), rows.collect::<Vec<(Named<'_>, TableRow)>>())?;
    Ok((table, write_across(&runs, out)?))
}
