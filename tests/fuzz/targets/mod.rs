//! What reads files, and sound files for it.

mod data;
mod experiment;
mod plugin;
mod results;
mod stages;

use std::path::{Path, PathBuf};

use crate::structure::Language;

/// The names of all targets.
pub const NAMES: [&str; 9] =
    ["experiment", "results", "plugin", "chain", "curve", "npy", "npz", "h5", "parquet"];

/// Reads an input that was made from the seed of this number: whether it is read or refused; an error if something is wrong.
pub type Read = Box<dyn Fn(usize, &[u8]) -> Result<bool, String>>;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Something that reads a kind of input.
pub struct Target {
    /// Sound inputs.
    pub seeds: Vec<Vec<u8>>,
    /// In which its values are written, if it is a text.
    pub language: Option<Language>,
    /// Whether the product calls it behind a door that makes errors of panics: of a library's that is not ours they are.
    pub is_caught: bool,
    /// Reads one.
    pub read: Read,
}

impl Target {
    /// The target of this name.
    pub fn of(name: &str) -> Outcome<Self> {
        let target = match name {
            "experiment" => experiment::target()?,
            "results" => results::target()?,
            "plugin" => plugin::target()?,
            "chain" => stages::chains()?,
            "curve" => stages::curves()?,
            format => data::target(format)?,
        };
        let sound =
            target.seeds.iter().enumerate().filter(|(i, seed)| (target.read)(*i, seed) == Ok(true)).count();
        if 2 * sound < target.seeds.len() || sound == 0 {
            return Err(format!("expected sound inputs, {sound} of {} are read", target.seeds.len()).into());
        }
        Ok(target)
    }
}

/// The checkout's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The files of a folder whose names end like this, in the order of their names.
fn files(folder: &Path, end: &str) -> Outcome<Vec<Vec<u8>>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?.flatten().map(|e| e.path()).collect();
    paths.retain(|path| path.is_file() && path.extension().is_some_and(|e| e == end));
    paths.sort();
    Ok(paths.iter().map(std::fs::read).collect::<Result<_, _>>()?)
}
