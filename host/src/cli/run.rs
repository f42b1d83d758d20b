//! `amplicast run`, and `amplicast estimate`, which is a run of an experiment that it writes itself.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use amplicast_sdk::{Error, ErrorKind, Result};
use rustix::fs::OFlags;
use serde::Serialize;
use serde_json::Value;

use super::arguments::{CalibrateCommand, Plugins, RunCommand};
use super::calibration;
use super::estimate::{Asked, experiment_of_files};
use super::estimate_arguments::EstimateCommand;
use super::exports;
use super::process::{Process, refused, usage};
use super::provenance::{instruction_set, provenance};
use super::ready::{Ready, prepare, prepare_source};
use super::to_toml::to_toml;
use crate::calibration::Calibration;
use crate::config::{Options, Source};
use crate::exit::{EXIT_FAILED, EXIT_OK, EXIT_STOPPED};
use crate::pipeline::{self, Generated, Outcome};
use crate::report;
use crate::results::{CellRows, Results, table_rows};
use crate::store::{Store, remove_leftovers, write_atomically, write_in_pieces};
use crate::terminal;
use crate::workflow::{self, MadeWith};

/// Runs `amplicast run`.
pub fn run(command: &RunCommand, process: &Process) -> u8 {
    run_and(command, process, |found, _| show(found))
}

/// Runs `amplicast demonstrate`: a run whose cells show predicted errors, their validation, and what they improve.
pub fn demonstrate(command: &RunCommand, process: &Process) -> u8 {
    run_and(command, process, |found, out| {
        let text = report::demonstrations(&found.results, terminal::width());
        if text.is_empty() {
            println!(
                "nothing to demonstrate: expected an averaging metric with members that know their events (`halves`), found none"
            );
        }
        print!("{text}");
        let folder = out.join("exports");
        for name in exports::write(&found.histograms, &folder)? {
            println!("histogram with its covariance: {}", folder.join(name).display());
        }
        println!("report: {}", found.page.display());
        Ok(())
    })
}

fn run_and(command: &RunCommand, process: &Process, show: impl FnOnce(&Found, &Path) -> Result<()>) -> u8 {
    let ready = match prepare(&command.experiment, &command.set, &command.plugins, command.threads, process) {
        Ok(ready) => ready,
        Err(error) => return refused(error),
    };
    let (out, others) = folders(&command.out, &ready, process);
    let place = Place { stages: &out, others: &others, results: &out };
    finish(&ready, place, |results| Ok(calibration::readable(&out, results)), |found| show(found, &out))
}

/// Runs `amplicast calibrate`: a run over several training sets in the folder `calibration` of the experiment's run, with which
/// it shares all stages.
pub fn calibrate(command: &CalibrateCommand, process: &Process) -> u8 {
    let run = &command.run;
    let mut set = run.set.clone();
    set.push(format!("experiment.training_sets={}", command.training_sets));
    let ready = match prepare(&run.experiment, &set, &run.plugins, run.threads, process) {
        Ok(ready) => ready,
        Err(error) => return refused(error),
    };
    if let Err(error) = calibration::known_truth(&ready) {
        return usage(error);
    }
    let (out, others) = folders(&run.out, &ready, process);
    let folder = out.join(calibration::FOLDER);
    let place = Place { stages: &out, others: &others, results: &folder };
    let calibrate = |results: &Results| calibration::store(&out, results).map(Some);
    finish(&ready, place, calibrate, |found| {
        if let Some(calibration) = &found.calibration {
            println!("{}", report::calibration_table(calibration, terminal::width()));
        }
        // The report of the run shows it too, if there is one.
        if out.join("results.json").exists() {
            println!("report: {}", calibration::rebuild(&out)?.1.display());
        }
        println!("report: {}", found.page.display());
        Ok(())
    })
}

/// The folder of a run's stages in its own.
pub const STAGES: &str = "stages";

/// The folder of a run; without `--out` it has the experiment's name, and the stages of runs beside it that have the same dataset
/// and seed: those of the same experiment under another name among them.
pub fn folders(out: &Option<PathBuf>, ready: &Ready, process: &Process) -> (PathBuf, Vec<PathBuf>) {
    if let Some(out) = out {
        return (process.path(out), Vec::new());
    }
    let runs = process.path(Path::new("runs"));
    let own = runs.join(&ready.experiment.experiment.name);
    let events = |effective: &Value| [effective["dataset"].clone(), effective["experiment"]["seed"].clone()];
    let wanted = events(&ready.experiment.effective());
    let same = |run: &PathBuf| {
        let file = run.join("experiment.toml");
        let source = std::fs::read_to_string(&file).ok().and_then(|text| Source::parse(&file, text).ok());
        *run != own && source.is_some_and(|source| events(&source.json) == wanted)
    };
    let list = std::fs::read_dir(&runs).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut others: Vec<PathBuf> = list.filter(same).map(|run| run.join(STAGES)).collect();
    others.sort();
    (own, others)
}

