//! Folders of Parquet files that are parts of one table, as Spark and Dask write them.

use std::fs::File;
use std::path::{Path, PathBuf};

use amplicast_sdk::{Error, Result};

use crate::format::{Format, format_of};
use crate::patterns::natural_order;
use crate::pool::Pooled;
use crate::table::{Source, Table};

/// Parts, one after another.
#[derive(Debug)]
struct Parts {
    /// The first row of each, and the number of all rows.
    starts: Vec<u64>,
    parts: Vec<Pooled>,
    dimension: usize,
}

/// The parts of a folder, in the natural order of their names; refuses what is none.
pub fn parts(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::io("cannot read the folder", error);
    let mut parts = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == ".zarray" || name == "zarr.json" || name == ".zgroup" {
            return Err(Error::data(
                "expected a folder of Parquet files, found one of Zarr; save the events: `numpy.save(\"events.npy\", \
                 zarr.open(\"events.zarr\")[:])`",
            ));
        }
        // Markers and hidden files, such as `_SUCCESS` and `.part-0.crc`.
        if name.starts_with(['_', '.']) {
            continue;
        }
        if path.is_dir() {
            let what = if name.contains('=') { "the partition" } else { "the folder" };
            return Err(Error::data(format!(
                "expected Parquet files in one folder, found {what} `{name}`, whose name would be a column; write it as one file: \
                 `pandas.read_parquet(\"FOLDER\").to_parquet(\"events.parquet\")`"
            )));
        }
        let file = File::open(&path)
            .map_err(|error| Error::io("cannot open the file", error).at(format!("`{name}`")))?;
        if !matches!(format_of(&path, &file), Ok(Format::Parquet)) {
            return Err(Error::data(format!(
                "expected a folder of Parquet files, found `{name}`; name the file itself"
            )));
        }
        parts.push(path);
    }
    if parts.is_empty() {
        return Err(Error::data("expected a file, or a folder of Parquet files, found a folder without any"));
    }
    parts.sort_by(|a, b| natural_order(&a.to_string_lossy(), &b.to_string_lossy()));
    Ok(parts)
}

/// The table of these parts; `open` opens one of them.
pub fn open(
    parts: &[PathBuf],
    open: impl Fn(&Path) -> Result<Table> + Clone + Send + Sync + 'static,
) -> Result<Table> {
    let mut whole = Parts { starts: vec![0], parts: Vec::new(), dimension: 0 };
    let mut first: Option<(Vec<usize>, Option<Vec<String>>, Vec<String>, bool)> = None;
    for path in parts {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let here = |error: Error| match error.place() {
            "columns" | "key" | "layout" => error,
            _ => error.at(format!("`{name}`")),
        };
        let table = open(path).map_err(here)?;
        let (shape, columns, ..) = first.get_or_insert_with(|| {
            (table.shape.clone(), table.columns.clone(), table.notes.clone(), table.names_used)
        });
        if table.shape[1..] != shape[1..] || table.columns != *columns {
            let names = |columns: &Option<Vec<String>>| columns.as_deref().unwrap_or_default().join(", ");
            return Err(here(Error::data(format!(
                "expected the columns {} as in the first file of the folder, found {}",
                names(columns),
                names(&table.columns)
            ))));
        }
        let rows = table.shape[0] as u64;
        whole.starts.push(whole.starts[whole.starts.len() - 1] + rows);
        let (path, open) = (path.clone(), open.clone());
        whole.parts.push(Pooled::new(table.source, Box::new(move || Ok(open(&path)?.source))));
    }
    let (mut shape, columns, notes, names_used) = first.unwrap_or_default();
    whole.dimension = shape.iter().skip(1).product();
    if let Some(rows) = shape.first_mut() {
        *rows = usize::try_from(whole.starts[whole.starts.len() - 1]).unwrap_or(usize::MAX);
    }
    Ok(Table { columns, notes, names_used, ..Table::new(shape, Box::new(whole)) })
}

impl Source for Parts {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let d = self.dimension.max(1);
        let (mut first, mut rest) = (first, out);
        while !rest.is_empty() {
            let part = self.starts.partition_point(|start| *start <= first) - 1;
            let rows = (rest.len() / d).min((self.starts[part + 1] - first) as usize);
            let (here, others) = rest.split_at_mut(rows * d);
            self.parts[part].source()?.read(first - self.starts[part], here)?;
            first += rows as u64;
            rest = others;
        }
        Ok(())
    }
}
