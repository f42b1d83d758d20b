//! Archives of arrays as `numpy.savez` writes them.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use amplicast_sdk::{Error, Result};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::column_names::{Chosen, Wanted, choose_columns};
use crate::npy;
use crate::place::{Bytes, Seeking};
use crate::row_numbers::Values;
use crate::side_by_side::side_by_side;
use crate::table::{Selection, Source, Table};
use crate::weights::is_weight;

/// How many bytes at most one byte of deflate stands for, with room.
const MOST_PACKED: u64 = 1100;

/// The array that `selection` means, or arrays that are its columns.
pub fn open(file: Arc<File>, selection: &Selection) -> Result<Table> {
    let wrong = |error: ZipError| Error::data(format!("expected a .npz file (a zip archive): {error}"));
    let archive = ZipArchive::new(BufReader::new(&*file)).map_err(wrong)?;
    let mut keys = Vec::new();
    for name in archive.file_names() {
        keys.extend(name.map_err(wrong)?.strip_suffix(".npy").map(str::to_owned));
    }
    let wanted = selection.wanted();
    // Arrays of one number an event each, as `numpy.savez("events.npz", pt=pt, eta=eta)` writes them.
    if let Some(names) =
        wanted.columns.filter(|names| keys.len() > 1 && names.iter().all(|name| keys.contains(name)))
        && selection.key.is_none()
    {
        let Chosen { notes, .. } = choose_columns(&keys, wanted, &[], |_| Values::Unread)?;
        let open = |key: &str| open_array(&file, key, Wanted::default());
        let table = side_by_side(names, str::to_owned, open, "array that is a column")?;
        return Ok(Table { notes: [notes, table.notes].concat(), ..table });
    }
    let key = selection.choose(&keys).map_err(|error| with_hint(error, &file, &keys))?;
    selection.refuse_weights(&key)?;
    let mut table = open_array(&file, &key, wanted)?;
    table.notes.extend(weights_beside(&key, &keys).filter(|_| selection.weights.is_none()));
    table.key = Some(key);
    Ok(table)
}

/// What to do with several arrays of one number an event, added to the error of a key that is none of them.
fn with_hint(error: Error, file: &Arc<File>, keys: &[String]) -> Error {
    let rows =
        |key: &String| match open_array(file, key, Wanted::default()).map(|table| table.shape).as_deref() {
            Ok([rows] | [rows, 1]) => Some(*rows),
            _ => None,
        };
    let first = keys.first().and_then(rows);
    if first.is_none() || !keys.iter().all(|key| rows(key) == first) {
        return error;
    }
    let columns = keys.join(",");
    Error::config(
        error.place(),
        format!("{}; if they are one table, name its columns: `--columns {columns}`", error.message()),
    )
}

/// An array of the archive: read where it lies, or into memory if it is compressed.
fn open_array(file: &Arc<File>, key: &str, columns: Wanted<'_>) -> Result<Table> {
    let wrong = |error: ZipError| Error::data(format!("expected a .npz file (a zip archive): {error}"));
    let mut archive = ZipArchive::new(BufReader::new(&**file)).map_err(wrong)?;
    let mut entry = archive.by_name(&format!("{key}.npy")).map_err(wrong)?;
    let inside = |error: Error| match error.place() {
        "columns" => error,
        _ => error.at(format!("`{key}`")),
    };
    match (entry.compression(), entry.data_start()) {
        (CompressionMethod::Stored, Some(start)) => {
            let end = start + entry.size();
            drop(entry);
            let table = npy::open(Bytes::File(Arc::clone(file)), start, end, columns).map_err(inside)?;
            let source = Stored { file: Arc::clone(file), name: format!("{key}.npy"), source: table.source };
            Ok(Table { source: Box::new(source), ..table })
        }
        (CompressionMethod::Stored | CompressionMethod::Deflated, _) => {
            // Deflate makes 1032 bytes of one at most.
            if entry.size() / MOST_PACKED > entry.compressed_size() {
                return Err(inside(Error::data(format!(
                    "the file is damaged: expected at most {MOST_PACKED} bytes for each of the {} compressed ones, found a size of {}",
                    entry.compressed_size(),
                    entry.size()
                ))));
            }
            // Compressed numbers cannot be read from the middle.
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(|error| inside(unreadable(error)))?;
            let end = bytes.len() as u64;
            let table = npy::open(Bytes::Memory(bytes.into()), 0, end, columns).map_err(inside)?;
            Ok(Table { source: Box::new(Unpacked { bytes: end, source: table.source }), ..table })
        }
        (method, _) => Err(inside(Error::data(format!(
            "expected no compression, or deflate as `numpy.savez_compressed` uses it, found {method}; write the file again: \
                 `numpy.savez_compressed(\"new.npz\", **numpy.load(\"old.npz\"))`"
        )))),
    }
}

/// The error of bytes that the archive does not give.
fn unreadable(error: io::Error) -> Error {
    // The library's word for a checksum that is wrong.
    if error.to_string().contains("checksum") {
        return Error::data(
            "its bytes do not agree with the file's checksum (CRC-32): the file is damaged; write or copy it again",
        );
    }
    Error::io("cannot read the array", error)
}

/// What to say of an array of weights that lies beside the events.
pub fn weights_beside(key: &str, keys: &[String]) -> Option<String> {
    let weights = keys.iter().find(|other| *other != key && is_weight(other))?;
    Some(format!(
        "`{weights}` beside the events is not used: if it holds their weights, say `weights = \"{weights}\"` (`--weights {weights}`)"
    ))
}

/// An array that is read where it lies.
#[derive(Debug)]
struct Stored {
    file: Arc<File>,
    name: String,
    source: Box<dyn Source>,
}

impl Source for Stored {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        self.source.read(first, out)
    }

    fn verify(&self) -> Result<()> {
        let here = |error: Error| error.at(format!("`{}`", self.name.trim_end_matches(".npy")));
        let failed = |error: ZipError| here(Error::data(format!("cannot read the archive: {error}")));
        let whole = Bytes::File(Arc::clone(&self.file));
        let mut archive = ZipArchive::new(BufReader::new(Seeking::new(whole))).map_err(failed)?;
        let mut entry = archive.by_name(&self.name).map_err(failed)?;
        io::copy(&mut entry, &mut io::sink()).map_err(|error| here(unreadable(error)))?;
        Ok(())
    }

    fn is_half(&self) -> bool {
        self.source.is_half()
    }
}

/// An array in memory.
#[derive(Debug)]
struct Unpacked {
    bytes: u64,
    source: Box<dyn Source>,
}

impl Source for Unpacked {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        self.source.read(first, out)
    }

    fn held(&self) -> u64 {
        self.bytes
    }

    fn is_half(&self) -> bool {
        self.source.is_half()
    }
}
