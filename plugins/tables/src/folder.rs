//! Folders of Parquet files that are parts of one table, as Spark and Dask write them.

use std::fs::File;
use std::path::{Path, PathBuf};

use amplicast_sdk::{Error, Result};

use crate::format::{Format, format_of};
use crate::patterns::natural_order;
use crate::pool::Pooled;
use crate::regular::expect_regular;
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
    // Its chunks are files like any other.
    if [".zarray", ".zgroup", ".zattrs", ".zmetadata", "zarr.json"]
        .iter()
        .any(|name| folder.join(name).exists())
    {
        return Err(Error::data(
            "expected a file, or a folder of Parquet files, found a Zarr store; save the events: `numpy.save(\"events.npy\", \
             zarr.open(\"events.zarr\")[:])`",
        ));
    }
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
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
        let kind = std::fs::metadata(&path).map_err(failed)?.file_type();
        expect_regular(kind).map_err(|error| error.at(format!("`{name}`")))?;
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
    let mut first: Option<First> = None;
    for path in parts {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let here = |error: Error| match error.place() {
            "columns" => error,
            _ => error.at(format!("`{name}`")),
        };
        let Table { shape, columns, source, notes, .. } = open(path).map_err(here)?;
        let (rows, axes) = (shape[0] as u64, shape[1..].to_vec());
        let first =
            first.get_or_insert_with(|| First { axes: axes.clone(), columns: columns.clone(), notes });
        if axes != first.axes || columns != first.columns {
            let names = |columns: &Option<Vec<String>>| columns.as_deref().unwrap_or_default().join(", ");
            return Err(here(Error::data(format!(
                "expected the columns {} as in the first file of the folder, found {}",
                names(&first.columns),
                names(&columns)
            ))));
        }
        whole.starts.push(whole.starts[whole.starts.len() - 1] + rows);
        let (path, open) = (path.clone(), open.clone());
        whole.parts.push(Pooled::new(source, Box::new(move || Ok(open(&path)?.source))));
    }
    let First { axes, columns, notes } = first.unwrap_or_default();
    whole.dimension = axes.iter().product();
    let rows = usize::try_from(whole.starts[whole.starts.len() - 1]).unwrap_or(usize::MAX);
    let shape = [vec![rows], axes].concat();
    Ok(Table { columns, notes, names_used: true, ..Table::new(shape, Box::new(whole)) })
}

/// What the first part says of all.
#[derive(Default)]
struct First {
    axes: Vec<usize>,
    columns: Option<Vec<String>>,
    notes: Vec<String>,
}

impl Source for Parts {
    fn verify(&self) -> Result<()> {
        self.parts.iter().try_for_each(|part| part.source()?.verify())
    }

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
