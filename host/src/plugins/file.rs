//! A plugin file: what it says of itself, and its components, which are loaded when the first of them is needed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use amplicast_sdk::abi::{AbiComponent, Kind, PluginModuleRef, Record, Tag};

use super::loader::load;
use super::preflight::Found;
use crate::supervise::{Journal, Subject};

/// What a plugin without components is told, whether it was loaded or not.
pub(super) const NO_COMPONENT: &str =
    "the plugin has no component: expected `register_generator!` or the like in the crate that exports it";

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

impl Library {
    /// Panics of its destructors since the last call.
    pub(super) fn drop_errors(&self) -> Vec<String> {
        (self.module.drop_errors())().into_iter().map(String::from).collect()
    }
}

/// A component of a loaded library.
#[derive(Clone)]
pub struct Entry {
    /// The component.
    pub component: AbiComponent,
    /// Its library.
    pub library: Arc<Library>,
}

struct Loaded {
    library: Arc<Library>,
    entries: Vec<Entry>,
}

/// A sound plugin file, loaded or not.
pub(super) struct PluginFile {
    pub path: PathBuf,
    found: Found,
    journal: Arc<Journal>,
    loaded: OnceLock<Result<Loaded, String>>,
}

impl PluginFile {
    /// A file that was looked at; its loading will be written into `journal`.
    pub fn new(path: &Path, found: Found, journal: Arc<Journal>) -> Self {
        PluginFile { path: path.into(), found, journal, loaded: OnceLock::new() }
    }

    /// What its components are, by its records.
    pub fn records(&self) -> &[Record] {
        &self.found.records
    }

    /// Whether it has this component, by its records.
    pub fn has(&self, kind: Kind, name: &str) -> bool {
        self.found.records.iter().any(|record| record.kind == kind && record.name == name)
    }

    /// Its components; the first call loads it.
    pub fn entries(&self) -> Result<&[Entry], &str> {
        match self.loaded.get_or_init(|| self.load()) {
            Ok(loaded) => Ok(&loaded.entries),
            Err(reason) => Err(reason),
        }
    }

    /// The library, if it was loaded.
    pub fn library(&self) -> Option<&Library> {
        Some(&*self.loaded.get()?.as_ref().ok()?.library)
    }

    /// Why it could not be loaded, if that was tried.
    pub fn failure(&self) -> Option<&str> {
        self.loaded.get()?.as_ref().err().map(String::as_str)
    }

    fn load(&self) -> Result<Loaded, String> {
        let subject = subject(&self.path);
        let watch = self.journal.of(&subject);
        watch.enter(&subject.name, "load");
        let loaded = load(&self.path).and_then(|module| {
            let components = (module.components())().into_result();
            let components = components.map_err(|e| amplicast_sdk::Error::from(e).to_string())?;
            Ok((module, components))
        });
        watch.leave();
        let (module, components) = loaded?;
        expect_recorded(&self.found.records, &components)?;
        if components.is_empty() {
            return Err(NO_COMPONENT.into());
        }
        let hash = hash_file(&self.path).map_err(|e| format!("cannot read the file: {e}"))?;
        let tag = self.found.tag.clone();
        let library = Arc::new(Library { path: self.path.clone(), hash, tag, module });
        let entry = |component| Entry { component, library: library.clone() };
        let entries = components.into_iter().map(entry).collect();
        Ok(Loaded { library, entries })
    }
}

/// By what the journal and the quarantine know the loading of a file.
pub(super) fn subject(path: &Path) -> Subject {
    Subject { kind: "library".into(), name: path.to_string_lossy().into_owned() }
}

/// The file is known by its records: what its code registers must be what they say.
fn expect_recorded(records: &[Record], components: &[AbiComponent]) -> Result<(), String> {
    let mut registered: Vec<Record> = components.iter().map(Record::of).collect();
    registered.sort();
    match first_difference(records, &registered) {
        None => Ok(()),
        Some((said, done)) => {
            Err(format!("its records say {said}, its code registers {done}: rebuild the plugin"))
        }
    }
}

/// The first place at which two sorted lists differ, in words.
fn first_difference(records: &[Record], registered: &[Record]) -> Option<(String, String)> {
    let at = (0..records.len().max(registered.len())).find(|&i| records.get(i) != registered.get(i))?;
    let words = |record: Option<&Record>| match record {
        Some(record) => {
            format!("{} `{}` ({})", record.title, record.name, record.about).escape_debug().to_string()
        }
        None => "nothing more".into(),
    };
    Some((words(records.get(at)), words(registered.get(at))))
}

/// blake3 of a file's contents, in hexadecimal.
pub fn hash_file(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(std::fs::File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named() {
        let list = |components: &[(&str, &str)]| -> Vec<Record> {
            let record = |&(name, about): &(&str, &str)| Record {
                kind: Kind::Metric,
                name: name.into(),
                title: "metric",
                about: about.into(),
            };
            components.iter().map(record).collect()
        };
        let said = |records: &[(&str, &str)], registered: &[(&str, &str)]| {
            first_difference(&list(records), &list(registered))
        };
        let both = |a: &str, b: &str| Some((a.into(), b.into()));
        let (ks, kz) = (("ks", "K."), ("kz", "K."));
        assert_eq!(said(&[ks], &[ks]), None);
        assert_eq!(said(&[kz], &[ks]), both("metric `kz` (K.)", "metric `ks` (K.)"));
        assert_eq!(said(&[ks], &[]), both("metric `ks` (K.)", "nothing more"));
        assert_eq!(said(&[ks], &[ks, ks]), both("nothing more", "metric `ks` (K.)"));
        assert_eq!(said(&[ks], &[("ks", "\u{1b}[2J")]), both("metric `ks` (K.)", "metric `ks` (\\u{1b}[2J)"));
    }
}
