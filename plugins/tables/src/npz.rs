//! Archives of arrays as `numpy.savez` writes them.

use std::io::{BufReader, Read};
use std::sync::Arc;

use amplicast_sdk::{Error, Result};
use zip::{CompressionMethod, ZipArchive};

use crate::npy;
use crate::place::Bytes;
use crate::table::{Selection, Source, Table};
use crate::weights::{is_weight, refuse_weights};

/// The array that `selection` means; `file` is read where it lies, or into memory if it is compressed.
pub fn open(file: Arc<std::fs::File>, selection: &Selection) -> Result<Table> {
    let wrong =
        |error: zip::result::ZipError| Error::data(format!("expected a .npz file (a zip archive): {error}"));
    let mut archive = ZipArchive::new(BufReader::new(&*file)).map_err(wrong)?;
    let mut keys = Vec::new();
    for name in archive.file_names() {
        keys.extend(name.map_err(wrong)?.strip_suffix(".npy").map(str::to_owned));
    }
    let key = selection.choose(&keys)?;
    refuse_weights("key", &key, true, false)?;
    let columns = selection.columns.as_deref();
    let mut entry = archive.by_name(&format!("{key}.npy")).map_err(wrong)?;
    let inside = |error: Error| match error.place() {
        "columns" => error,
        _ => error.at(format!("`{key}`")),
    };
    let mut table = match (entry.compression(), entry.data_start()) {
        (CompressionMethod::Stored, Some(start)) => {
            let end = start + entry.size();
            drop(entry);
            npy::open(Bytes::File(file), start, end, columns).map_err(inside)?
        }
        _ => {
            // Compressed numbers cannot be read from the middle.
            let mut bytes = Vec::new();
            entry
                .read_to_end(&mut bytes)
                .map_err(|error| inside(Error::io("cannot read the array", error)))?;
            let end = bytes.len() as u64;
            let table = npy::open(Bytes::Memory(bytes.into()), 0, end, columns).map_err(inside)?;
            Table { source: Box::new(Unpacked { bytes: end, source: table.source }), ..table }
        }
    };
    table.notes.extend(weights_beside(&key, &keys));
    table.key = Some(key);
    Ok(table)
}

/// What to say of an array of weights that lies beside the events.
pub fn weights_beside(key: &str, keys: &[String]) -> Option<String> {
    let weights = keys.iter().find(|other| *other != key && is_weight(other))?;
    Some(format!("`{weights}` beside the events is not used: event weights are not supported yet"))
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
}
