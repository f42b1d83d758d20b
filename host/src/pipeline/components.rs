//! The experiment's components, made and checked before anything runs.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use amplicast_sdk::abi::{
    Caller, Kind, LoadedGenerator, LoadedMetric, LoadedSummaryStatistic, LoadedUncertaintyModel,
};
use amplicast_sdk::{Error, ErrorKind, Result, Schema, read_config};
use serde_json::Value;

use super::stage::identity;
use super::trained_model::{self, TrainedModel, TrainedModelConfig};
use super::true_source::TrueSource;
use crate::config::{ComponentTable, ConfigError, Experiment, Source};
use crate::plugins::{Entry, hash_file};
use crate::session::Session;

/// A component of the experiment.
pub struct Made<T> {
    /// Name of its table.
    pub name: String,
    /// Its plugin component.
    pub plugin: String,
    /// By what its randomness is split from that of others: its component and its place among tables of the same component. What
    /// a table is called has no part in any number.
    pub seed_name: String,
    /// Where its table stands.
    pub path: String,
    /// Everything that its results depend on: library, configuration, files.
    pub identity: Value,
    /// The component; an error if it could not be made for a reason that is not the user's.
    pub component: Result<T>,
}

/// All components of an experiment.
pub struct Components {
    /// Where true events come from.
    pub dataset: Made<Box<dyn TrueSource>>,
    /// The columns of its events.
    pub schema: Schema,
    /// Architectures.
    pub generators: Vec<Made<LoadedGenerator>>,
    /// Ways to a posterior.
    pub uncertainties: Vec<Made<LoadedUncertaintyModel>>,
    /// 1D functions of an event.
    pub summaries: Vec<Made<LoadedSummaryStatistic>>,
    /// Comparisons.
    pub metrics: Vec<Made<LoadedMetric>>,
    /// What the user should know of how files are read.
    pub notes: Vec<String>,
}

impl Components {
    /// Axis text of a summary with its unit; empty if it cannot be used.
    pub fn axis(&self, summary: usize) -> String {
        self.summaries[summary].component.as_ref().map_or_else(|_| String::new(), |s| s.axis().to_string())
    }

    /// Makes every component; fills in the defaults of their configurations in `experiment`.
    pub fn make(
        session: &Session,
        source: &Source,
        experiment: &mut Experiment,
    ) -> Result<Self, ConfigError> {
        let (mut notes, mut true_files) = (Vec::new(), Vec::new());
        let dataset = if experiment.dataset.plugin == trained_model::NAME {
            trained(session, source, &mut experiment.dataset)?
        } else {
            make(session, source, Kind::Dataset, &mut experiment.dataset, |entry, config, caller| {
                let dataset = entry.component.dataset(config, caller)?;
                let files = dataset.files()?;
                notes.extend(dataset.notes()?);
                true_files.clone_from(&files);
                Ok((Box::new(dataset) as Box<dyn TrueSource>, files))
            })?
        };
        let schema = match &dataset.component {
            Ok(loaded) => loaded.schema().clone(),
            Err(error) => return Err(source.error("dataset", &error.to_string())),
        };
        let (mut generators, n_gen) = (Vec::new(), experiment.experiment.n_gen);
        for table in &mut experiment.generator {
            generators.push(make(session, source, Kind::Generator, table, |entry, config, caller| {
                let generator = entry.component.generator(config, caller)?;
                generator.check(&schema)?;
                let members = generator.own_events()?;
                expect_no_true_file(&true_files, &members)?;
                expect_one_length(n_gen, &members)?;
                notes.extend(generator.notes()?);
                let files = generator.files()?;
                Ok((generator, files))
            })?);
        }
        let mut uncertainties = Vec::new();
        for table in &mut experiment.uncertainty {
            uncertainties.push(make(session, source, Kind::Uncertainty, table, |entry, config, caller| {
                Ok((entry.component.uncertainty(config, caller)?, Vec::new()))
            })?);
        }
        let mut summaries = Vec::new();
        for table in &mut experiment.summary {
            summaries.push(make(session, source, Kind::Summary, table, |entry, config, caller| {
                let summary = entry.component.summary(config, caller)?;
                // What the summary cannot be computed on is said now, not after the training.
                summary.prepare(&schema)?;
                Ok((summary, Vec::new()))
            })?);
        }
        let mut metrics = Vec::new();
        for table in &mut experiment.metric {
            metrics.push(make(session, source, Kind::Metric, table, |entry, config, caller| {
                Ok((entry.component.metric(config, caller)?, Vec::new()))
            })?);
        }
        name_seeds(&mut generators);
        name_seeds(&mut uncertainties);
        name_seeds(&mut summaries);
        name_seeds(&mut metrics);
        Ok(Components { dataset, schema, generators, uncertainties, summaries, metrics, notes })
    }
}

/// Refuses a member that is a file of true events under any name; what is in another format is seen when it is read.
fn expect_no_true_file(true_files: &[PathBuf], members: &[(String, u64)]) -> Result<()> {
    for (member, _) in members {
        // A name with an array's is no path, and one of several arrays of a file may be a member.
        if let Some(file) =
            true_files.iter().find(|file| same_bytes(file, Path::new(member)).unwrap_or(false))
        {
            let message = format!("is the file of true events {}: expected generated events", file.display());
            return Err(Error::data(message).at(member.clone()));
        }
    }
    Ok(())
}