/// Where a run works.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The folder of its stages, which it locks.
    stages: &'a Path,
    /// The stages of runs of the same events.
    others: &'a [PathBuf],
    /// The folder of its results.
    results: &'a Path,
}

/// What a run found.
struct Found {
    results: Results,
    calibration: Option<Calibration>,
    histograms: Vec<Generated>,
    /// Its report.
    page: PathBuf,
}

/// What `amplicast estimate` makes its experiment of: an error in a value is said of the option.
const OPTIONS: Options = &[
    ("dataset.train", "--train"),
    ("dataset.holdout", "--holdout"),
    ("dataset.key", "--train-key"),
    ("dataset.default_key", "--key"),
    ("dataset.holdout_key", "--holdout-key"),
    ("dataset.layout", "--train-layout"),
    ("dataset.holdout_layout", "--holdout-layout"),
    ("dataset.columns", "--columns"),
    ("dataset.particles", "--particles"),
    ("generator.members", "--members"),
    ("generator.key", "--members-key"),
    ("generator.default_key", "--key"),
    ("generator.layout", "--members-layout"),
    ("generator.columns", "--columns"),
    ("generator.weights", "--members-weights"),
    ("generator.weights_file", "--members-weights-file"),
    ("generator.members_data", "--members-data"),
    ("generator.members_rows", "--members-rows"),
    ("generator.members_full", "--full"),
    ("experiment.n_train", "--train"),
    ("experiment.n_gen", "--events"),
    ("summary", "--summary"),
    ("metric.intervals", "--region"),
    ("metric.quantiles", "--quantiles"),
    ("metric.regions", "--regions"),
    ("metric.reference", "--holdout"),
];

/// Runs `amplicast estimate`.
pub fn estimate(command: &EstimateCommand, process: &Process) -> u8 {
    let Asked { experiment, lengths } = match experiment_of_files(command, process) {
        Ok(asked) => asked,
        Err(error) => return refused(error),
    };
    let plugins = Plugins { plugin_path: command.plugin_path.clone(), trust_plugins: false };
    let ready = Source::of_options(experiment, OPTIONS)
        .and_then(|source| prepare_source(&source, &plugins, command.threads, process));
    let ready = match ready {
        Ok(ready) => ready,
        Err(error) => return refused(error),
    };
    if let Err(error) = lengths {
        return usage(error);
    }
    let out = process.path(&command.out);
    let place = Place { stages: &out, others: &[], results: &out };
    finish(&ready, place, |results| Ok(calibration::readable(&out, results)), show)
}

/// What a finished run prints.
fn show(Found { results, calibration, page, .. }: &Found) -> Result<()> {
    println!("{}", report::table(results, terminal::width()));
    for cell in &results.cells {
        if let Some(sentence) = calibration.as_ref().and_then(|c| c.sentence(&cell.name)) {
            println!(
                "{}: estimated {}; {sentence}",
                report::cell_title(&cell.name),
                report::amplification(cell)
            );
        }
    }
    for warning in &results.warnings {
        println!("warning: {warning}");
    }
    println!("report: {}", page.display());
    Ok(())
}

fn finish(
    ready: &Ready,
    place: Place<'_>,
    calibration: impl FnOnce(&Results) -> Result<Option<Calibration>>,
    show: impl FnOnce(&Found) -> Result<()>,
) -> u8 {
    let started = SystemTime::now();
    let begun = folder(place.stages).and_then(|lock| Ok((lock, stages(place)?)));
    let (lock, store) = match begun {
        Ok(begun) => begun,
        Err(error) => return usage(error),
    };
    let outcome = execute(ready, place, &store, started, calibration)
        .and_then(|found| show(&found).map(|()| found.results));
    drop(lock);
    match outcome {
        Err(error) if error.kind() == ErrorKind::Cancelled => {
            eprintln!("stopped; the same command goes on from here");
            EXIT_STOPPED
        }
        Err(error) => {
            eprintln!("error: {error}");
            EXIT_FAILED
        }
        Ok(results) => {
            for (failure, cells) in failures(&results) {
                match &cells[..] {
                    [cell] => eprintln!("failed: {cell}: {failure}"),
                    cells => eprintln!("failed: {} cells: {failure}\n  {}", cells.len(), cells.join("\n  ")),
                }
            }
            // No part of the results: a run that finds everything stored meets no such destructor.
            let dropped = ready.session.catalogue.drop_errors();
            for error in &dropped {
                eprintln!("failed: a plugin panicked while it was cleaning up: {error}");
            }
            let whole = dropped.is_empty() && results.cells.iter().all(|c| c.failures.is_empty());
            if whole { EXIT_OK } else { EXIT_FAILED }
        }
    }
}

