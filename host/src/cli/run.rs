//! `amplicast run`, and `amplicast estimate`, which is a run of an experiment that it writes itself.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use amplicast_sdk::abi::{Caller, Kind};
use amplicast_sdk::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::arguments::{CalibrateCommand, EstimateCommand, RunCommand};
use super::calibration;
use super::check::{Ready, prepare, prepare_source};
use super::{EXIT_FAILED, EXIT_OK, EXIT_STOPPED, Process, usage};
use crate::calibration::Calibration;
use crate::config::Source;
use crate::pipeline::Run;
use crate::report;
use crate::results::{MemberRow, Results};
use crate::store::{Store, write_atomically};

/// Runs `amplicast run`.
pub fn run(command: &RunCommand, process: &Process) -> u8 {
    let ready = match prepare(&command.experiment, &command.set, &command.plugin_path, process) {
        Ok(ready) => ready,
        Err(error) => return usage(error),
    };
    let out =
        command.out.clone().unwrap_or_else(|| Path::new("runs").join(&ready.experiment.experiment.name));
    let out = process.path(&out);
    let place = Place { stages: &out, results: &out };
    finish(&ready, place, command.threads, process, |_| calibration::of_run(&out), show)
}

/// Runs `amplicast calibrate`: a run over several training sets in the folder `calibration` of the experiment's run, with which
/// it shares all stages.
pub fn calibrate(command: &CalibrateCommand, process: &Process) -> u8 {
    let run = &command.run;
    let mut set = run.set.clone();
    set.push(format!("experiment.replicas={}", command.replicas));
    let ready = match prepare(&run.experiment, &set, &run.plugin_path, process) {
        Ok(ready) => ready,
        Err(error) => return usage(error),
    };
    if let Err(error) = calibration::known_truth(&ready) {
        return usage(error);
    }
    let out = run.out.clone().unwrap_or_else(|| Path::new("runs").join(&ready.experiment.experiment.name));
    let out = process.path(&out);
    let folder = out.join(calibration::FOLDER);
    let place = Place { stages: &out, results: &folder };
    let calibrate = |results: &Results| calibration::store(&out, results).map(Some);
    finish(&ready, place, run.threads, process, calibrate, |found| {
        if let Some(calibration) = &found.calibration {
            println!("{}", report::calibration_table(calibration));
        }
        // The report of the run shows it too, if there is one.
        if out.join("results.json").exists() {
            println!("report: {}", calibration::rebuild(&out)?.1.display());
        }
        println!("report: {}", found.page.display());
        Ok(())
    })
}

/// Where a run works.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The folder of its stages, which it locks.
    stages: &'a Path,
    /// The folder of its results.
    results: &'a Path,
}

/// What a run found.
struct Found {
    results: Results,
    calibration: Option<Calibration>,
    /// Its report.
    page: PathBuf,
}

/// Runs `amplicast estimate`.
pub fn estimate(command: &EstimateCommand, process: &Process) -> u8 {
    match experiment_of_files(command, process) {
        Err(error) => usage(error),
        Ok(text) => {
            let ready = Source::parse(Path::new("the experiment of these arguments"), text)
                .and_then(|source| prepare_source(&source, &command.plugin_path, process));
            match ready {
                Err(error) => usage(error),
                Ok(ready) => {
                    let out = process.path(&command.out);
                    let place = Place { stages: &out, results: &out };
                    finish(&ready, place, command.threads, process, |_| calibration::of_run(&out), show)
                }
            }
        }
    }
}

