//! A file of events: what it holds is read once, its rows when they are asked for.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amplicast_sdk::ndarray::{Array2, ArrayViewMut2, Axis};
use amplicast_sdk::{Error, ErrorKind, Result, Schema, chunk_events};

use crate::place::Bytes;
use crate::table::{Selection, Source, Table, no_key};
use crate::{EventShape, hdf5, npy, npz, parquet};

/// Formats that people keep events in and that are not read (yet).
const OTHER_FORMATS: [&str; 3] = ["root", "csv", "txt"];

/// An array of events in an open file: n x d numbers, or n x particles x 4.
///
/// The ending of the name tells the format: `.npz`, `.h5` and `.hdf5`, `.parquet`, otherwise `.npy`. Reading is by
/// position and holds little more than the rows asked for (of a compressed .npz: the whole array), so that any number of
/// threads may read a file of any size.
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
    key: Option<String>,
    /// Device and inode.
    identity: (u64, u64),
    rows: u64,
    shape: EventShape,
    columns: Option<Vec<String>>,
    source: Box<dyn Source>,
}

impl EventFile {
    /// Opens a file and checks what it says of itself; refuses a wrong `key` or `columns` at these names.
    pub fn open(path: impl AsRef<Path>, selection: &Selection) -> Result<Self> {
        let path = path.as_ref();
        Self::open_here(path, selection).map_err(|error| match error.kind() {
            // The place of a configuration's error is its key.
            ErrorKind::Config => {
                Error::config(error.place(), format!("{} ({})", error.message(), path.display()))
            }
            _ => error.at(path.display().to_string()),
        })
    }

    fn open_here(path: &Path, selection: &Selection) -> Result<Self> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        if OTHER_FORMATS.contains(&extension.as_str()) {
            return Err(Error::data(format!(
                "expected a .npy, .npz, .h5 or .parquet file; .{extension} files are not supported yet"
            )));
        }
        let file = File::open(path).map_err(|error| Error::io("cannot open the file", error))?;
        let metadata = file.metadata().map_err(|error| Error::io("cannot read the file", error))?;
        let (file, key) = (Arc::new(file), selection.key.as_deref());
        let Table { shape: array, mut columns, source } = match extension.as_str() {
            "npz" => npz::open(file, key)?,
            "h5" | "hdf5" => hdf5::open(path, key)?,
            "parquet" => {
                no_key(key)?;
                parquet::open(Bytes::File(file), selection.columns.as_deref())?
            }
            _ => {
                no_key(key)?;
                npy::open(Bytes::File(file), 0, metadata.len())?
            }
        };
        let shape = EventShape::of_array(&array).ok_or_else(|| {
            Error::data(format!(
                "expected an array of shape (events, columns) or (events, particles, 4), found {array:?}"
            ))
        })?;
        if array[0] == 0 {
            return Err(Error::data("expected at least one event, found none"));
        }
        if columns.is_none() {
            columns = shape.named(selection.columns.as_deref())?;
        }
        Ok(EventFile {
            path: path.to_owned(),
            key: selection.key.clone(),
            identity: (metadata.dev(), metadata.ino()),
            rows: array[0] as u64,
            shape,
            columns,
            source,
        })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Events in the file.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What one event is.
    pub fn shape(&self) -> EventShape {
        self.shape
    }

    /// A schema of its events, with the names of its columns (`x1` ... `xd` if it has none) or of particles.
    ///
    /// Names of particles group columns by four, as E, px, py, pz; they are `p0` ... by default for n x particles x 4.
    pub fn schema(&self, particles: Option<&[String]>) -> Result<Schema> {
        self.shape.schema(self.columns.as_deref(), particles)
    }

    /// Refuses events that are not like those of the schema; `place` says whose schema it is.
    pub fn expect(&self, schema: &Schema, place: &str) -> Result<()> {
        let expected = EventShape::of_schema(schema);
        let plain = matches!(expected, EventShape::Columns(_));
        self.expect_events(expected, plain.then(|| schema.column_names()), place)
    }

    /// Refuses events that are not like those of another file.
    pub fn expect_like(&self, other: &EventFile) -> Result<()> {
        let columns = self.columns.as_ref().and(other.columns.as_deref());
        self.expect_events(other.shape, columns, &format!("in {}", other.path.display()))
    }

    fn expect_events(&self, shape: EventShape, columns: Option<&[String]>, place: &str) -> Result<()> {
        let here = |message| Err(Error::data(message).at(self.path.display().to_string()));
        if !self.shape.can_be(shape) {
            return here(format!("expected events of {shape} as {place}, found {}", self.shape));
        }
        match (&self.columns, columns) {
            (Some(found), Some(expected)) if found != expected => here(format!(
                "expected the columns {} as {place}, found {}; name them with `columns`",
                expected.join(", "),
                found.join(", ")
            )),
            _ => Ok(()),
        }
    }

    /// Whether both are one array of one file on disk, whatever their paths.
    pub fn is_same_array(&self, other: &EventFile) -> bool {
        self.identity == other.identity && self.key == other.key
    }

