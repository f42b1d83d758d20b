//! Where a run keeps its calibration, and the reports that show it.

use std::path::{Path, PathBuf};

use amplicast_sdk::{Error, ErrorKind, Result, Split};
use serde_json::Value;

use super::check::Ready;
use crate::calibration::Calibration;
use crate::config::Source;
use crate::report;
use crate::results::Results;
use crate::store::write_atomically;
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

/// The calibration in a folder, as far as it speaks for the cells of the run there.
pub fn of_run(run: &Path, results: &Results) -> Result<Option<Calibration>> {
    read(run)?.map(|calibration| speaking(&calibration, run, results)).transpose()
}

fn speaking(calibration: &Calibration, run: &Path, results: &Results) -> Result<Calibration> {
    Ok(calibration.of_the_same(&effective(run)?, results.cells.iter().map(|cell| &cell.name)))
}

fn results(run: &Path) -> Result<Results> {
    let path = run.join("results.json");
    let text = std::fs::read_to_string(&path)
        .map_err(|e| Error::io(format!("{}: expected a finished run", path.display()), e))?;
    serde_json::from_str(&text).map_err(|e| Error::data(format!("{}: {e}", path.display())))
}

/// The effective experiment of a run.
fn effective(run: &Path) -> Result<Value> {
    let file = run.join("experiment.toml");
    let text = std::fs::read_to_string(&file).map_err(|e| Error::io(file.display(), e))?;
    Ok(Source::parse(&file, text)?.json)
}

fn read(run: &Path) -> Result<Option<Calibration>> {
    let path = run.join(FILE);
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path.display(), error)),
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|e| Error::data(format!("{}: {e}; calibrate again", path.display()))),
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
    let read = |name: &str| {
        let path = run.join(name);
        std::fs::read_to_string(&path)
            .map_err(|e| Error::io(format!("{}: expected a finished run", path.display()), e))
    };
    let unreadable = |e: serde_json::Error| Error::data(format!("{}: {e}", run.display()));
    let results = results(run)?;
    let provenance = serde_json::from_str(&read("provenance.json")?).map_err(unreadable)?;
    let calibration = of_run(run, &results)?;
    let page = report::write(&results, &provenance, &read("experiment.toml")?, calibration.as_ref(), run)?;
    Ok((report::table(&results, terminal::width()), page))
}
