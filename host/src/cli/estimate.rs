//! What `amplicast estimate` asks, as the experiment that it stands for.

use std::path::PathBuf;

use amplicast_sdk::abi::Kind;
use amplicast_sdk::{Error, ErrorKind, Extended, ReferenceUse, Result, Split};
use serde_json::{Value, json};

use super::estimate_arguments::EstimateCommand;
use super::process::Process;
use super::reading_arguments::some;
use super::to_toml::to_toml;
use crate::session::Session;

/// What a call of `amplicast estimate` stands for.
pub struct Asked {
    /// The experiment as TOML.
    pub experiment: String,
    /// Whether its members have the events that are asked for. Said after what is wrong with their numbers.
    pub lengths: Result<()>,
}

/// The experiment that a call of `amplicast estimate` stands for.
///
/// What can be wrong with files, apart from their numbers, is said in the words of the command line.
pub fn experiment_of_files(command: &EstimateCommand, process: &Process) -> Result<Asked> {
    let session = process.session(&command.plugin_path, &[])?;
    let (mut dataset, mut generator) = (dataset(command, process)?, generator(command, process)?);
    let n_train = training_events(&session, &dataset).map_err(|error| in_options(error, "train"))?;
    let members = members(&session, &generator).map_err(|error| in_options(error, "members"))?;
    let (n_gen, lengths) = events_of_each(command.events, &members);
    let summaries =
        command.summary.iter().map(|given| summary(&session, given)).collect::<Result<Vec<_>>>()?;
    let metrics = metrics(&session, command)?;
    dataset["plugin"] = json!("events-file");
    generator["plugin"] = json!("samples");
    // The host's key, not the generator's.
    generator["members_data"] = json!(command.members_data);
    for (key, list) in [("members_rows", &command.members_rows), ("members_full", &command.full)] {
        let patterns = list.iter().map(|m| process.pattern(m)).collect::<Result<Vec<_>>>()?;
        generator[key] = json!(some(&patterns));
    }
    let experiment = to_toml(&json!({
        "experiment": {"name": "estimate", "n_train": n_train, "n_gen": n_gen},
        "dataset": dataset,
        "generator": [generator],
        "summary": summaries,
        "metric": metrics,
    }))?;
    Ok(Asked { experiment, lengths })
}

fn wrong(what: String) -> Error {
    Error::new(ErrorKind::Config, what)
}

/// The configuration of the true events.
fn dataset(command: &EstimateCommand, process: &Process) -> Result<Value> {
    let layout = |own: &Option<String>| own.clone().or_else(|| command.momenta.layout.clone());
    let written = |path: &Option<PathBuf>| path.as_ref().map(|path| process.written(path)).transpose();
    let mut config = command.reading.dataset(&command.train, process)?;
    command.groups.add_to(&mut config, process)?;
    for (key, value) in [
        ("key", json!(command.train_key)),
        ("default_key", json!(command.key)),
        ("holdout", json!(written(&command.holdout)?)),
        ("holdout_key", json!(command.holdout_key)),
        ("particles", json!(some(&command.momenta.particles))),
        ("layout", json!(layout(&command.train_layout))),
        ("holdout_layout", json!(layout(&command.holdout_layout))),
        ("holdout_weights", json!(command.holdout_weights)),
        ("holdout_weights_file", json!(written(&command.holdout_weights_file)?)),
        ("holdout_groups", json!(command.holdout_groups)),
        ("holdout_groups_file", json!(written(&command.holdout_groups_file)?)),
    ] {
        config[key] = value;
    }
    Ok(config)
}

/// The configuration of the members.
fn generator(command: &EstimateCommand, process: &Process) -> Result<Value> {
    // Fits to all events come first: they speak for the generator.
    let members = command.full.iter().chain(&command.members);
    let members = members.map(|m| process.pattern(m)).collect::<Result<Vec<_>>>()?;
    let weights = command.full_weights_file.iter().chain(&command.members_weights_file);
    let weights = weights.map(|m| process.pattern(m)).collect::<Result<Vec<_>>>()?;
    for (option, files, of) in [
        ("--full-weights-file", &command.full_weights_file, &command.full),
        ("--members-weights-file", &command.members_weights_file, &command.members),
    ] {
        if !weights.is_empty() && files.len() != of.len() {
            let message =
                format!("expected a path or pattern for each of {}, found {}", of.len(), files.len());
            return Err(Error::config(option, message));
        }
    }
    Ok(json!({
        "members": members,
        "key": command.members_key,
        "default_key": command.key,
        "columns": some(&command.reading.columns),
        "layout": command.members_layout.as_ref().or(command.momenta.layout.as_ref()),
        "select": some(&command.reading.select),
        "weights": command.members_weights,
        "weights_file": some(&weights),
    }))
}

/// A configuration with which files are opened, but not read: the run does that once.
fn unverified(config: &Value) -> String {
    let mut config = config.clone();
    config["verify"] = json!(false);
    config.to_string()
}

fn training_events(session: &Session, config: &Value) -> Result<u64> {
    let entry = session.catalogue.find(Kind::Dataset, "events-file").map_err(wrong)?;
    let caller = session.caller(Kind::Dataset, "events-file")?;
    let dataset = entry.component.dataset(&unverified(config), caller)?;
    Ok(dataset.capacity(Split::Training)?.unwrap_or(0))
}