/// Every reason why a cell has no result, once, with the cells that it keeps from one.
fn failures(results: &Results) -> Vec<(&str, Vec<String>)> {
    let mut found: Vec<(&str, Vec<String>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for cell in &results.cells {
        for failure in &cell.failures {
            let place = *places.entry(failure).or_insert(found.len());
            if place == found.len() {
                found.push((failure, Vec::new()));
            }
            found[place].1.push(report::cell_title(&cell.name));
        }
    }
    found
}

/// Makes the run's folder, and sees to it that nothing else writes there.
pub fn folder(out: &Path) -> Result<File> {
    std::fs::create_dir_all(out)
        .map_err(|e| Error::io(format!("cannot make the run's folder {}", out.display()), e))?;
    let path = out.join("lock");
    // A link of this name would have another file opened. That it is none is seen again when it is opened.
    if path.is_symlink() {
        return Err(Error::new(
            ErrorKind::Io,
            format!("{}: expected a file of the run's own, found a link: remove it", path.display()),
        ));
    }
    let no_follow = OFlags::NOFOLLOW.bits() as i32;
    let lock = File::options().write(true).create(true).truncate(false).custom_flags(no_follow).open(&path);
    let lock = lock.map_err(|e| Error::io(format!("cannot write to {}: lock", out.display()), e))?;
    match lock.try_lock() {
        Ok(()) => (),
        Err(TryLockError::WouldBlock) => {
            let message = "another run is using this folder: wait for it, or choose another --out";
            return Err(Error::new(ErrorKind::Io, format!("{}: {message}", out.display())));
        }
        Err(TryLockError::Error(error)) => eprintln!(
            "warning: {}: its file system cannot lock files ({error}): see to it that no other run uses this folder",
            out.display()
        ),
    }
    remove_leftovers(out);
    Ok(lock)
}

/// The stages of a run, and of those that it may take over from. Says it if they were computed by another kind of processor.
fn stages(place: Place<'_>) -> Result<Store> {
    let folder = place.stages.join(STAGES);
    let store = Store::open(&folder)?.with_others(place.others.to_vec());
    let here = instruction_set();
    if let Some(there) = store.made_with(&here)? {
        eprintln!(
            "warning: {}: computed with the instructions {there}, this processor has {here}: what is added may differ from \
             one run's in its last digits",
            folder.display()
        );
    }
    Ok(store)
}

fn execute(
    ready: &Ready,
    place: Place<'_>,
    store: &Store,
    started: SystemTime,
    calibration: impl FnOnce(&Results) -> Result<Option<Calibration>>,
) -> Result<Found> {
    let out = place.results;
    std::fs::create_dir_all(out)
        .map_err(|e| Error::io(format!("cannot make the folder {}", out.display()), e))?;
    // Of a run that was killed while it wrote. What a link leads to is nobody's business here.
    for folder in [out.to_path_buf(), out.join("figures")].iter().filter(|folder| !folder.is_symlink()) {
        remove_leftovers(folder);
    }
    let effective = to_toml(&ready.experiment.effective())?;
    expect_its_workflow(ready, &effective, out)?;
    write_atomically(&out.join("experiment.toml"), effective.as_bytes())?;
    let setting = ready.setting(store);
    let Outcome { results, rows, histograms } = pipeline::run(&setting)?;
    write_in_pieces(&out.join("results.json"), |to| results.write(to))?;
    write_rows(&out.join("results.csv"), rows.iter().flat_map(CellRows::rows))?;
    drop(rows);
    write_rows(&out.join("table.csv"), table_rows(&results))?;
    let provenance = provenance(ready, started);
    let text = serde_json::to_vec_pretty(&provenance).map_err(|e| Error::plugin(e.to_string()))?;
    write_atomically(&out.join("provenance.json"), &text)?;
    let calibration = calibration(&results);
    // Without a calibration there is a report all the same.
    let known = calibration.as_ref().ok().and_then(Option::as_ref);
    let page = report::write(&results, &provenance, &effective, known, out)?;
    Ok(Found { calibration: calibration?, histograms, results, page })
}

/// An error if the folder holds the workflow of something else: its jobs would be done with this experiment, or be refused.
fn expect_its_workflow(ready: &Ready, effective: &str, out: &Path) -> Result<()> {
    let Ok(asked) = workflow::Asked::read(out) else { return Ok(()) };
    match asked.differs(MadeWith::here(&ready.components, instruction_set()), effective, true) {
        None => Ok(()),
        Some(difference) => Err(Error::new(
            ErrorKind::Config,
            format!(
                "{}: it holds the workflow of another experiment, or with other plugins ({difference}): choose another --out, or write \
                 the workflow again with this one",
                out.display()
            ),
        )),
    }
}

/// Writes a table.
pub fn write_rows<R: Serialize>(path: &Path, rows: impl IntoIterator<Item = R>) -> Result<()> {
    write_in_pieces(path, |to| {
        let mut writer = csv::Writer::from_writer(to);
        rows.into_iter().try_for_each(|row| writer.serialize(row))?;
        writer.flush()
    })
}
