use std::io::Write;

use amplicast_sdk::ndarray::{Array2, Array3, ShapeBuilder, array, s};

use std::fs::File;

use super::*;
use crate::Pass;

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
    Pass::over(&file, 0, 5000).unwrap();
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
    let error = Pass::over(&file, 0, 20_000).unwrap_err().to_string();
    assert!(
        error.ends_with("events.npy: row 17001, number 2: expected a finite number, found NaN"),
        "{error}"
    );
    Pass::over(&file, 0, 17_001).unwrap();
}

/// A particle that is not there is three or four numbers.
#[test]
fn padding_with_nan_is_named() {
    let mut events = Array2::<f32>::ones((10, 8));
    events.slice_mut(s![3, 4..]).fill(f32::NAN);
    let (_folder, path) = array_file(events);
    let error = Pass::over(&open(&path).unwrap(), 0, 10).unwrap_err().to_string();
    assert!(
        error.contains("row 3, number 4: expected a finite number, found NaN; this looks like padding"),
        "{error}"
    );
}

#[test]
fn fortran_order_integers_and_one_column() {
    let events = Array3::from_shape_fn((50, 2, 4).f(), |(n, p, c)| (n * 8 + p * 4 + c) as f32);
    let (_folder, path) = array_file(events);
    let mut out = Array2::zeros((30, 8));
    open(&path).unwrap().read(11, out.view_mut()).unwrap();
    assert!(out.iter().enumerate().all(|(i, &x)| x == (88 + i) as f64), "{out}");

    let (_folder, path) = array_file(array![[1_i32, -2], [3, 4]]);
    let mut out = Array2::zeros((2, 2));
    open(&path).unwrap().read(0, out.view_mut()).unwrap();
    assert_eq!(out, array![[1.0, -2.0], [3.0, 4.0]]);

    let (_folder, path) = array_file(array![1.0, 2.0]);
    let file = open(&path).unwrap();
    let mut out = Array2::zeros((1, 1));
    file.read(1, out.view_mut()).unwrap();
    assert_eq!((file.rows(), file.shape(), out[[0, 0]]), (2, EventShape::Columns(1), 2.0));
}

#[test]
fn other_arrays_are_refused() {
    let cases = [
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
