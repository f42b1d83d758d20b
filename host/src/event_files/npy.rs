//! Arrays n x d as NumPy saves them; weights in an array of their own beside it.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{Error, Result};
use ndarray_npy::npy::header::{Header, Layout};
use py_literal::Value;
use tempfile::NamedTempFile;

use super::file::{Contents, EventFile, begin, keep};

/// An array of f64 whose rows are written one after the other.
struct Rows {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

/// Events, and their weights in `NAME.weights.npy`.
pub struct NpyFile {
    events: Rows,
    weights: Option<Rows>,
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
        let weights = || Rows::create(path.with_extension("weights.npy"), vec![rows]);
        Ok(NpyFile {
            events: Rows::create(path.into(), vec![rows, contents.schema.dimension()])?,
            weights: contents.weighted.then(weights).transpose()?,
        })
    }
}

impl EventFile for NpyFile {
    fn write(&mut self, events: ArrayView2<'_, f64>, weights: Option<&[f64]>) -> Result<()> {
        self.events.write(events.iter())?;
        match (&mut self.weights, weights) {
            (Some(file), Some(weights)) => file.write(weights.iter()),
            _ => Ok(()),
        }
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.events.finish()?;
        self.weights.map_or(Ok(()), Rows::finish)
    }
}
