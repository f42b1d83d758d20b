//! Stored stages: a stage is a pure function of its inputs, stored under their hash.
//!
//! A file appears under its final name only when it is complete and on disk: a run that is killed at any moment leaves
//! finished stages and, at worst, temporary files that nobody reads and the next run removes. It carries the hash of its content
//! and of its name: what a disk, a copy or an editor has changed is not believed, but computed again.

use std::collections::{HashMap, HashSet};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use amplicast_sdk::{Chain, Error, Result};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

mod files;

use files::temporary;
pub use files::{regular_file, remove_leftovers, replace, update, write_atomically, write_in_pieces};

/// The hash of a stage's inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    kind: &'static str,
    hash: String,
    /// Those inputs that stages have in common.
    shared: Value,
}

/// Inputs that are another for each chain and member: what is stored of inputs, so that it can be told which one changed, is the rest.
const OWN: [&str; 6] = ["chain", "members", "parameters", "rows", "sampling", "seed"];

impl Key {
    /// The key of a stage of this kind with these inputs. Object keys are sorted, so equal values give equal keys.
    pub fn new(kind: &'static str, inputs: &Value) -> Self {
        let text = serde_json::to_string(inputs).expect("JSON values can be written");
        let mut hasher = blake3::Hasher::new_derive_key("amplicast stage 3");
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        hasher.update(kind.as_bytes());
        hasher.update(text.as_bytes());
        let mut shared = inputs.clone();
        if let Value::Object(map) = &mut shared {
            OWN.iter().for_each(|own| _ = map.remove(*own));
        }
        Key { kind, hash: hasher.finalize().to_hex()[..32].to_string(), shared }
    }

    /// The inputs that it has in common with other stages.
    pub fn shared(&self) -> &Value {
        &self.shared
    }

    /// The hash of what is stored under this key.
    fn seal<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("amplicast stored 1");
        let mut add = |part: &[u8]| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        };
        add(self.kind.as_bytes());
        add(self.hash.as_bytes());
        parts.into_iter().for_each(add);
        hasher.finalize().to_hex().to_string()
    }

    /// What its file is called, shortened: enough to tell one of millions.
    pub fn mark(&self) -> String {
        mark(self.kind, &self.hash)
    }

    /// The hash, as an input of later stages.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// Digits of a hash that tell a stage from millions of others.
const MARK: usize = 16;

fn mark(kind: &str, hash: &str) -> String {
    format!("{kind}-{}", &hash[..hash.len().min(MARK)])
}

/// The marks of all stages in a folder, by one look at its names.
pub fn marks(folder: &Path) -> HashSet<String> {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let known = |name: std::ffi::OsString| {
        let (kind, rest) = name.to_str()?.split_once('-')?;
        Some(mark(kind, rest.split_once('.')?.0))
    };
    names.filter_map(known).collect()
}

/// The folder of inputs that stages share, in that of the stages.
const INPUTS: &str = "inputs";

/// What must fit on the disk before anything starts.
const PROBE_BYTES: usize = 4 << 20;

/// A folder of stored stages.
#[derive(Debug, Clone)]
pub struct Store {
    /// None of a store that keeps nothing.
    folder: Option<PathBuf>,
    /// Folders of other runs, in which a stage may be stored as well.
    others: Vec<PathBuf>,
    /// Shared inputs that were noted.
    noted: Arc<Mutex<HashSet<String>>>,
}

