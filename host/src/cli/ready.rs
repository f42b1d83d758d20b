//! From an experiment file to everything that is needed to run it.

use std::collections::BTreeSet;
use std::path::Path;

use amplicast_sdk::abi::Kind;

use super::arguments::Plugins;
use super::process::Process;
use crate::config::{ConfigError, Experiment, Source, expect_trusted, programs};
use crate::pipeline::{Components, Plan, Setting, check_models, own_dataset, plan};
use crate::session::Session;
use crate::store::Store;
use crate::terminal::shown;

/// An experiment with everything that is needed to run it.
pub struct Ready {
    /// The process's plugins.
    pub session: Session,
    /// The experiment, defaults filled in.
    pub experiment: Experiment,
    /// Its components.
    pub components: Components,
    /// Its cells.
    pub plan: Plan,
    /// The threads on which it runs.
    pub threads: usize,
}

impl Ready {
    /// The setting with a store.
    pub fn setting<'a>(&'a self, store: &'a Store) -> Setting<'a> {
        Setting {
            session: &self.session,
            store,
            experiment: &self.experiment,
            components: &self.components,
            plan: &self.plan,
        }
    }
}

/// Reads, overrides and validates an experiment.
pub fn prepare(
    file: &Path,
    set: &[String],
    plugins: &Plugins,
    threads: Option<usize>,
    process: &Process,
) -> Result<Ready, ConfigError> {
    let mut source = Source::read(&process.path(file))?;
    for assignment in set {
        source.set(assignment)?;
    }
    prepare_source(&source, plugins, threads, process)
}

/// Validates an experiment that was read already.
pub fn prepare_source(
    source: &Source,
    plugins: &Plugins,
    threads: Option<usize>,
    process: &Process,
) -> Result<Ready, ConfigError> {
    let ready = assemble(source, plugins, threads, process)?;
    check_models(&ready.session, source, &ready.experiment, &ready.components, &ready.plan)?;
    Ok(ready)
}

/// The same without preparing any model: of an experiment that was validated before.
pub fn assemble(
    source: &Source,
    plugins: &Plugins,
    threads: Option<usize>,
    process: &Process,
) -> Result<Ready, ConfigError> {
    let mut experiment = Experiment::read(source)?;
    for note in &source.notes {
        eprintln!("note: {note}");
    }
    // Before anything else makes a pool of its own: a dataset may sample a model, and the first pool is the one that counts.
    let threads = process.threads(threads).map_err(|error| ConfigError::of(&error))?;
    let folder = &experiment.folder;
    if !folder.is_dir() {
        let message = format!("expected a folder, found none at {}", folder.display());
        return Err(source.error("experiment.folder", &message));
    }
    let own: Vec<_> = experiment.experiment.plugin_path.iter().map(|p| folder.join(p)).collect();
    expect_trusted(source, &own, plugins.trust_plugins)?;
    for (file, field) in programs(source) {
        eprintln!(
            "note: {field} names a program, {}: it runs with all your rights when it is opened",
            shown(&file)
        );
    }
    let session = process.session(&plugins.plugin_path, &own).map_err(|error| ConfigError::of(&error))?;
    let catalogue = &session.catalogue;
    for (kind, plugin) in used(&experiment) {
        let (table, files) = (kind.table(), catalogue.files_of(kind, plugin));
        if let [first, later, ..] = files[..] {
            eprintln!(
                "note: {table} `{plugin}` is taken from {}, not from {}, which is later on the plugin path",
                first.display(),
                later.display()
            );
        }
        // It is named before it runs. What has no usable file at all is said when its component is made.
        if let Ok(entry) = catalogue.find(kind, plugin)
            && files.first().is_some_and(|first| *first != entry.library.path)
        {
            let taken = entry.library.path.display();
            eprintln!(
                "note: {table} `{plugin}` is taken from {taken} after all: what is earlier cannot be loaded"
            );
        }
    }
    let components = Components::make(&session, source, &mut experiment, &own_dataset)?;
    let plan = plan(source, &experiment, &components)?;
    Ok(Ready { session, experiment, components, plan, threads })
}

/// The components that an experiment uses, each once.
pub fn used(experiment: &Experiment) -> BTreeSet<(Kind, &str)> {
    let lists = [
        (Kind::Dataset, std::slice::from_ref(&experiment.dataset)),
        (Kind::Generator, &experiment.generator),
        (Kind::Uncertainty, &experiment.uncertainty),
        (Kind::Summary, &experiment.summary),
    ];
    let tables =
        lists.into_iter().flat_map(|(kind, list)| list.iter().map(move |t| (kind, t.plugin.as_str())));
    tables.chain(experiment.metric.iter().map(|t| (Kind::Metric, t.plugin.as_str()))).collect()
}