/// The experiment that a call of `amplicast estimate` stands for, as TOML.
fn experiment_of_files(command: &EstimateCommand, process: &Process) -> Result<String> {
    let session = process.session(&command.plugin_path, &[]);
    let wrong = |what: String| Error::new(ErrorKind::Config, what);
    let names = |names: &[String]| (!names.is_empty()).then(|| json!(names));
    let (key, columns) = (&command.key, names(&command.columns));
    let rows = |file: &Path| -> Result<u64> {
        let entry = session.catalogue.find(Kind::Dataset, "events-file").map_err(wrong)?;
        let config = json!({"train": file, "key": key, "columns": columns}).to_string();
        let dataset = entry.component.dataset(&config, Caller::new("events-file", session.watch()))?;
        Ok(dataset.capacity(amplicast_sdk::Split::Training)?.unwrap_or(0))
    };
    let train = process.path(&command.train);
    let mut dataset = json!({
        "plugin": "events-file", "train": train, "key": key, "columns": columns, "particles": names(&command.particles),
    });
    if let Some(holdout) = &command.holdout {
        dataset["holdout"] = json!(process.path(holdout));
    }
    let members: Vec<PathBuf> = command.members.iter().map(|m| process.path(Path::new(m))).collect();
    // As many events as the longest member has, unless the user says; the run refuses shorter ones. That no file matches is
    // for the generator to say.
    let mut n_gen = command.events.unwrap_or(1);
    if command.events.is_none() {
        for pattern in &members {
            for file in glob::glob(&pattern.to_string_lossy()).into_iter().flatten().flatten() {
                n_gen = n_gen.max(rows(&file)?);
            }
        }
    }
    let mut summaries = Vec::new();
    for given in &command.summary {
        let (name, arguments) = given.split_once(':').unwrap_or((given, ""));
        let arguments: Vec<&str> =
            if arguments.is_empty() { Vec::new() } else { arguments.split(',').collect() };
        let entry = session
            .catalogue
            .find(Kind::Summary, name)
            .map_err(|e| wrong(format!("--summary {given}: {e}")))?;
        let caller = Caller::new(name, session.watch());
        let config = match entry.component.config_of_arguments(&arguments, &caller)? {
            Some(config) => config,
            None if arguments.is_empty() => "{}".into(),
            None => return Err(wrong(format!("--summary {given}: `{name}` does not take these arguments"))),
        };
        let mut table: Value = serde_json::from_str(&config).map_err(|e| wrong(e.to_string()))?;
        table["plugin"] = json!(name);
        table["name"] = json!(given);
        summaries.push(table);
    }
    let mut metrics = Vec::new();
    if !command.region.is_empty() {
        let mut intervals = Vec::new();
        for region in &command.region {
            let ends = region
                .split_once(':')
                .and_then(|(a, b)| Some((a.parse::<f64>().ok()?, b.parse::<f64>().ok()?)));
            let (low, high) =
                ends.ok_or_else(|| wrong(format!("--region {region}: expected LOW:HIGH, two numbers")))?;
            intervals.push(json!([low, high]));
        }
        metrics.push(json!({"plugin": "integral", "name": command.region.join(" "), "intervals": intervals}));
    }
    if let (Some(quantiles), Some(regions)) = (command.quantiles, &command.regions) {
        let name = format!("regions {regions} of {quantiles}");
        metrics.push(json!({"plugin": "integral", "name": name, "quantiles": quantiles, "regions": regions}));
    }
    let references =
        if command.holdout.is_some() { json!(["training", "holdout"]) } else { json!(["training"]) };
    metrics.push(json!({"plugin": "ks", "reference": references}));
    let experiment = json!({
        "experiment": {"name": "estimate", "n_train": rows(&train)?, "n_gen": n_gen},
        "dataset": dataset,
        "generator": [{
            "plugin": "samples", "members": members, "key": key, "columns": columns, "members_data": command.members_data,
        }],
        "summary": summaries,
        "metric": metrics,
    });
    to_toml(&experiment)
}

/// An experiment as TOML; `null` is an absent key.
fn to_toml(value: &Value) -> Result<String> {
    fn without_nulls(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_nulls(v))).collect()
            }
            Value::Array(list) => list.iter().map(without_nulls).collect(),
            other => other.clone(),
        }
    }
    toml_edit::ser::to_string_pretty(&without_nulls(value))
        .map_err(|e| Error::plugin(format!("the configuration cannot be written as TOML: {e}")))
}