fn members(session: &Session, config: &Value) -> Result<Vec<(String, u64)>> {
    let entry = session.catalogue.find(Kind::Generator, "samples").map_err(wrong)?;
    let caller = session.caller(Kind::Generator, "samples")?;
    entry.component.generator(&unverified(config), caller)?.own_events()
}

/// An error at a field of the configuration of `file`, at the option that it comes from.
fn in_options(error: Error, file: &str) -> Error {
    if error.kind() != ErrorKind::Config {
        return error;
    }
    let option = match error.place() {
        field @ ("key" | "layout") => format!("--{file}-{field}"),
        "weights" if file == "members" => "--members-weights".into(),
        field if file == "members" && field.starts_with("weights_file") => "--members-weights-file".into(),
        field if field.starts_with("members[") => "--members".into(),
        // Rows are all of the file.
        field if field.ends_with("_rows") => format!("--{}", field.trim_end_matches("_rows")),
        field => format!("--{}", field.replace('_', "-")),
    };
    Error::config(option, error.message())
}

/// Events to take of each member: all if they have one length; otherwise what the shortest has, and an error.
fn events_of_each(wanted: Option<u64>, members: &[(String, u64)]) -> (u64, Result<()>) {
    let shortest = members.iter().min_by_key(|(_, events)| *events);
    let longest = members.iter().rev().max_by_key(|(_, events)| *events);
    let Some(((short, least), (long, most))) = shortest.zip(longest) else {
        return (wanted.unwrap_or(1), Ok(()));
    };
    if least < most && wanted.is_none_or(|wanted| wanted > *least) {
        let expected = match wanted {
            Some(wanted) => format!("expected {wanted} events (--events {wanted})"),
            // A file that ends early is, more often than not, one whose writing was cut off.
            None => format!("expected {most} events as in {long}"),
        };
        let message = format!("{expected}, found {least}; `--events {least}` takes as many of each member");
        return (*least, Err(Error::data(message).at(short.clone())));
    }
    (wanted.unwrap_or(*most), Ok(()))
}

/// The table of a summary that is given as `NAME:ARGUMENTS`.
fn summary(session: &Session, given: &str) -> Result<Value> {
    let (name, arguments) = given.split_once(':').unwrap_or((given, ""));
    let arguments: Vec<&str> = if arguments.is_empty() { Vec::new() } else { arguments.split(',').collect() };
    let entry =
        session.catalogue.find(Kind::Summary, name).map_err(|e| wrong(format!("--summary {given}: {e}")))?;
    let caller = session.caller(Kind::Summary, name)?;
    let config = match entry.component.config_of_arguments(&arguments, &caller)? {
        Some(config) => config,
        None if arguments.is_empty() => "{}".into(),
        None => return Err(wrong(format!("--summary {given}: `{name}` does not take these arguments"))),
    };
    let mut table: Value = serde_json::from_str(&config).map_err(|e| wrong(e.to_string()))?;
    table["plugin"] = json!(name);
    table["name"] = json!(given);
    Ok(table)
}

/// The questions, as tables of metrics.
fn metrics(session: &Session, command: &EstimateCommand) -> Result<Vec<Value>> {
    let mut metrics = Vec::new();
    if !command.region.is_empty() {
        let intervals = command.region.iter().map(|region| interval(region)).collect::<Result<Vec<_>>>()?;
        metrics.push(json!({"plugin": "integral", "name": command.region.join(" "), "intervals": intervals}));
    }
    if let (Some(quantiles), Some(regions)) = (command.quantiles, &command.regions) {
        let name = format!("regions {regions} of {quantiles}");
        metrics.push(json!({"plugin": "integral", "name": name, "quantiles": quantiles, "regions": regions}));
    }
    let holdout = command.holdout.is_some() || command.holdout_key.is_some();
    if metrics.is_empty() && command.metric.is_empty() && !holdout {
        // Against the training set alone nothing can be said.
        return Err(wrong(
            "expected a question, found none: `--region LOW:HIGH` asks for G in a region of the summary, `--quantiles 20 --regions \
             2-19` for regions of equal probability, `--holdout FILE` (further true events) for the whole distribution, `--metric NAME` for any \
             other"
                .into(),
        ));
    }
    let references = if holdout { json!(["training", "holdout"]) } else { json!(["training"]) };
    if command.metric.is_empty() {
        metrics.push(json!({"plugin": "ks", "reference": references}));
    }
    for name in &command.metric {
        let found = session.catalogue.find(Kind::Metric, name);
        let entry = found.map_err(|e| wrong(format!("--metric {name}: {e}")))?;
        let metric = entry.component.metric("{}", session.caller(Kind::Metric, name)?);
        let metric =
            metric.map_err(|e| wrong(format!("--metric {name}: its defaults are not enough: {e}")))?;
        metrics.push(match metric.reference() {
            ReferenceUse::Values => json!({"plugin": name, "reference": references}),
            ReferenceUse::Quantiles(_) => json!({"plugin": name}),
        });
    }
    Ok(metrics)
}

/// An interval that is given as `LOW:HIGH`; a tail has an end `inf` or `-inf`.
fn interval(region: &str) -> Result<[Extended; 2]> {
    let end = |text: &str| text.trim().parse::<f64>().ok().filter(|end| !end.is_nan());
    region.split_once(':').and_then(|(low, high)| Some([end(low)?.into(), end(high)?.into()])).ok_or_else(
        || wrong(format!("--region {region}: expected LOW:HIGH, two numbers (or inf, -inf for a tail)")),
    )
}
