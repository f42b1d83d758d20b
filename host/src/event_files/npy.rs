//! Arrays n x d as NumPy saves them; weights and numbers of groups in arrays of their own beside it.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use amplicast_sdk::{Error, Result};
use ndarray_npy::npy::header::{Header, Layout};
use py_literal::Value;
use tempfile::NamedTempFile;

use super::file::{Block, Contents, EventFile, begin, keep};

/// An array of f64 whose rows are written one after the other.
struct Rows {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

/// Events, their weights in `NAME.weights.npy`, and the numbers of their groups in `NAME.groups.npy`.
pub struct NpyFile {
    events: Rows,
    weights: Option<Rows>,
    groups: Option<Rows>,
}

/// Where the `weights` or the `groups` of the events in a file are.
pub fn beside(path: &Path, what: &str) -> PathBuf {
    path.with_extension(format!("{what}.npy"))
}

impl Rows {
    fn create(path: PathBuf, shape: Vec<usize>) -> Result<Self> {
        let mut file = BufWriter::new(begin(&path)?);
        let header = Header { type_descriptor: Value::String("<f8".into()), layout: Layout::Standard, shape };
        let written = header.write(&mut file);
        written.map_err(|e| Error::data(e.to_string()).at(path.display().to_string()))?;
        Ok(Rows { path, file })
    }

    fn write<'a>(&mut self, numbers: impl Iterator<Item = &'a f64>) -> Result<()> {
        for number in numbers {
            self.file.write_all(&number.to_le_bytes()).map_err(|e| Error::io(self.path.display(), e))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        let file = self.file.into_inner().map_err(|e| Error::io(self.path.display(), e.into_error()))?;
        keep(file, &self.path)
    }
}

impl NpyFile {
    pub fn create(path: &Path, contents: &Contents<'_>) -> Result<Self> {
        let rows = usize::try_from(contents.events).map_err(|e| Error::data(e.to_string()))?;
        let one_each = |what| Rows::create(beside(path, what), vec![rows]);
        Ok(NpyFile {
            events: Rows::create(path.into(), vec![rows, contents.schema.dimension()])?,
            weights: contents.weighted.then(|| one_each("weights")).transpose()?,
            groups: contents.grouped.then(|| one_each("groups")).transpose()?,
        })
    }
}

impl EventFile for NpyFile {
    fn write(&mut self, block: Block<'_>) -> Result<()> {
        self.events.write(block.events.iter())?;
        for (file, numbers) in [(&mut self.weights, block.weights), (&mut self.groups, block.groups)] {
            if let (Some(file), Some(numbers)) = (file, numbers) {
                file.write(numbers.iter())?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.events.finish()?;
        [self.weights, self.groups].into_iter().flatten().try_for_each(Rows::finish)
    }
}
