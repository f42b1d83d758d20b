//! Storages of HDF5 and archives that are not read are named when the file is opened, and none asks for memory that the file cannot
//! fill (`fixtures/make_more.py`). Number k of event i is 100 i + k.

use std::path::{Path, PathBuf};

use amplicast_sdk::Result;
use amplicast_sdk::ndarray::Array2;
use amplicast_tables::{EventFile, Selection};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/more").join(name)
}

fn open(name: &str, key: &str) -> Result<EventFile> {
    let selection = Selection { key: (!key.is_empty()).then(|| key.into()), ..Selection::default() };
    EventFile::open(fixture(name), &selection)
}

fn refusal(name: &str, key: &str) -> String {
    open(name, key).unwrap_err().to_string()
}

/// The first `rows` events of `d` numbers.
fn check(file: &EventFile, rows: usize, d: usize) {
    let mut found = Array2::zeros((rows, d));
    file.read(0, found.view_mut()).unwrap();
    assert_eq!(found, Array2::from_shape_fn((rows, d), |(i, k)| (100 * i + k) as f64));
}

#[test]
fn storages_of_newer_libraries_are_named_with_the_cure() {
    check(&open("latest.h5", "plain").unwrap(), 20, 3);
    for (file, key, found) in [
        ("latest.h5", "gzip", "which HDF5 2 writes with `libver=\"latest\"`"),
        ("latest.h5", "lzf", "which HDF5 2 writes with `libver=\"latest\"`"),
        ("latest.h5", "tree", "a B-tree of version 2"),
        ("storages.h5", "packed", "the filters scale-offset and shuffle together"),
    ] {
        let error = refusal(file, key);
        assert!(error.contains(&format!("`{key}`: expected a storage that HDF5 1.8 knows")), "{error}");
        let cure = format!("data=h5py.File(\"old.h5\")[\"{key}\"][:], compression=\"gzip\")");
        assert!(error.contains(found) && error.contains(&cure), "{error}");
    }
    assert!(refusal("storages.h5", "away").contains("external files"));
}

#[test]
fn numbers_that_were_never_written_are_no_zeros() {
    for key in ["never", "unwritten"] {
        let error = refusal("storages.h5", key);
        assert!(
            error.contains(&format!("`{key}`: expected numbers, found a dataset to which none")),
            "{error}"
        );
    }
    // Three of four chunks of five events are there.
    let file = open("storages.h5", "partly").unwrap();
    check(&file, 15, 3);
    let notes: Vec<String> = file.notes().collect();
    assert!(notes[0].contains("1 of its 4 chunks were never written"), "{notes:?}");
    // 10^9 events of 1000 numbers, of which one chunk is there: 8000 GB.
    let error = refusal("storages.h5", "huge");
    assert!(error.contains("expected 8000000000000 bytes for the shape [1000000000, 1000]"), "{error}");
}

/// A header may say anything; the file's length is what there is.
#[test]
fn shapes_beyond_the_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    for shape in ["(1000000000000000,)", "(10, 100000000000000)", "(2, 1000000000000, 4)"] {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend([0; 800]);
        std::fs::write(&path, bytes).unwrap();
        let error = EventFile::open(&path, &Selection::default()).unwrap_err().to_string();
        assert!(error.contains("the file is cut short"), "{shape}: {error}");
    }
    // The contiguous dataset `/train/x` of 20 x 3 numbers: its number of rows is the first 20 in eight bytes that 3 follows.
    let path = folder.path().join("x.h5");
    let bytes = std::fs::read(fixture("block_links.h5")).unwrap();
    let pattern = [20_u64.to_le_bytes(), 3_u64.to_le_bytes()].concat();
    let place = bytes.windows(16).position(|window| window == pattern).unwrap();
    for rows in [10_u64.pow(15), 21] {
        let mut damaged = bytes.clone();
        // Shape and the largest shape.
        for at in [place, place + 16] {
            damaged[at..at + 8].copy_from_slice(&rows.to_le_bytes());
        }
        std::fs::write(&path, damaged).unwrap();
        let key = Selection { key: Some("train/x".into()), ..Selection::default() };
        let error = EventFile::open(&path, &key).unwrap_err().to_string();
        assert!(
            error.contains(&format!("expected {} bytes for the shape [{rows}, 3]", 24 * rows)),
            "{error}"
        );
    }
}

#[test]
fn archives_of_other_compressions_are_named() {
    for (name, method) in [("bzip2.npz", "Bzip2"), ("lzma.npz", "Lzma")] {
        let error = refusal(name, "");
        assert!(
            error.contains("expected no compression, or deflate") && error.contains("numpy.savez_compressed"),
            "{error}"
        );
        assert!(error.to_lowercase().contains(&method.to_lowercase()), "{error}");
    }
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("events.npy");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let refused = |path: &Path| EventFile::open(path, &Selection::default()).unwrap_err().to_string();
    assert!(refused(&pipe).contains("events.npy: expected a file, found a named pipe"), "{}", refused(&pipe));
    assert!(refused(Path::new("/dev/null")).contains("expected a file, found a device"));
    let socket = folder.path().join("s.npy");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert!(refused(&socket).contains("expected a file, found a socket"));
    // One among the parts of a folder.
    std::fs::rename(&pipe, folder.path().join("part-0.parquet")).unwrap();
    std::fs::remove_file(&socket).unwrap();
    assert!(refused(folder.path()).contains("`part-0.parquet`: expected a file, found a named pipe"));
    // A Zarr store, whose chunks are files without an ending.
    let zarr = tempfile::tempdir().unwrap();
    std::fs::write(zarr.path().join("0.0"), "x").unwrap();
    std::fs::write(zarr.path().join(".zarray"), "{}").unwrap();
    assert!(refused(zarr.path()).contains("found a Zarr store; save the events"), "{}", refused(zarr.path()));
}
