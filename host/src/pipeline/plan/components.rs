//! The experiment's components, made and checked before anything runs.

use std::path::{Path, PathBuf};

use amplicast_sdk::abi::{
    Caller, Kind, LoadedGenerator, LoadedMetric, LoadedSummary, LoadedUncertaintyModel,
};
use amplicast_sdk::{Error, ErrorKind, Result, Schema, Split};
use rayon::prelude::*;
use serde_json::Value;

use super::own_files::{expect_no_true_file, expect_one_length};
use super::source::TrueSource;
use crate::config::{ComponentTable, ConfigError, Experiment, Source, paths_from};
use crate::pipeline::stage::identity;
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

/// Opens the dataset that a table names if it is the host's own one, which is made of an earlier run, above this room; relative
/// paths start at the folder.
pub type OwnDataset = dyn Fn(
    &Session,
    &Source,
    &mut ComponentTable,
    &Path,
) -> Result<Option<Made<Box<dyn TrueSource>>>, ConfigError>;

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
    /// Functions of an event.
    pub summaries: Vec<Made<LoadedSummary>>,
    /// The names of the numbers of each summary.
    pub numbers: Vec<Vec<String>>,
    /// Comparisons.
    pub metrics: Vec<Made<LoadedMetric>>,
    /// What the user should know of how files are read.
    pub notes: Vec<String>,
}

impl Components {
    /// Axis text of a summary with its unit; empty if it cannot be used.
    pub fn axis(&self, summary: usize) -> String {
        self.numbers[summary].join(", ")
    }

    /// What the events of one training set depend on, before their precision is looked at.
    pub fn data_identity(&self, experiment: &Experiment, training_set: u64) -> Result<Value> {
        let dataset = self.dataset.component.as_ref().map_err(Clone::clone)?;
        let file = dataset.capacity(Split::Training)?.is_some();
        Ok(identity::data(&self.dataset.identity, experiment, file, training_set))
    }

    /// Makes every component; fills in the defaults of their configurations in `experiment`.
    pub fn make(
        session: &Session,
        source: &Source,
        experiment: &mut Experiment,
        own_dataset: &OwnDataset,
    ) -> Result<Self, ConfigError> {
        let (mut notes, mut true_files) = (Vec::new(), Vec::new());
        let dataset = match own_dataset(session, source, &mut experiment.dataset, &experiment.folder)? {
            Some(own) => own,
            None => make(
                session,
                source,
                &experiment.folder,
                Kind::Dataset,
                &mut experiment.dataset,
                |entry, config, caller| {
                    let dataset = entry.component.dataset(config, caller)?;
                    let files = dataset.files()?;
                    notes.extend(dataset.notes()?);
                    true_files.clone_from(&files);
                    Ok((Box::new(dataset) as Box<dyn TrueSource>, files))
                },
            )?,
        };
        let schema = match &dataset.component {
            Ok(loaded) => loaded.schema().clone(),
            Err(error) => return Err(source.error("dataset", &error.to_string())),
        };
        let (mut generators, n_gen) = (Vec::new(), experiment.experiment.n_gen);
        for table in &mut experiment.generator {
            generators.push(make(
                session,
                source,
                &experiment.folder,
                Kind::Generator,
                table,
                |entry, config, caller| {
                    let generator = entry.component.generator(config, caller)?;
                    generator.check(&schema)?;
                    // What a conditional generator cannot be given is said now, not after the training.
                    generator.conditions(&schema)?;
                    let members = generator.own_events()?;
                    expect_no_true_file(&true_files, &members)?;
                    expect_one_length(n_gen, &members)?;
                    notes.extend(generator.notes()?);
                    let files = generator.files()?;
                    Ok((generator, files))
                },
            )?);
        }
        let mut uncertainties = Vec::new();
        for table in &mut experiment.uncertainty {
            uncertainties.push(make(
                session,
                source,
                &experiment.folder,
                Kind::Uncertainty,
                table,
                |entry, config, caller| Ok((entry.component.uncertainty(config, caller)?, Vec::new())),
            )?);
        }
        let (mut summaries, mut numbers) = (Vec::new(), Vec::new());
        for table in &mut experiment.summary {
            // What cannot be used is shown without words.
            let mut names = vec![String::new()];
            summaries.push(make(
                session,
                source,
                &experiment.folder,
                Kind::Summary,
                table,
                |entry, config, caller| {
                    let summary = entry.component.summary(config, caller)?;
                    // What the summary cannot be computed on is said now, not after the training.
                    summary.check(&schema)?;
                    names = summary.numbers(&schema)?;
                    let files = summary.files()?;
                    Ok((summary, files))
                },
            )?);
            numbers.push(names);
        }
        let mut metrics = Vec::new();
        for table in &mut experiment.metric {
            metrics.push(make(
                session,
                source,
                &experiment.folder,
                Kind::Metric,
                table,
                |entry, config, caller| {
                    let metric = entry.component.metric(config, caller)?;
                    let files = metric.files()?;
                    Ok((metric, files))
                },
            )?);
        }
        name_seeds(&mut generators);
        name_seeds(&mut uncertainties);
        name_seeds(&mut summaries);
        name_seeds(&mut metrics);
        Ok(Components { dataset, schema, generators, uncertainties, summaries, numbers, metrics, notes })
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
    folder: &Path,
    kind: Kind,
    table: &mut ComponentTable,
    create: impl FnOnce(&Entry, &str, Caller) -> Result<(T, Vec<PathBuf>)>,
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
        let schema: Value = serde_json::from_str(&entry.component.schema(&caller)?)
            .map_err(|e| Error::plugin(format!("the schema of its configuration is no JSON: {e}")))?;
        let whole = paths_from(folder, &schema, &table.config)?;
        let (component, files) = create(entry, &Value::Object(whole).to_string(), caller)?;
        let hash = |file: &PathBuf| hash_file(file).map_err(|e| Error::io(file.display(), e));
        // The error is that of the first file that has one, whichever thread comes to its own first.
        let hashes: Vec<Result<String>> = files.par_iter().map(hash).collect();
        let hashes: Vec<String> = hashes.into_iter().collect::<Result<_>>()?;
        Ok((component, effective, hashes))
    });
    let (component, identity) = match made {
        Ok((component, effective, hashes)) => {
            let effective: Value = serde_json::from_str(&effective).map_err(|e| {
                source.error(&table.path, &format!("the plugin's effective configuration is no JSON: {e}"))
            })?;
            let identity = identity::component(&table.plugin, &entry.library.hash, &effective, &hashes);
            if let Value::Object(map) = effective {
                table.config = map;
            }
            (Ok(component), identity)
        }
        // The plugin's own fault: its cells fail, others go on.
        Err(error) if error.kind() == ErrorKind::Plugin => (Err(error), Value::Null),
        Err(error) => return Err(refused(source, &table.path, &error)),
    };
    Ok(Made {
        name: table.name.clone(),
        plugin: table.plugin.clone(),
        seed_name: String::new(),
        path: table.path.clone(),
        identity,
        component,
    })
}
