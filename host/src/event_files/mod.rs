//! Events in files for others to read: one kind a file, told by its ending.

mod file;
mod lhe;
mod npy;
mod parquet;

use std::path::Path;

use amplicast_sdk::{Error, Result};

pub use file::{Block, Contents, EventFile, LesHouches};
use lhe::LheFile;
use npy::NpyFile;
pub use npy::beside;
use parquet::ParquetFile;
pub use parquet::{GROUP, WEIGHT};

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
