//! The plugins on the path: which files there are, and which components they bring.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amplicast_sdk::abi::{Kind, Record};
use serde::Serialize;

use super::file::{Entry, Library, NO_COMPONENT, PluginFile, subject};
use super::preflight::{Refusal, inspect};
use crate::config::{elsewhere, nearest};
use crate::supervise::{Failure, Journal};

/// What loading is watched by, and what it led to before.
#[derive(Clone, Copy)]
pub struct Loading<'a> {
    /// Where it is written which file is being loaded.
    pub journal: &'a Arc<Journal>,
    /// What killed earlier workers: such files are not loaded again.
    pub failures: &'a [Failure],
}

/// A plugin file that was not loaded.
#[derive(Debug, Clone, Serialize)]
pub struct Refused {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// A component as its file's records tell it.
pub struct Listed<'a> {
    /// What it is.
    pub record: &'a Record,
    /// Its file.
    pub file: &'a Path,
    /// Another file's component of this name comes first on the path.
    pub shadowed: bool,
}

/// Everything on the plugin path. A file is loaded when one of its components is needed, not before.
pub struct Catalogue {
    /// The folders that were searched, in order.
    pub folders: Vec<PathBuf>,
    /// Sound plugin files, in the order of the path.
    files: Vec<PluginFile>,
    /// Those that are not, and folders that cannot be read.
    refused: Vec<Refused>,
}

/// The folders in which plugins are looked for, in order: `given`, `AMPLICAST_PLUGIN_PATH`, the experiment's, the user's
/// data folder, beside the executable.
pub fn plugin_folders(given: &[PathBuf], experiment: &[PathBuf]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = given.to_vec();
    if let Some(list) = std::env::var_os("AMPLICAST_PLUGIN_PATH") {
        folders.extend(std::env::split_paths(&list).filter(|p| !p.as_os_str().is_empty()));
    }
    folders.extend(experiment.iter().cloned());
    folders.extend(usual_folders());
    let mut unique: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let folder = folder.canonicalize().unwrap_or(folder);
        if !unique.contains(&folder) {
            unique.push(folder);
        }
    }
    unique
}

/// The folders in which everybody's plugins are: the user's data folder, beside the executable.
fn usual_folders() -> Vec<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share")));
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_path_buf));
    data.map(|d| d.join("amplicast/plugins")).into_iter().chain(beside).collect()
}

impl Catalogue {
    /// Looks at every plugin file in these folders, until `stopped`; runs none of their code.
    pub fn of_folders(folders: Vec<PathBuf>, loading: Loading<'_>, stopped: &dyn Fn() -> bool) -> Self {
        let mut catalogue = Catalogue { folders, files: Vec::new(), refused: Vec::new() };
        for folder in catalogue.folders.clone() {
            let list = match std::fs::read_dir(&folder) {
                Ok(list) => list,
                // A folder that everybody may have, and nobody must.
                Err(error) if error.kind() == ErrorKind::NotFound && usual_folders().contains(&folder) => {
                    continue;
                }
                Err(error) => {
                    let reason = format!("cannot look for plugins there: {error}");
                    catalogue.refused.push(Refused { path: folder, reason });
                    continue;
                }
            };
            let mut files: Vec<PathBuf> =
                list.flatten().map(|e| e.path()).filter(|p| is_library(p)).collect();
            files.sort();
            for path in files {
                if stopped() {
                    return catalogue;
                }
                match look_at(&path, loading) {
                    Ok(file) if file.records().is_empty() => {
                        catalogue.refused.push(Refused { path, reason: NO_COMPONENT.into() });
                    }
                    Ok(file) => catalogue.files.push(file),
                    Err(Refusal::NotAPlugin(_)) => (),
                    Err(Refusal::Refused(reason)) => catalogue.refused.push(Refused { path, reason }),
                }
            }
        }
        catalogue
    }

    /// Loads one file.
    pub fn of_file(path: &Path, loading: Loading<'_>) -> Result<Self, Refused> {
        let refused = |reason: &str| Refused { path: path.into(), reason: reason.into() };
        let file = look_at(path, loading).map_err(|refusal| match refusal {
            Refusal::NotAPlugin(reason) | Refusal::Refused(reason) => refused(&reason),
        })?;
        file.entries().map_err(refused)?;
        Ok(Catalogue { folders: Vec::new(), files: vec![file], refused: Vec::new() })
    }

    /// Loads all files, until `stopped`: what cannot be loaded is [`refused`](Self::refused) then.
    pub fn load_all(&self, stopped: &dyn Fn() -> bool) {
        for file in self.files.iter().take_while(|_| !stopped()) {
            // Why it cannot be loaded is kept with the file.
            let _ = file.entries();
        }
    }

