//! Opens a file of any format.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amplicast_sdk::{Error, Result};

use crate::format::{Format, format_of};
use crate::place::Bytes;
use crate::regular::expect_regular;
use crate::table::{Selection, Table};
use crate::{folder, hdf5, hepmc, lhe, npy, npz, parquet};

/// A file, or a folder of files, as it was found first.
#[derive(Debug)]
pub struct Place {
    pub path: PathBuf,
    pub metadata: Metadata,
    /// The parts of a folder; none of a file.
    pub parts: Vec<PathBuf>,
}

impl Place {
    /// What there is at a path.
    pub fn find(path: &Path) -> Result<Self> {
        let metadata = metadata(path)?;
        expect_regular(metadata.file_type())?;
        let parts = if metadata.is_dir() { folder::parts(path)? } else { Vec::new() };
        Ok(Place { path: path.to_owned(), metadata, parts })
    }

    /// The table that a selection means.
    pub fn table(&self, selection: &Selection) -> Result<Table> {
        table(&self.path, &self.metadata, &self.parts, selection)
    }

    /// The same again: refuses what was changed meanwhile.
    pub fn same(&self, selection: &Selection, shape: &[usize]) -> Result<Table> {
        let now = metadata(&self.path)?;
        let known = |of: &Metadata| (of.len(), of.mtime());
        let table = table(&self.path, &now, &self.parts, selection)?;
        if known(&now) != known(&self.metadata) || table.shape != shape {
            return Err(Error::data("expected the file as it was, found that it was changed meanwhile"));
        }
        Ok(table)
    }
}

fn metadata(path: &Path) -> Result<Metadata> {
    std::fs::metadata(path).map_err(|error| Error::io("cannot open the file", error))
}

/// The table of a file, or of the parts of a folder.
fn table(path: &Path, metadata: &Metadata, parts: &[PathBuf], selection: &Selection) -> Result<Table> {
    let all = selection.clone();
    if metadata.is_dir() {
        selection.no_key()?;
        selection.no_particles()?;
        return folder::open(parts, move |part| {
            let file = File::open(part).map_err(|error| Error::io("cannot open the file", error))?;
            parquet::open(Bytes::File(Arc::new(file)), all.wanted())
        });
    }
    let file = File::open(path).map_err(|error| Error::io("cannot open the file", error))?;
    let format = format_of(path, &file)?;
    let file = Arc::new(file);
    if !matches!(format, Format::Lhe | Format::HepMc) {
        selection.no_particles()?;
    }
    if let (Format::Lhe | Format::HepMc, Some(groups)) = (format, &selection.groups) {
        let message = format!(
            "expected no groups in a file of an event generator (LHE, HepMC3), found `{groups}`; they may be in a file of their own \
             (`groups_file`)"
        );
        return Err(Error::config("groups", message));
    }
    match format {
        Format::Npz => npz::open(file, selection),
        Format::Hdf5 => hdf5::open(path, selection),
        Format::Parquet => {
            selection.no_key()?;
            parquet::open(Bytes::File(file), selection.wanted())
        }
        Format::Npy => {
            selection.no_key()?;
            npy::open(Bytes::File(file), 0, metadata.len(), selection.wanted())
        }
        Format::Lhe => lhe::open(&Bytes::File(file), selection),
        Format::HepMc => hepmc::open(&Bytes::File(file), selection),
    }
}