/// What a finished run prints.
fn show(Found { results, calibration, page }: &Found) -> Result<()> {
    println!("{}", report::table(results));
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
    threads: Option<usize>,
    process: &Process,
    calibration: impl FnOnce(&Results) -> Result<Option<Calibration>>,
    show: impl FnOnce(&Found) -> Result<()>,
) -> u8 {
    let started = SystemTime::now();
    let threads = process.threads(threads);
    let lock = match folder(place.stages) {
        Ok(lock) => lock,
        Err(error) => return usage(error),
    };
    let outcome = execute(ready, place, started, threads, calibration)
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
            for cell in &results.cells {
                for failure in &cell.failures {
                    eprintln!("failed: {}: {failure}", report::cell_title(&cell.name));
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

/// Makes the run's folder, and sees to it that nothing else writes there.
fn folder(out: &Path) -> Result<std::fs::File> {
    std::fs::create_dir_all(out)
        .map_err(|e| Error::io(format!("cannot make the run's folder {}", out.display()), e))?;
    let path = out.join("lock");
    let lock = std::fs::File::create(&path)
        .map_err(|e| Error::io(format!("cannot write to {}", out.display()), e))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(_) => Err(Error::new(
            ErrorKind::Io,
            format!(
                "{}: another run is using this folder: wait for it, or choose another --out",
                out.display()
            ),
        )),
    }
}

fn execute(
    ready: &Ready,
    place: Place<'_>,
    started: SystemTime,
    threads: usize,
    calibration: impl FnOnce(&Results) -> Result<Option<Calibration>>,
) -> Result<Found> {
    let store = Store::open(&place.stages.join("stages"))?;
    let out = place.results;
    std::fs::create_dir_all(out)
        .map_err(|e| Error::io(format!("cannot make the folder {}", out.display()), e))?;
    let effective = to_toml(&ready.experiment.effective())?;
    write_atomically(&out.join("experiment.toml"), effective.as_bytes())?;
    let run = Run {
        session: &ready.session,
        store: &store,
        experiment: &ready.experiment,
        components: &ready.components,
        plan: &ready.plan,
    };
    let (results, rows) = run.execute()?;
    let json = serde_json::to_vec_pretty(&results).map_err(|e| Error::plugin(e.to_string()))?;
    write_atomically(&out.join("results.json"), &json)?;
    write_rows(&out.join("results.csv"), &rows)?;
    let provenance = provenance(ready, started, threads);
    let text = serde_json::to_vec_pretty(&provenance).map_err(|e| Error::plugin(e.to_string()))?;
    write_atomically(&out.join("provenance.json"), &text)?;
    let calibration = calibration(&results);
    // Without a calibration there is a report all the same.
    let known = calibration.as_ref().ok().and_then(Option::as_ref);
    let page = report::write(&results, &provenance, &effective, known, out)?;
    Ok(Found { calibration: calibration?, results, page })
}

fn write_rows(path: &Path, rows: &[MemberRow]) -> Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|e| Error::plugin(format!("{}: {e}", path.display())))?;
    }
    let bytes = writer.into_inner().map_err(|e| Error::plugin(format!("{}: {e}", path.display())))?;
    write_atomically(path, &bytes)
}

fn provenance(ready: &Ready, started: SystemTime, threads: usize) -> Value {
    let seconds = |t: SystemTime| t.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let mut plugins: Vec<Value> = Vec::new();
    for entry in &ready.session.catalogue.entries {
        let file = entry.library.path.file_name().map(|n| n.to_string_lossy().into_owned());
        let tag = &entry.library.tag;
        let one = json!({"file": file, "blake3": entry.library.hash, "sdk": tag.sdk, "rustc": tag.rustc});
        if !plugins.contains(&one) {
            plugins.push(one);
        }
    }
    json!({
        "amplicast": env!("CARGO_PKG_VERSION"),
        "target": amplicast_sdk::abi::Tag::own().target,
        "plugins": plugins,
        "seed": ready.experiment.experiment.seed,
        "threads": threads,
        "started": seconds(started),
        "finished": seconds(SystemTime::now()),
        "arguments": std::env::args().skip(1).collect::<Vec<_>>(),
    })
}