impl Store {
    /// The store in `folder`, which is made if need be; fails now if it cannot be written, or the disk is full.
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder.display(), e))?;
        remove_leftovers(folder);
        remove_leftovers(&folder.join(INPUTS));
        let probe = || -> std::io::Result<()> {
            let mut file = temporary(folder)?;
            file.write_all(&vec![0; PROBE_BYTES])?;
            file.as_file().sync_all()
        };
        probe().map_err(|e| Error::io(format!("cannot write to {}", folder.display()), e))?;
        Ok(Store::reading(folder))
    }

    /// The store in `folder` that others are writing to as well: what they have not finished is left alone.
    pub fn joining(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder.display(), e))?;
        Ok(Store::reading(folder))
    }

    /// The store in `folder` of a run that is looked at, and may be somebody else's.
    pub fn reading(folder: &Path) -> Self {
        Store { folder: Some(folder.into()), others: Vec::new(), noted: Arc::default() }
    }

    /// A store that has nothing and keeps nothing.
    pub fn nowhere() -> Self {
        Store { folder: None, others: Vec::new(), noted: Arc::default() }
    }

    /// Notes that stages are computed with these instructions from now on; gives those that the first ones were computed with, if
    /// they are others.
    pub fn made_with(&self, instructions: &str) -> Result<Option<String>> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let path = folder.join("instructions");
        match regular_file(&path) {
            Ok(bytes) => {
                let there = String::from_utf8_lossy(&bytes).trim().to_string();
                Ok(Some(there).filter(|there| there != instructions))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                write_atomically(&path, format!("{instructions}\n").as_bytes()).map(|()| None)
            }
            Err(error) => Err(Error::io(path.display(), error)),
        }
    }

    /// The same store, which takes over from the stages in `others` what it lacks: a stage is known by its inputs, not by the run
    /// that made it.
    pub fn with_others(self, others: Vec<PathBuf>) -> Self {
        Store { others, ..self }
    }

    fn path(&self, key: &Key, extension: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{}-{}.{extension}", key.kind, key.hash)))
    }

    /// Notes the inputs that a stage shares with others, once for all of them.
    fn note(&self, key: &Key) {
        let Some(folder) = &self.folder else { return };
        let text = key.shared.to_string();
        let name = format!("{}-{}", key.kind, &blake3::hash(text.as_bytes()).to_hex()[..16]);
        if self.noted.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone()) {
            let path = folder.join(INPUTS).join(format!("{name}.json"));
            if !path.exists() {
                // It is for those who ask why; no number depends on it.
                let _ = std::fs::create_dir_all(folder.join(INPUTS));
                let _ = replace(&path, text.as_bytes());
            }
        }
    }

    /// The inputs that stored stages of a kind shared.
    pub fn noted(&self, kind: &str) -> Vec<Value> {
        let folders = self.folder.iter().chain(&self.others).map(|folder| folder.join(INPUTS));
        let files = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        let of_kind = files.filter(|file| {
            file.file_name()
                .to_str()
                .and_then(|name| name.strip_prefix(kind))
                .is_some_and(|rest| rest.starts_with('-'))
        });
        let read = |file: std::fs::DirEntry| serde_json::from_slice(&regular_file(&file.path()).ok()?).ok();
        of_kind.filter_map(read).collect()
    }

    fn put(&self, key: &Key, extension: &str, bytes: &[u8]) -> Result<()> {
        self.note(key);
        match self.path(key, extension) {
            None => Ok(()),
            // It may be somebody's; what is not kept is computed again.
            Some(path) if path.is_dir() => {
                eprintln!(
                    "warning: {}: a folder stands where a stage is to be stored: remove it",
                    path.display()
                );
                Ok(())
            }
            Some(path) => write_atomically(&path, bytes),
        }
    }

    /// What `read` finds in a stored file; what is stored by another run is kept here from then on.
    fn find<T>(&self, key: &Key, extension: &str, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        let own = self.path(key, extension)?;
        let name = own.file_name()?;
        for folder in self.folder.iter().chain(&self.others) {
            let path = folder.join(name);
            let bytes = match regular_file(&path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => {
                    eprintln!("warning: {}: {error}; computed again", path.display());
                    continue;
                }
            };
            let Some(found) = read(&bytes) else {
                eprintln!(
                    "warning: {}: is not what was stored (its hash differs); computed again",
                    path.display()
                );
                continue;
            };
            if path != own {
                // What cannot be kept can be read all the same.
                let _ = write_atomically(&own, &bytes);
                self.note(key);
            }
            return Some(found);
        }
        None
    }

    /// A stored JSON value; nothing if it is not stored or is not what was stored.
    pub fn json<T: DeserializeOwned>(&self, key: &Key) -> Option<T> {
        self.find(key, "json", |bytes| {
            let rest = bytes.strip_prefix(CONTENT)?.strip_suffix(END)?;
            let (rest, seal) = rest.split_at_checked(rest.len().checked_sub(SEAL_LENGTH)?)?;
            let content = rest.strip_suffix(SEAL)?;
            (seal == key.seal([content]).as_bytes()).then(|| serde_json::from_slice(content).ok()).flatten()
        })
    }

    /// Stores a JSON value.
    pub fn put_json<T: Serialize>(&self, key: &Key, value: &T) -> Result<()> {
        let content = serde_json::to_vec(value)
            .map_err(|e| Error::plugin(format!("a stage cannot be written: {e}")))?;
        let seal = key.seal([content.as_slice()]);
        let bytes = [CONTENT, &content, SEAL, seal.as_bytes(), END].concat();
        self.put(key, "json", &bytes)
    }

    /// A stored chain.
    pub fn chain(&self, key: &Key) -> Option<Chain> {
        self.find(key, "safetensors", |bytes| {
            let tensors = SafeTensors::deserialize(bytes).ok()?;
            let (_, header) = SafeTensors::read_metadata(bytes).ok()?;
            let seal = header.metadata().as_ref()?.get(SEAL_KEY)?.clone();
            let mut vectors: Vec<(String, Vec<f32>)> = Vec::new();
            for (name, tensor) in tensors.iter() {
                let (numbers, _) = tensor.data().as_chunks();
                vectors.push((name.to_string(), numbers.iter().map(|b| f32::from_le_bytes(*b)).collect()));
            }
            // The file sorts by its own rules; names make the order.
            vectors.sort_by(|a, b| a.0.cmp(&b.0));
            let chain = Chain { vectors };
            (seal == chain_seal(key, &chain)).then_some(chain)
        })
    }

    /// Stores a chain, as safetensors: readable from Python.
    pub fn put_chain(&self, key: &Key, chain: &Chain) -> Result<()> {
        let bytes: Vec<(&str, Vec<u8>, usize)> =
            chain.vectors.iter().map(|(name, v)| (name.as_str(), little_endian(v), v.len())).collect();
        let failed =
            |e: safetensors::SafeTensorError| Error::plugin(format!("a chain cannot be written: {e}"));
        let mut views = Vec::new();
        for (name, data, length) in &bytes {
            views.push((*name, TensorView::new(Dtype::F32, vec![*length], data).map_err(failed)?));
        }
        let header = HashMap::from([(SEAL_KEY.to_string(), chain_seal(key, chain))]);
        let file = safetensors::serialize(views, Some(header)).map_err(failed)?;
        self.put(key, "safetensors", &file)
    }
}