/// Whether two files hold the same; what cannot be read is said where it is needed.
fn same_bytes(a: &Path, b: &Path) -> std::io::Result<bool> {
    let files = [File::open(a)?, File::open(b)?];
    let [x, y] = [files[0].metadata()?, files[1].metadata()?];
    if !(x.is_file() && y.is_file()) || x.len() != y.len() {
        return Ok(false);
    }
    if (x.dev(), x.ino()) == (y.dev(), y.ino()) {
        return Ok(true);
    }
    let [mut a, mut b] = files.map(BufReader::new);
    loop {
        let (p, q) = (a.fill_buf()?, b.fill_buf()?);
        let n = p.len().min(q.len());
        if n == 0 || p[..n] != q[..n] {
            return Ok(n == 0 && p.len() == q.len());
        }
        a.consume(n);
        b.consume(n);
    }
}

/// Refuses members of which some have fewer events than others and than n_gen.
///
/// A file that ends early is, more often than not, one whose writing was cut off.
fn expect_one_length(n_gen: u64, members: &[(String, u64)]) -> Result<()> {
    let shortest = members.iter().min_by_key(|(_, events)| *events);
    let longest = members.iter().rev().max_by_key(|(_, events)| *events);
    match shortest.zip(longest) {
        Some(((short, least), (long, most))) if *least < n_gen && least < most => Err(Error::data(format!(
            "expected {most} events as in {long}, found {least}; a smaller n_gen takes as many of each member"
        ))
        .at(short.clone())),
        _ => Ok(()),
    }
}

/// The first table of a component has the component's name, which is also the table's where none is given; the second `NAME 2`,
/// which no component can be called.
fn name_seeds<T>(list: &mut [Made<T>]) {
    for i in 0..list.len() {
        let place = 1 + list[..i].iter().filter(|earlier| earlier.plugin == list[i].plugin).count();
        let plugin = &list[i].plugin;
        list[i].seed_name = if place == 1 { plugin.clone() } else { format!("{plugin} {place}") };
    }
}

/// The dataset that the host itself has: a member of an earlier run.
fn trained(
    session: &Session,
    source: &Source,
    table: &mut ComponentTable,
) -> Result<Made<Box<dyn TrueSource>>, ConfigError> {
    let wrong = |error: Error| refused(source, &table.path, &error);
    let text = Value::Object(table.config.clone()).to_string();
    let config: TrainedModelConfig = read_config(&text).map_err(wrong)?;
    let model = TrainedModel::open(session, &config).map_err(wrong)?;
    if let Ok(Value::Object(map)) = serde_json::to_value(&config) {
        table.config = map;
    }
    Ok(Made {
        name: table.name.clone(),
        plugin: table.plugin.clone(),
        seed_name: table.plugin.clone(),
        path: table.path.clone(),
        identity: model.identity.clone(),
        component: Ok(Box::new(model)),
    })
}

/// An error of the user's, at the table at `path` or at the field of it that is wrong; the wish to stop is nobody's error.
pub fn refused(source: &Source, path: &str, error: &Error) -> ConfigError {
    if error.kind() == ErrorKind::Cancelled {
        return ConfigError::stopped();
    }
    match error.place() {
        field if error.kind() == ErrorKind::Config && !field.is_empty() => {
            source.error(&format!("{path}.{field}"), error.message())
        }
        _ => source.error(path, &error.to_string()),
    }
}

fn make<T>(
    session: &Session,
    source: &Source,
    kind: Kind,
    table: &mut ComponentTable,
    create: impl FnOnce(&Entry, &str, Caller) -> Result<(T, Vec<std::path::PathBuf>)>,
) -> Result<Made<T>, ConfigError> {
    let entry = session
        .catalogue
        .find(kind, &table.plugin)
        .map_err(|message| source.error(&format!("{}.plugin", table.path), &message))?;
    // The name by which errors, the journal and the quarantine know it.
    let label = if table.name == table.plugin {
        table.name.clone()
    } else {
        format!("{} ({})", table.plugin, table.name)
    };
    let config = Value::Object(table.config.clone()).to_string();
    let stage = format!("create {} {}", kind.table(), table.name);
    let made = session.attempt(&stage, || {
        let caller = session.caller(kind, &label)?;
        let effective = entry.component.effective(&config, &caller)?;
        let (component, files) = create(entry, &config, caller)?;
        let mut hashes = Vec::new();
        for file in files {
            hashes.push(hash_file(&file).map_err(|e| Error::io(file.display(), e))?);
        }
        Ok((component, effective, hashes))
    });
    let unusable = |error| Made {
        name: table.name.clone(),
        plugin: table.plugin.clone(),
        seed_name: String::new(),
        path: table.path.clone(),
        identity: Value::Null,
        component: Err(error),
    };
    let (component, effective, hashes) = match made {
        Ok(made) => made,
        // The plugin's own fault: its cells fail, others go on.
        Err(error) if error.kind() == ErrorKind::Plugin => return Ok(unusable(error)),
        Err(error) => return Err(refused(source, &table.path, &error)),
    };
    let effective: Value = serde_json::from_str(&effective).map_err(|e| {
        source.error(&table.path, &format!("the plugin's effective configuration is no JSON: {e}"))
    })?;
    if let Value::Object(map) = &effective {
        table.config = map.clone();
    }
    Ok(Made {
        name: table.name.clone(),
        plugin: table.plugin.clone(),
        seed_name: String::new(),
        path: table.path.clone(),
        identity: identity::component(&table.plugin, &entry.library.hash, &effective, &hashes),
        component: Ok(component),
    })
}