    /// Fills `out` (n x d) with the events from row `first` on; refuses NaN and infinite numbers with their row.
    pub fn read(&self, first: u64, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let here = |error: Error| error.at(self.path.display().to_string());
        let (n, d) = (out.nrows() as u64, out.ncols());
        if d != self.shape.dimension() {
            return Err(here(Error::plugin(format!("expected room for {}, found {d} columns", self.shape))));
        }
        if first.checked_add(n).is_none_or(|end| end > self.rows) {
            return Err(here(Error::data(format!(
                "expected rows within 0..{}, found {first}..{}",
                self.rows,
                first.saturating_add(n)
            ))));
        }
        let numbers = out
            .as_slice_mut()
            .ok_or_else(|| Error::plugin("expected a row-major batch, found another memory layout"))?;
        self.source.read(first, numbers).map_err(here)?;
        match numbers.iter().position(|x| !x.is_finite()) {
            None => Ok(()),
            Some(i) => Err(here(Error::data(format!(
                "row {}, number {}: expected a finite number, found {}",
                first + (i / d) as u64,
                i % d,
                numbers[i]
            )))),
        }
    }

    /// Reads rows `first .. end` once and refuses NaN and infinite numbers; memory does not grow with the rows.
    pub fn check_finite(&self, first: u64, end: u64) -> Result<()> {
        let d = self.shape.dimension();
        let step = chunk_events(d).min(4096) as u64;
        let mut events = Array2::zeros((step as usize, d));
        let mut row = first;
        while row < end {
            let n = step.min(end - row);
            let (part, _) = events.view_mut().split_at(Axis(0), n as usize);
            self.read(row, part)?;
            row += n;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use amplicast_sdk::ndarray::{Array3, ShapeBuilder, array};

    use super::*;

    fn open(path: &Path) -> Result<EventFile> {
        EventFile::open(path, &Selection::default())
    }

    fn write(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        File::create(&path).unwrap().write_all(bytes).unwrap();
        (folder, path)
    }

    fn array_file<A: ndarray_npy::WriteNpyExt>(array: A) -> (tempfile::TempDir, PathBuf) {
        let mut bytes = Vec::new();
        array.write_npy(&mut bytes).unwrap();
        write("events.npy", &bytes)
    }

    fn refusal(path: &Path) -> String {
        open(path).unwrap_err().to_string()
    }

    #[test]
    fn rows_are_read_where_they_are() {
        let events = Array3::from_shape_fn((5000, 6, 4), |(n, p, c)| (n * 24 + p * 4 + c) as f32);
        let (_folder, path) = array_file(events);
        let file = open(&path).unwrap();
        assert_eq!((file.rows(), file.shape()), (5000, EventShape::FourMomenta(6)));
        // More than one piece of READ_BYTES.
        let mut out = Array2::zeros((3000, 24));
        file.read(1999, out.view_mut()).unwrap();
        assert!(out.iter().enumerate().all(|(i, &x)| x == (1999 * 24 + i) as f64));
        file.check_finite(0, 5000).unwrap();
        let error = file.read(4999, out.view_mut()).unwrap_err().to_string();
        assert!(error.contains("expected rows within 0..5000, found 4999..7999"), "{error}");
    }

    #[test]
    fn f64_columns() {
        let (_folder, path) = array_file(array![[1.0_f64, 0.1], [2.0, 0.2], [3.0, 0.3]]);
        let file = open(&path).unwrap();
        assert_eq!(file.shape(), EventShape::Columns(2));
        let mut out = Array2::zeros((2, 2));
        file.read(1, out.view_mut()).unwrap();
        assert_eq!(out, array![[2.0, 0.2], [3.0, 0.3]]);
    }

    #[test]
    fn nan_is_refused_with_its_row() {
        let mut events = Array2::<f32>::zeros((20_000, 3));
        events[[17_001, 2]] = f32::NAN;
        let (_folder, path) = array_file(events);
        let file = open(&path).unwrap();
        let error = file.check_finite(0, 20_000).unwrap_err().to_string();
        assert!(
            error.ends_with("events.npy: row 17001, number 2: expected a finite number, found NaN"),
            "{error}"
        );
        file.check_finite(0, 17_001).unwrap();
    }

    #[test]
    fn other_arrays_are_refused() {
        let cases = [
            (
                array_file(array![[1_i32, 2]]),
                "expected numbers of type '<f4' (float32) or '<f8' (float64), found '<i4'",
            ),
            (array_file(Array2::<f32>::zeros((3, 2).f())), "found Fortran order"),
            (array_file(array![1.0, 2.0]), "found [2]"),
            (array_file(Array3::<f32>::zeros((3, 2, 3))), "(events, particles, 4), found [3, 2, 3]"),
            (array_file(Array2::<f32>::zeros((0, 2))), "expected at least one event, found none"),
        ];
        for ((_folder, path), expected) in cases {
            let error = refusal(&path);
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn other_files_are_refused() {
        for (name, expected) in [
            ("a.root", ".root files are not supported yet"),
            ("a.h5", "a.h5: expected an HDF5 file: "),
            ("a.npz", "a.npz: expected a .npz file (a zip archive): "),
            ("a.parquet", "a.parquet: expected a Parquet file: "),
        ] {
            let (_folder, path) = write(name, b"PK");
            let error = refusal(&path);
            assert!(error.contains(expected), "{error}");
        }
        let (_folder, path) = write("a.npy", b"PK\x03\x04 something that is no array");
        assert!(refusal(&path).contains("expected a .npy file, found something else"), "{}", refusal(&path));
        assert!(refusal(Path::new("nowhere/x.npy")).contains("nowhere/x.npy: cannot open the file"));
    }

    #[test]
    fn a_cut_file_is_refused() {
        let mut bytes = Vec::new();
        ndarray_npy::WriteNpyExt::write_npy(&Array2::<f64>::zeros((100, 2)), &mut bytes).unwrap();
        let (_folder, path) = write("a.npy", &bytes[..bytes.len() - 1]);
        let error = refusal(&path);
        assert!(error.contains("cut short: expected 1728 bytes for shape [100, 2], found 1727"), "{error}");
    }
}
