//! A file of events that is being written.

use std::path::Path;

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{Error, Result, Schema};

/// What a file will hold.
#[derive(Debug, Clone)]
pub struct Contents<'a> {
    /// The columns of an event.
    pub schema: &'a Schema,
    /// How many events will be written.
    pub events: u64,
    /// Whether they have weights.
    pub weighted: bool,
    /// Whether some belong together.
    pub grouped: bool,
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

/// Events that are written at once (n x d), with their weights and the numbers of their groups if the file has some.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// Events x columns.
    pub events: ArrayView2<'a, f64>,
    /// One an event.
    pub weights: Option<&'a [f64]>,
    /// One an event.
    pub groups: Option<&'a [f64]>,
}

/// A file that is being written. It appears under its name when it is finished.
pub trait EventFile {
    /// Appends events.
    fn write(&mut self, block: Block<'_>) -> Result<()>;

    /// Writes what is left, and gives the file its name.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// A file beside the one that is to be, which a run that ends early leaves nothing of.
pub fn begin(path: &Path) -> Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder.display(), e))?;
    tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(|e| Error::io(path.display(), e))
}

/// Gives the file its name.
pub fn keep(file: tempfile::NamedTempFile, path: &Path) -> Result<()> {
    file.persist(path).map_err(|e| Error::io(path.display(), e.error))?;
    Ok(())
}
