//! The plugins on the path: which files there are, which are loaded, which components they bring.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amplicast_sdk::abi::{AbiComponent, Kind, PluginModuleRef, Tag};
use serde::Serialize;

use super::loader::load;
use super::preflight::{Refusal, inspect};
use crate::config::{nearest, not_yet};
use crate::supervise::{Failure, Journal, Subject};

/// A plugin library that was loaded.
pub struct Library {
    /// Its file.
    pub path: PathBuf,
    /// blake3 of the file: part of the hash of every stage that it computes.
    pub hash: String,
    /// What it says of itself.
    pub tag: Tag,
    module: PluginModuleRef,
}

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

/// A component of a loaded library.
#[derive(Clone)]
pub struct Entry {
    /// The component.
    pub component: AbiComponent,
    /// Its library.
    pub library: Arc<Library>,
    /// Another library's component of this name comes first on the path.
    pub shadowed: bool,
}

/// Everything on the plugin path.
pub struct Catalogue {
    /// The folders that were searched, in order.
    pub folders: Vec<PathBuf>,
    /// Components by kind and name, shadowed ones included.
    pub entries: Vec<Entry>,
    /// Plugin files that were not loaded.
    pub refused: Vec<Refused>,
    libraries: Vec<Arc<Library>>,
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
    /// Loads every plugin in these folders, until `stopped`.
    pub fn load(folders: Vec<PathBuf>, loading: Loading<'_>, stopped: &dyn Fn() -> bool) -> Self {
        let mut catalogue =
            Catalogue { folders, entries: Vec::new(), refused: Vec::new(), libraries: Vec::new() };
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
            for file in files {
                if stopped() {
                    return catalogue;
                }
                catalogue.add(&file, loading, false);
            }
        }
        catalogue
    }

    /// Loads one file; `alone` reports files that are no plugins as well.
    pub fn load_file(file: &Path, loading: Loading<'_>) -> Self {
        let mut catalogue = Catalogue {
            folders: Vec::new(),
            entries: Vec::new(),
            refused: Vec::new(),
            libraries: Vec::new(),
        };
        catalogue.add(file, loading, true);
        catalogue
    }

    fn add(&mut self, path: &Path, loading: Loading<'_>, alone: bool) {
        let subject = Subject { kind: "library".into(), name: path.to_string_lossy().into_owned() };
        if let Some(failure) = loading.failures.iter().find(|failure| failure.subject == subject) {
            self.refused.push(Refused { path: path.into(), reason: failure.message.clone() });
            return;
        }
        let tag = match inspect(path) {
            Ok(tag) => tag,
            Err(Refusal::NotAPlugin(_)) if !alone => return,
            Err(Refusal::NotAPlugin(reason) | Refusal::Refused(reason)) => {
                self.refused.push(Refused { path: path.into(), reason });
                return;
            }
        };
        let watch = loading.journal.of(&subject);
        watch.enter(&subject.name, "load");
        let loaded = load(path).and_then(|module| {
            let components = (module.components())().into_result();
            let components = components.map_err(|e| amplicast_sdk::Error::from(e).to_string())?;
            let hash = hash_file(path).map_err(|e| format!("cannot read the file: {e}"))?;
            Ok((module, components, hash))
        });
        watch.leave();
        match loaded {
            Err(reason) => self.refused.push(Refused { path: path.into(), reason }),
            Ok((module, components, hash)) => {
                let library = Arc::new(Library { path: path.into(), hash, tag, module });
                self.libraries.push(library.clone());
                for component in components {
                    let same = |e: &Entry| {
                        e.component.kind() == component.kind() && e.component.name == component.name
                    };
                    let shadowed = self.entries.iter().any(same);
                    self.entries.push(Entry { component, library: library.clone(), shadowed });
                }
            }
        }
    }

    /// The component of that kind and name; the error names what is alike, what there is, and where was searched.
    pub fn find(&self, kind: Kind, name: &str) -> Result<&Entry, String> {
        let of_kind = || self.entries.iter().filter(move |e| e.component.kind() == kind && !e.shadowed);
        if let Some(entry) = of_kind().find(|e| e.component.name == name) {
            return Ok(entry);
        }
        let names: Vec<String> = of_kind().map(|e| e.component.name.to_string()).collect();
        let mut message = format!("no {} component `{name}` in any plugin", kind.table());
        if let Some(reason) = not_yet(name) {
            message.push_str(&format!("; {reason}"));
        }
        if let Some(near) = nearest(name, &names) {
            message.push_str(&format!("; did you mean `{near}`?"));
        }
        let other = self.entries.iter().find(|e| e.component.name == name);
        if let Some(other) = other {
            message.push_str(&format!("; `{name}` is a {}", other.component.kind().table()));
        }
        message.push_str(&format!(
            "\n  there are: {}",
            if names.is_empty() { "none".into() } else { names.join(", ") }
        ));
        let folders: Vec<String> = self.folders.iter().map(|f| f.display().to_string()).collect();
        message.push_str(&format!("\n  searched: {}", folders.join(", ")));
        for refused in &self.refused {
            message.push_str(&format!("\n  not loaded: {}: {}", refused.path.display(), refused.reason));
        }
        Err(message)
    }

    /// The libraries that have this component, in the order of the path: the first one is taken.
    pub fn libraries_of(&self, kind: Kind, name: &str) -> Vec<&Path> {
        let same = |e: &&Entry| e.component.kind() == kind && e.component.name == name;
        self.entries.iter().filter(same).map(|e| e.library.path.as_path()).collect()
    }

    /// Panics of destructors in any library since the last call.
    pub fn drop_errors(&self) -> Vec<String> {
        let of = |library: &Arc<Library>| {
            let file = library.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            (library.module.drop_errors())()
                .into_iter()
                .map(move |e| format!("{file}: {e}"))
                .collect::<Vec<_>>()
        };
        self.libraries.iter().flat_map(of).collect()
    }
}

/// Whether it is called like a library: what is none, such as a link to nowhere, is said, not passed over.
fn is_library(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "so")
}

/// blake3 of a file's contents, in hexadecimal.
pub fn hash_file(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}
