//! Events in files for others to read: one kind a file, told by its ending.

mod lhe;
mod npy;
mod parquet;

use std::path::Path;

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{Error, Result, Schema};

use lhe::LheFile;
use npy::NpyFile;
use parquet::ParquetFile;

/// What a file will hold.
#[derive(Debug, Clone)]
pub struct Contents<'a> {
    /// The columns of an event.
    pub schema: &'a Schema,
    /// How many events will be written.
    pub events: u64,
    /// Whether they have weights.
    pub weighted: bool,
    /// What they are, in a sentence that goes into files that have room for one.
    pub origin: String,
    /// For Les Houches events, what else these need.
    pub les_houches: Option<LesHouches>,
}

/// What a file of Les Houches events says beside momenta.
#[derive(Debug, Clone, PartialEq)]
pub struct LesHouches {
    /// The Monte Carlo number (PDG) of each particle.
    pub ids: Vec<i32>,
    /// Energy of each proton beam in GeV.
    pub beam_energy: f64,
}

/// A file that is being written. It appears under its name when it is finished.
pub trait EventFile {
    /// Appends events (n x d), and their weights if the file has some.
    fn write(&mut self, events: ArrayView2<'_, f64>, weights: Option<&[f64]>) -> Result<()>;

    /// Writes what is left, and gives the file its name.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Begins a file: `.npy`, `.parquet`, `.lhe` or `.lhe.gz`.
pub fn create<'a>(path: &Path, contents: Contents<'a>) -> Result<Box<dyn EventFile + 'a>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    match () {
        _ if name.ends_with(".npy") => Ok(Box::new(NpyFile::create(path, &contents)?)),
        _ if name.ends_with(".parquet") => Ok(Box::new(ParquetFile::create(path, &contents)?)),
        _ if name.ends_with(".lhe") || name.ends_with(".lhe.gz") => {
            Ok(Box::new(LheFile::create(path, contents)?))
        }
        _ => Err(Error::config(
            "--out",
            format!("expected a file .npy, .parquet, .lhe or .lhe.gz, found {}", path.display()),
        )),
    }
}

/// A file beside the one that is to be, which a run that ends early leaves nothing of.
fn begin(path: &Path) -> Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder.display(), e))?;
    tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(|e| Error::io(path.display(), e))
}

fn keep(file: tempfile::NamedTempFile, path: &Path) -> Result<()> {
    file.persist(path).map_err(|e| Error::io(path.display(), e.error))?;
    Ok(())
}
