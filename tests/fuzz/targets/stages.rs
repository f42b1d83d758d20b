//! Stored stages: what was changed is absent, or what was stored.

use std::path::{Path, PathBuf};

use amplicast::store::{Key, Store};
use amplicast_sdk::Chain;
use serde_json::json;

use super::{Outcome, Target};

/// The one stage that a folder holds.
fn stage(folder: &Path) -> Outcome<PathBuf> {
    let mut found = std::fs::read_dir(folder)?.flatten().map(|e| e.path());
    Ok(found.next().ok_or("expected a stored stage, found none")?)
}

/// A target that has `read` look whether a changed stage is there, and gives other numbers than `stored`.
fn of<T: PartialEq + std::fmt::Debug + 'static>(
    stored: T,
    put: impl Fn(&Store, &Key, &T) -> amplicast_sdk::Result<()>,
    get: impl Fn(&Store, &Key) -> Option<T> + 'static,
) -> Outcome<Target> {
    let folder = tempfile::tempdir()?;
    let (store, key) = (Store::open(folder.path())?, Key::new("stage", &json!({})));
    put(&store, &key, &stored)?;
    let path = stage(folder.path())?;
    let seeds = vec![std::fs::read(&path)?];
    let read = move |_: usize, input: &[u8]| {
        let _ = &folder;
        std::fs::write(&path, input).map_err(|e| e.to_string())?;
        match get(&store, &key) {
            Some(found) if found != stored => Err(format!("other numbers: {found:?}")),
            found => Ok(found.is_some()),
        }
    };
    Ok(Target { seeds, language: None, is_caught: false, read: Box::new(read) })
}

pub fn chains() -> Outcome<Target> {
    let chain = Chain::new([("mean", vec![1.0, 0.1, -3.0]), ("sigma", vec![2.0])]);
    of(chain, |store, key, chain| store.put_chain(key, chain), Store::chain)
}

pub fn curves() -> Outcome<Target> {
    let values: Vec<f64> = (0..50).map(|i| 1.0 / (1.0 + f64::from(i))).collect();
    of(values, |store, key, values| store.put_json(key, values), |store, key| store.json(key))
}
