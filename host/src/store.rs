//! Stored stages: a stage is a pure function of its inputs, stored under their hash.
//!
//! A file appears under its final name only when it is complete and on disk: a run that is killed at any moment leaves
//! finished stages and, at worst, temporary files that nobody reads.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use amplicast_sdk::{Chain, Error, Result};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The hash of a stage's inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    kind: &'static str,
    hash: String,
}

impl Key {
    /// The key of a stage of this kind with these inputs. Object keys are sorted, so equal values give equal keys.
    pub fn new(kind: &'static str, inputs: &Value) -> Self {
        let text = serde_json::to_string(inputs).expect("JSON values can be written");
        let mut hasher = blake3::Hasher::new_derive_key("amplicast stage 1");
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        hasher.update(kind.as_bytes());
        hasher.update(text.as_bytes());
        Key { kind, hash: hasher.finalize().to_hex()[..32].to_string() }
    }

    /// The hash, as an input of later stages.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// What must fit on the disk before anything starts.
const PROBE_BYTES: usize = 4 << 20;

/// A folder of stored stages.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    /// Folders of other runs, in which a stage may be stored as well.
    others: Vec<PathBuf>,
}

impl Store {
    /// The store in `folder`, which is made if need be; fails now if it cannot be written, or the disk is full.
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder.display(), e))?;
        let probe = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&vec![0; PROBE_BYTES])?;
            file.as_file().sync_all()
        };
        probe().map_err(|e| Error::io(format!("cannot write to {}", folder.display()), e))?;
        Ok(Store { folder: folder.into(), others: Vec::new() })
    }

    /// The same store, which takes over from the stages in `others` what it lacks: a stage is known by its inputs, not by the run
    /// that made it.
    pub fn with_others(self, others: Vec<PathBuf>) -> Self {
        Store { others, ..self }
    }

    fn path(&self, key: &Key, extension: &str) -> PathBuf {
        self.folder.join(format!("{}-{}.{extension}", key.kind, key.hash))
    }

    /// A stored file; one of another run is kept here from then on.
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        if let Ok(bytes) = std::fs::read(path) {
            return Some(bytes);
        }
        let name = path.file_name()?;
        let bytes = self.others.iter().find_map(|folder| std::fs::read(folder.join(name)).ok())?;
        // What cannot be kept can be read all the same.
        let _ = write_atomically(path, &bytes);
        Some(bytes)
    }

    /// A stored JSON value; nothing if it is not stored or cannot be read.
    pub fn json<T: DeserializeOwned>(&self, key: &Key) -> Option<T> {
        let bytes = self.read(&self.path(key, "json"))?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Stores a JSON value.
    pub fn put_json<T: Serialize>(&self, key: &Key, value: &T) -> Result<()> {
        let bytes = serde_json::to_vec(value)
            .map_err(|e| Error::plugin(format!("a stage cannot be written: {e}")))?;
        write_atomically(&self.path(key, "json"), &bytes)
    }

    /// A stored chain.
    pub fn chain(&self, key: &Key) -> Option<Chain> {
        let bytes = self.read(&self.path(key, "safetensors"))?;
        let tensors = SafeTensors::deserialize(&bytes).ok()?;
        let mut vectors = Vec::new();
        for (name, tensor) in tensors.iter() {
            let numbers = tensor.data().chunks_exact(4);
            let values = numbers.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            vectors.push((name.to_string(), values));
        }
        // The file sorts by its own rules; names make the order.
        vectors.sort_by(|a, b| a.0.cmp(&b.0));
        Some(Chain { vectors })
    }

    /// Stores a chain, as safetensors: readable from Python.
    pub fn put_chain(&self, key: &Key, chain: &Chain) -> Result<()> {
        let bytes: Vec<(&str, Vec<u8>, usize)> = chain
            .vectors
            .iter()
            .map(|(name, v)| (name.as_str(), v.iter().flat_map(|x| x.to_le_bytes()).collect(), v.len()))
            .collect();
        let failed =
            |e: safetensors::SafeTensorError| Error::plugin(format!("a chain cannot be written: {e}"));
        let mut views = Vec::new();
        for (name, data, length) in &bytes {
            views.push((*name, TensorView::new(Dtype::F32, vec![*length], data).map_err(failed)?));
        }
        let file = safetensors::serialize(views, None).map_err(failed)?;
        write_atomically(&self.path(key, "safetensors"), &file)
    }
}

/// Writes a file under a temporary name, syncs it, and renames it.
///
/// Like any file that a program makes for people, it is readable and writable as the user's umask says; a temporary file of
/// the usual kind is its owner's alone, and a rename keeps that.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        // The system takes the umask's bits away.
        let mut file = builder.permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(|e| Error::io(path.display(), e))
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
        std::fs::remove_file(first.path(&key, "json")).unwrap();
        assert_eq!(second.json::<u8>(&key), Some(7));
        assert_eq!(second.json::<u8>(&Key::new("curve", &json!({"a": 2}))), None);
    }

    #[test]
    fn damaged_files_are_as_if_absent() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let key = Key::new("chain", &json!({}));
        store.put_chain(&key, &Chain::new([("mean", vec![1.0; 100])])).unwrap();
        let path = store.path(&key, "safetensors");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(store.chain(&key), None);
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
