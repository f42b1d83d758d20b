//! A file of events: its header is read once, its rows when they are asked for.

use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use amplicast_sdk::ndarray::{Array2, ArrayViewMut2};
use amplicast_sdk::{Error, Result, chunk_events};
use ndarray_npy::npy::header::{Header, ReadHeaderError};

use crate::EventShape;

/// Formats that people keep events in and that are not read (yet).
const OTHER_FORMATS: [&str; 7] = ["root", "h5", "hdf5", "npz", "parquet", "csv", "txt"];

/// Bytes that are read from a file at once.
const READ_BYTES: usize = 1 << 16;

/// The type of the numbers in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    F32,
    F64,
}

impl Number {
    fn bytes(self) -> usize {
        match self {
            Number::F32 => 4,
            Number::F64 => 8,
        }
    }
}

/// An open `.npy` file of events: n x d, or n x particles x 4; little-endian f32 or f64, C order.
///
/// Reading is by position and never holds more than the rows asked for, so that any number of threads may read a file
/// of any size.
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
    file: File,
    number: Number,
    /// Place of the first number, in bytes.
    start: u64,
    rows: u64,
    shape: EventShape,
}

impl EventFile {
    /// Opens a file and checks its header and its length.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::open_here(path).map_err(|error| error.at(path.display().to_string()))
    }

    fn open_here(path: &Path) -> Result<Self> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        if OTHER_FORMATS.contains(&extension.as_str()) {
            return Err(Error::data(format!(
                "expected a .npy file; .{extension} files are not supported yet"
            )));
        }
        let failed = |error| Error::io("cannot read the file", error);
        let file = File::open(path).map_err(|error| Error::io("cannot open the file", error))?;
        let length = file.metadata().map_err(failed)?.len();
        let mut reader = BufReader::new(&file);
        let header = Header::from_reader(&mut reader).map_err(|error| match error {
            ReadHeaderError::Io(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => failed(e),
            other => Error::data(format!("expected a .npy file, found something else: {other}")),
        })?;
        let start = std::io::Seek::stream_position(&mut reader).map_err(failed)?;
        let number = match header.type_descriptor.as_string().map(String::as_str) {
            Some("<f4") => Number::F32,
            Some("<f8") => Number::F64,
            _ => {
                return Err(Error::data(format!(
                    "expected numbers of type '<f4' (float32) or '<f8' (float64), found {}",
                    header.type_descriptor
                )));
            }
        };
        if header.layout.is_fortran() {
            return Err(Error::data(
                "expected an array in C order, found Fortran order; save numpy.ascontiguousarray of it",
            ));
        }
        let shape = EventShape::of_array(&header.shape).ok_or_else(|| {
            Error::data(format!(
                "expected an array of shape (events, columns) or (events, particles, 4), found {:?}",
                header.shape
            ))
        })?;
        let rows = header.shape[0] as u64;
        if rows == 0 {
            return Err(Error::data("expected at least one event, found none"));
        }
        let expected = rows
            .checked_mul((shape.dimension() * number.bytes()) as u64)
            .and_then(|bytes| bytes.checked_add(start))
            .ok_or_else(|| {
                Error::data(format!("expected a shape that fits a file, found {:?}", header.shape))
            })?;
        if length < expected {
            return Err(Error::data(format!(
                "the file is cut short: expected {expected} bytes for shape {:?}, found {length}",
                header.shape
            )));
        }
        drop(reader);
        Ok(EventFile { path: path.to_owned(), file, number, start, rows, shape })
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

    /// Whether both are one file on disk, whatever their paths.
    pub fn is_same_file(&self, other: &EventFile) -> Result<bool> {
        let metadata =
            |file: &EventFile| file.file.metadata().map_err(|error| Error::io(file.path.display(), error));
        let (a, b) = (metadata(self)?, metadata(other)?);
        Ok((a.dev(), a.ino()) == (b.dev(), b.ino()))
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
        let size = self.number.bytes();
        let mut buffer = vec![0; READ_BYTES.min(numbers.len() * size)];
        let mut place = self.start + first * (d * size) as u64;
        let mut done = 0;
        for piece in numbers.chunks_mut(READ_BYTES / size) {
            let bytes = &mut buffer[..piece.len() * size];
            let read = self.file.read_exact_at(bytes, place);
            read.map_err(|error| here(Error::io("cannot read the file", error)))?;
            decode(self.number, bytes, piece);
            if let Some(i) = piece.iter().position(|x| !x.is_finite()) {
                let row = first + ((done + i) / d) as u64;
                return Err(here(Error::data(format!(
                    "row {row}, number {}: expected a finite number, found {}",
                    (done + i) % d,
                    piece[i]
                ))));
            }
            place += bytes.len() as u64;
            done += piece.len();
        }
        Ok(())
    }

    /// Reads rows `first .. end` once and refuses NaN and infinite numbers; memory does not grow with the rows.
    pub fn check_finite(&self, first: u64, end: u64) -> Result<()> {
        let d = self.shape.dimension();
        let step = chunk_events(d).min(4096) as u64;
        let mut events = Array2::zeros((step as usize, d));
        let mut row = first;
        while row < end {
            let n = step.min(end - row);
            let (part, _) = events.view_mut().split_at(amplicast_sdk::ndarray::Axis(0), n as usize);
            self.read(row, part)?;
            row += n;
        }
        Ok(())
    }
}

/// Little-endian bytes to numbers.
fn decode(number: Number, bytes: &[u8], out: &mut [f64]) {
    match number {
        Number::F32 => {
            let (words, _) = bytes.as_chunks::<4>();
            out.iter_mut().zip(words).for_each(|(x, b)| *x = f64::from(f32::from_le_bytes(*b)));
        }
        Number::F64 => {
            let (words, _) = bytes.as_chunks::<8>();
            out.iter_mut().zip(words).for_each(|(x, b)| *x = f64::from_le_bytes(*b));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use amplicast_sdk::ndarray::{Array3, ShapeBuilder, array};

    use super::*;

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
        EventFile::open(path).unwrap_err().to_string()
    }

    #[test]
    fn rows_are_read_where_they_are() {
        let events = Array3::from_shape_fn((5000, 6, 4), |(n, p, c)| (n * 24 + p * 4 + c) as f32);
        let (_folder, path) = array_file(events);
        let file = EventFile::open(&path).unwrap();
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
        let file = EventFile::open(&path).unwrap();
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
        let file = EventFile::open(&path).unwrap();
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
        for name in ["a.root", "a.h5", "a.npz", "a.parquet"] {
            let (_folder, path) = write(name, b"PK");
            let error = refusal(&path);
            let extension = name.trim_start_matches('a');
            assert!(error.contains(&format!("{extension} files are not supported yet")), "{error}");
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

    #[test]
    fn names_fit_the_shape() {
        let shape = EventShape::FourMomenta(2);
        assert_eq!(shape.schema(None, None).unwrap().particles(), ["p0", "p1"]);
        let two = ["a".to_string(), "a".to_string()];
        let message = |columns, particles| shape.schema(columns, particles).unwrap_err().to_string();
        assert_eq!(message(None, Some(&two[..1])), "particles: expected 2 names, found 1");
        assert_eq!(message(None, Some(&two[..])), "particles: expected different names, found `a` twice");
        assert_eq!(
            message(Some(&two[..]), None),
            "columns: expected no columns, found some, for events of 2 particles x 4"
        );
    }
}
