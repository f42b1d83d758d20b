//! Archives of arrays as `numpy.savez` writes them.

use std::io::{BufReader, Read};
use std::sync::Arc;

use amplicast_sdk::{Error, Result};
use zip::{CompressionMethod, ZipArchive};

use crate::npy;
use crate::place::Bytes;
use crate::table::{Table, choose};

/// The array `key`; `file` is read where it lies, or into memory if it is compressed.
pub fn open(file: Arc<std::fs::File>, key: Option<&str>) -> Result<Table> {
    let wrong =
        |error: zip::result::ZipError| Error::data(format!("expected a .npz file (a zip archive): {error}"));
    let mut archive = ZipArchive::new(BufReader::new(&*file)).map_err(wrong)?;
    let mut keys = Vec::new();
    for name in archive.file_names() {
        keys.extend(name.map_err(wrong)?.strip_suffix(".npy").map(str::to_owned));
    }
    let key = choose(key, &keys)?;
    let mut entry = archive.by_name(&format!("{key}.npy")).map_err(wrong)?;
    let inside = |error: Error| error.at(format!("`{key}`"));
    match (entry.compression(), entry.data_start()) {
        (CompressionMethod::Stored, Some(start)) => {
            let end = start + entry.size();
            drop(entry);
            npy::open(Bytes::File(file), start, end).map_err(inside)
        }
        _ => {
            // Compressed numbers cannot be read from the middle.
            let mut bytes = Vec::new();
            entry
                .read_to_end(&mut bytes)
                .map_err(|error| inside(Error::io("cannot read the array", error)))?;
            let end = bytes.len() as u64;
            npy::open(Bytes::Memory(bytes.into()), 0, end).map_err(inside)
        }
    }
}
