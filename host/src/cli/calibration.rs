//! Where a run keeps its calibration, and the reports that show it.

use std::path::{Path, PathBuf};

use amplicast_sdk::{Error, ErrorKind, Result, Split};
use serde_json::Value;

use super::ready::Ready;
use crate::calibration::Calibration;
use crate::config::Source;
use crate::report;
use crate::results::Results;
use crate::store::{regular_file, write_atomically};
use crate::terminal;

/// The folder of a calibration's own results and report, in that of the run.
pub const FOLDER: &str = "calibration";
const FILE: &str = "calibration.json";

/// An error unless true events beyond the training sets are known.
pub fn known_truth(ready: &Ready) -> Result<()> {
    let dataset = ready.components.dataset.component.as_ref().map_err(Clone::clone)?;
    let endless = dataset.capacity(Split::Training)?.is_none();
    if endless || dataset.capacity(Split::Holdout)?.is_some_and(|n| n > 0) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Config,
        "expected a dataset with a known truth or a holdout, found neither: repeat the experiment with a trained model as \
         its truth, `plugin = \"trained-model\"`",
    ))
}

/// Makes the calibration of the run over several training sets in the folder `calibration` of `out`, and keeps it in both.
pub fn store(out: &Path, results: &Results) -> Result<Calibration> {
    let calibration = Calibration::of(results, &effective(&out.join(FOLDER))?);
    if calibration.cells.is_empty() {
        return Err(Error::data(
            "expected a cell with a result and a known truth, found none: a metric such as `integral` knows its truth, `ks` \
             needs a cell with the reference `truth` beside its own",
        ));
    }
    let bytes = serde_json::to_vec_pretty(&calibration).map_err(|e| Error::plugin(e.to_string()))?;
    write_atomically(&out.join(FILE), &bytes)?;
    write_atomically(&out.join(FOLDER).join(FILE), &bytes)?;
    Ok(calibration)
}

/// The same for a run that has just been made: one that cannot be read costs no result.
pub fn readable(run: &Path, results: &Results) -> Option<Calibration> {
    of_run(run, results).unwrap_or_else(|error| {
        eprintln!("warning: {error}; the report is without it");
        None
    })
}

/// The calibration in a folder, as far as it speaks for the cells of the run there.
fn of_run(run: &Path, results: &Results) -> Result<Option<Calibration>> {
    read(run)?.map(|calibration| speaking(&calibration, run, results)).transpose()
}

fn speaking(calibration: &Calibration, run: &Path, results: &Results) -> Result<Calibration> {
    Ok(calibration.of_the_same(&effective(run)?, results.cells.iter().map(|cell| &cell.name)))
}

/// The results of a finished run.
pub fn results(run: &Path) -> Result<Results> {
    let path = run.join(RESULTS);
    Results::read(finished(run, RESULTS)?.as_bytes()).map_err(|e| damaged(&path, &e))
}

const RESULTS: &str = "results.json";
const PROVENANCE: &str = "provenance.json";
const EXPERIMENT: &str = "experiment.toml";

/// The text of a file that every finished run has.
fn finished(run: &Path, name: &str) -> Result<String> {
    let path = run.join(name);
    let bytes = regular_file(&path)
        .map_err(|e| Error::io(format!("{}: expected a finished run", path.display()), e))?;
    String::from_utf8(bytes).map_err(|e| damaged(&path, &e))
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::data(format!("{}: is not what a run wrote ({error}): run it again", path.display()))
}

/// The effective experiment of a run.
fn effective(run: &Path) -> Result<Value> {
    Ok(Source::parse(&run.join(EXPERIMENT), finished(run, EXPERIMENT)?)?.json)
}

fn read(run: &Path) -> Result<Option<Calibration>> {
    let path = run.join(FILE);
    match regular_file(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path.display(), error)),
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| {
            Error::data(format!(
                "{}: is not what `amplicast calibrate` wrote ({e}): calibrate again",
                path.display()
            ))
        }),
    }
}

/// Takes over the calibration of another run.
pub fn take(run: &Path, from: &Path) -> Result<()> {
    let found = read(from)?.ok_or_else(|| {
        Error::data(format!(
            "{}: expected a calibration, found none: `amplicast calibrate` makes it",
            from.display()
        ))
    })?;
    if speaking(&found, run, &results(run)?)?.cells.is_empty() {
        return Err(Error::data(format!(
            "{}: expected a calibration of a cell with the same settings as in {}, found none",
            from.display(),
            run.display()
        )));
    }
    let bytes = serde_json::to_vec_pretty(&found).map_err(|e| Error::plugin(e.to_string()))?;
    write_atomically(&run.join(FILE), &bytes)
}

/// The report of a finished run again, from its results; the table of G, and the path of the page.
pub fn rebuild(run: &Path) -> Result<(String, PathBuf)> {
    let results = results(run)?;
    let provenance =
        serde_json::from_str(&finished(run, PROVENANCE)?).map_err(|e| damaged(&run.join(PROVENANCE), &e))?;
    let calibration = of_run(run, &results)?;
    let page = report::write(&results, &provenance, &finished(run, EXPERIMENT)?, calibration.as_ref(), run)?;
    Ok((report::table(&results, terminal::width()), page))
}