    /// Files that may be loaded, or were.
    fn usable(&self) -> impl Iterator<Item = &PluginFile> {
        self.files.iter().filter(|file| file.failure().is_none())
    }

    /// The components of all files, but for those that could not be loaded, in the order of the path.
    pub fn listed(&self) -> Vec<Listed<'_>> {
        let mut seen = BTreeSet::new();
        let records = self.usable().flat_map(|file| file.records().iter().map(move |record| (file, record)));
        records
            .map(|(file, record)| {
                let shadowed = !seen.insert((record.kind, record.name.as_str()));
                Listed { record, file: &file.path, shadowed }
            })
            .collect()
    }

    /// Files that cannot be used: those that are not sound, and those that were to be loaded and could not.
    pub fn refused(&self) -> Vec<Refused> {
        let failed = |file: &PluginFile| {
            Some(Refused { path: file.path.clone(), reason: file.failure()?.to_string() })
        };
        self.refused.iter().cloned().chain(self.files.iter().filter_map(failed)).collect()
    }

    /// The component of that kind and name, of the first file on the path that has it and can be loaded, which is loaded now; the
    /// error names what is alike, what there is, and where was searched.
    pub fn find(&self, kind: Kind, name: &str) -> Result<&Entry, String> {
        for file in self.files.iter().filter(|file| file.has(kind, name)) {
            let mut entries = file.entries().unwrap_or_default().iter();
            let same = |e: &&Entry| e.component.kind() == kind && e.component.name == name;
            if let Some(entry) = entries.find(same) {
                return Ok(entry);
            }
        }
        let listed = self.listed();
        let names: Vec<String> = listed
            .iter()
            .filter(|l| l.record.kind == kind && !l.shadowed)
            .map(|l| l.record.name.clone())
            .collect();
        let mut message = format!("no {} component `{name}` in any plugin", kind.table());
        if let Some(reason) = elsewhere(name) {
            message.push_str(&format!("; {reason}"));
        }
        if let Some(near) = nearest(name, &names) {
            message.push_str(&format!("; did you mean `{near}`?"));
        }
        if let Some(other) = listed.iter().find(|l| l.record.name == name) {
            message.push_str(&format!("; `{name}` is a {}", other.record.kind.table()));
        }
        message.push_str(&format!(
            "\n  there are: {}",
            if names.is_empty() { "none".into() } else { names.join(", ") }
        ));
        let folders: Vec<String> = self.folders.iter().map(|f| f.display().to_string()).collect();
        message.push_str(&format!("\n  searched: {}", folders.join(", ")));
        for refused in self.refused() {
            message.push_str(&format!("\n  not loaded: {}: {}", refused.path.display(), refused.reason));
        }
        Err(message)
    }

    /// The files that have this component, in the order of the path, but for those that could not be loaded: the first one is
    /// taken.
    pub fn files_of(&self, kind: Kind, name: &str) -> Vec<&Path> {
        self.usable().filter(|file| file.has(kind, name)).map(|file| file.path.as_path()).collect()
    }

    /// The libraries that were loaded, in the order of the path.
    pub fn libraries(&self) -> impl Iterator<Item = &Library> {
        self.files.iter().filter_map(PluginFile::library)
    }

    /// The components of the libraries that were loaded.
    pub fn loaded(&self) -> impl Iterator<Item = &Entry> {
        let loaded = self.files.iter().filter(|file| file.library().is_some());
        loaded.flat_map(|file| file.entries().unwrap_or_default())
    }

    /// Panics of destructors in any library since the last call.
    pub fn drop_errors(&self) -> Vec<String> {
        let of = |library: &Library| {
            let file = library.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            library.drop_errors().into_iter().map(move |e| format!("{file}: {e}")).collect::<Vec<_>>()
        };
        self.libraries().flat_map(of).collect()
    }
}

/// What a file says of itself; one that killed an earlier worker is not looked at again.
fn look_at(path: &Path, loading: Loading<'_>) -> Result<PluginFile, Refusal> {
    let subject = subject(path);
    if let Some(failure) = loading.failures.iter().find(|failure| failure.subject == subject) {
        return Err(Refusal::Refused(failure.message.clone()));
    }
    Ok(PluginFile::new(path, inspect(path)?, loading.journal.clone()))
}

/// Whether it is called like a library: what is none, such as a link to nowhere, is said, not passed over.
fn is_library(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "so")
}
