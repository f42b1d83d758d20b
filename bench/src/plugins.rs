//! The plugins that are measured, loaded as the host loads them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use amplicast::plugins::{Catalogue, Entry, Loading};
use amplicast::supervise::{Journal, Subject};
use amplicast_sdk::abi::{
    Caller, Kind, LoadedDataset, LoadedGenerator, LoadedMetric, LoadedSummary, LoadedUncertaintyModel,
    Unwatched,
};
use amplicast_sdk::{Error, Result};
use serde_json::Value;

const FILES: [&str; 9] = [
    "datasets",
    "metrics",
    "autoregressive",
    "classical",
    "flow_matching",
    "posteriors",
    "classifier",
    "kinematics",
    "python_plugins",
];

/// Loaded plugins, and who watches their calls.
pub struct Plugins {
    folder: PathBuf,
    catalogues: Vec<Catalogue>,
    /// A journal in a file, as in a worker of `amplicast run`.
    journal: Arc<Journal>,
}

impl Plugins {
    /// Loads the libraries in a folder.
    pub fn load(folder: &Path) -> Result<Self> {
        let file = tempfile::tempfile().map_err(|error| Error::io("cannot make a journal", error))?;
        let journal = Arc::new(Journal::new(Some(file)));
        let loading = Loading { journal: &journal, failures: &[] };
        let load = |name: &str| {
            let path = folder.join(format!("libamplicast_{name}.so"));
            Catalogue::of_file(&path, loading)
                .map_err(|refused| Error::plugin(format!("{}: {}", path.display(), refused.reason)))
        };
        let catalogues = FILES.into_iter().map(load).collect::<Result<_>>()?;
        Ok(Plugins { folder: folder.into(), catalogues, journal })
    }

    /// The folder of the libraries.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn entry(&self, kind: Kind, name: &str) -> Result<(&Entry, Caller)> {
        let found = self.catalogues.iter().find_map(|c| c.find(kind, name).ok());
        let entry = found.ok_or_else(|| Error::plugin(format!("no {} component `{name}`", kind.table())))?;
        let watch = self.journal.of(&Subject { kind: kind.table().into(), name: name.into() });
        Ok((entry, Caller::new(name, watch)))
    }

    /// A dataset whose calls are journaled.
    pub fn dataset(&self, name: &str, config: &Value) -> Result<LoadedDataset> {
        let (entry, caller) = self.entry(Kind::Dataset, name)?;
        entry.component.dataset(&config.to_string(), caller)
    }

    /// A dataset whose calls nobody watches.
    pub fn unwatched_dataset(&self, name: &str, config: &Value) -> Result<LoadedDataset> {
        let (entry, _) = self.entry(Kind::Dataset, name)?;
        entry.component.dataset(&config.to_string(), Caller::new(name, Arc::new(Unwatched)))
    }

    /// A generator.
    pub fn generator(&self, name: &str, config: &Value) -> Result<LoadedGenerator> {
        let (entry, caller) = self.entry(Kind::Generator, name)?;
        entry.component.generator(&config.to_string(), caller)
    }

    /// An uncertainty model.
    pub fn uncertainty(&self, name: &str, config: &Value) -> Result<LoadedUncertaintyModel> {
        let (entry, caller) = self.entry(Kind::Uncertainty, name)?;
        entry.component.uncertainty(&config.to_string(), caller)
    }

    /// A summary statistic.
    pub fn summary(&self, name: &str, config: &Value) -> Result<LoadedSummary> {
        let (entry, caller) = self.entry(Kind::Summary, name)?;
        entry.component.summary(&config.to_string(), caller)
    }

    /// A metric.
    pub fn metric(&self, name: &str, config: &Value) -> Result<LoadedMetric> {
        let (entry, caller) = self.entry(Kind::Metric, name)?;
        entry.component.metric(&config.to_string(), caller)
    }
}
