//! Datasets of HDF5 files.

use std::path::Path;

use amplicast_sdk::{Error, Result};
use hdf5_pure::{DType, Dataset, File, Group};

use crate::table::{Source, Table, choose};

/// Groups within groups that are looked at; links may form circles.
const DEPTH: usize = 8;

/// Rows of a dataset.
#[derive(Debug)]
struct Rows(Dataset);

/// The dataset `key`, named with its groups (`group/name`).
pub fn open(path: &Path, key: Option<&str>) -> Result<Table> {
    let wrong = |error: hdf5_pure::Error| Error::data(format!("expected an HDF5 file: {error}"));
    let file = File::open_streaming(path).map_err(wrong)?;
    let (expected, found) = (file.superblock().eof_address, file.file_size());
    if found < expected {
        return Err(Error::data(format!("the file is cut short: expected {expected} bytes, found {found}")));
    }
    let mut keys = Vec::new();
    collect(&file.root(), "", DEPTH, &mut keys).map_err(wrong)?;
    let key = choose(key.map(|key| key.trim_start_matches('/')), &keys)?;
    let inside = |error: hdf5_pure::Error| Error::data(error.to_string()).at(format!("`{key}`"));
    let dataset = file.dataset(&key).map_err(inside)?;
    match dataset.dtype().map_err(inside)? {
        DType::F32 | DType::F64 | DType::I8 | DType::I16 | DType::I32 | DType::I64 => {}
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => {}
        other => {
            let error = format!("expected floating-point numbers or integers, found {other}");
            return Err(Error::data(error).at(format!("`{key}`")));
        }
    }
    let shape = dataset.shape().map_err(inside)?;
    let shape = shape.into_iter().map(|axis| usize::try_from(axis).unwrap_or(usize::MAX)).collect();
    Ok(Table { shape, columns: None, source: Box::new(Rows(dataset)) })
}

/// The names of the datasets of a group, in order.
fn collect(
    group: &Group,
    prefix: &str,
    depth: usize,
    keys: &mut Vec<String>,
) -> Result<(), hdf5_pure::Error> {
    let mut names = group.datasets()?;
    names.sort();
    keys.extend(names.iter().map(|name| format!("{prefix}{name}")));
    if depth > 0 {
        let mut groups = group.groups()?;
        groups.sort();
        for name in groups {
            collect(&group.group(&name)?, &format!("{prefix}{name}/"), depth - 1, keys)?;
        }
    }
    Ok(())
}

impl Source for Rows {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let failed = |error: hdf5_pure::Error| Error::data(format!("cannot read the dataset: {error}"));
        let shape = self.0.shape().map_err(failed)?;
        let dimension: u64 = shape.iter().skip(1).product();
        let rows = out.len() as u64 / dimension.max(1);
        let numbers = self.0.read_f64_rows(first, rows).map_err(failed)?;
        if numbers.len() != out.len() {
            return Err(Error::data(format!(
                "expected {} numbers from row {first} on, found {}",
                out.len(),
                numbers.len()
            )));
        }
        out.copy_from_slice(&numbers);
        Ok(())
    }
}