/// A stored JSON value stands between these.
const CONTENT: &[u8] = b"{\"content\":";
const SEAL: &[u8] = b",\"blake3\":\"";
const END: &[u8] = b"\"}\n";
const SEAL_LENGTH: usize = 64;
/// Where the hash of a chain stands in its header.
const SEAL_KEY: &str = "blake3";

fn little_endian(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// The hash of a chain: of names and numbers, in the order of the names.
fn chain_seal(key: &Key, chain: &Chain) -> String {
    let mut parts: Vec<(&[u8], Vec<u8>)> =
        chain.vectors.iter().map(|(name, numbers)| (name.as_bytes(), little_endian(numbers))).collect();
    parts.sort();
    key.seal(parts.iter().flat_map(|(name, numbers)| [*name, numbers.as_slice()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn chains_and_values_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let chain = Chain::new([("log-sigma", vec![f32::NEG_INFINITY, -2.0]), ("mean", vec![1.0, 0.1])]);
        let key = Key::new("chain", &json!({"a": 1}));
        assert_eq!(store.chain(&key), None);
        store.put_chain(&key, &chain).unwrap();
        assert_eq!(store.chain(&key), Some(chain));
        store.put_json(&key, &vec![0.1, 1.0 / 3.0]).unwrap();
        assert_eq!(store.json::<Vec<f64>>(&key), Some(vec![0.1, 1.0 / 3.0]));
    }

    #[test]
    fn stages_of_another_run_are_taken_over() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [first, second] = folders.each_ref().map(|folder| Store::open(folder.path()).unwrap());
        let key = Key::new("curve", &json!({"a": 1}));
        first.put_json(&key, &7).unwrap();
        assert_eq!(second.json::<u8>(&key), None);
        let second = second.with_others(vec![folders[0].path().into()]);
        assert_eq!(second.json::<u8>(&key), Some(7));
        // From then on it is its own.
        std::fs::remove_file(first.path(&key, "json").unwrap()).unwrap();
        assert_eq!(second.json::<u8>(&key), Some(7));
        assert_eq!(second.json::<u8>(&Key::new("curve", &json!({"a": 2}))), None);
    }

    /// Every single bit of a stored file matters, and so does its name.
    #[test]
    fn changed_files_are_as_if_absent() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let [key, other] = [1, 2].map(|a| Key::new("stage", &json!({ "a": a })));
        let chain = Chain::new([("mean", vec![1.0, 0.1, -3.0]), ("sigma", vec![2.0])]);
        store.put_chain(&key, &chain).unwrap();
        store.put_json(&key, &vec![0.1, 1.0 / 3.0, -2.0]).unwrap();
        for extension in ["safetensors", "json"] {
            let path = store.path(&key, extension).unwrap();
            let there = |key: &Key| match extension {
                "json" => store.json::<Vec<f64>>(key).is_some(),
                _ => store.chain(key).is_some(),
            };
            assert!(there(&key));
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(store.path(&other, extension).unwrap(), &bytes).unwrap();
            assert!(!there(&other), "a copy under another name");
            for bit in 0..8 * bytes.len() {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                std::fs::write(&path, &flipped).unwrap();
                // A bit of the header's blanks changes nothing that is read.
                let same = extension != "json" && store.chain(&key).is_some_and(|found| found == chain);
                assert!(!there(&key) || same, "bit {bit} of the {extension} file");
            }
            for length in 0..bytes.len() {
                std::fs::write(&path, &bytes[..length]).unwrap();
                assert!(!there(&key), "{length} bytes of the {extension} file");
            }
        }
    }

    #[test]
    fn temporary_files_of_a_killed_run_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(INPUTS)).unwrap();
        let left = [folder.path().to_path_buf(), folder.path().join(INPUTS)]
            .map(|folder| temporary(&folder).unwrap().keep().unwrap().1);
        Store::reading(folder.path());
        assert!(left.iter().all(|file| file.exists()));
        Store::open(folder.path()).unwrap();
        assert!(!left.iter().any(|file| file.exists()));
    }

    #[test]
    fn keys_depend_on_inputs_alone() {
        let a = Key::new("chain", &json!({"x": 1, "y": 2}));
        let b = Key::new("chain", &serde_json::from_str(r#"{"y": 2, "x": 1}"#).unwrap());
        assert_eq!(a, b);
        assert_ne!(a, Key::new("chain", &json!({"x": 1, "y": 3})));
        assert_ne!(a.hash(), Key::new("curve", &json!({"x": 1, "y": 2})).hash());
    }
}
