//! Files as numpy, h5py and pyarrow write them (`fixtures/make.py`): number k of event i is 100 i + k.

use std::path::{Path, PathBuf};

use amplicast_sdk::ndarray::Array2;
use amplicast_tables::{EventFile, EventShape, Pass, Selection};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn selection(key: Option<&str>, columns: &[&str]) -> Selection {
    let columns = columns.iter().map(|c| c.to_string()).collect::<Vec<_>>();
    Selection {
        key: key.map(str::to_owned),
        columns: (!columns.is_empty()).then_some(columns),
        ..Selection::default()
    }
}

fn open(name: &str, key: Option<&str>) -> EventFile {
    EventFile::open(fixture(name), &selection(key, &[])).unwrap()
}

fn refusal(path: &Path, key: Option<&str>, columns: &[&str]) -> String {
    EventFile::open(path, &selection(key, columns)).unwrap_err().to_string()
}

/// Rows `first .. first + n`, each number checked.
fn check(file: &EventFile, first: u64, n: usize, places: &[usize]) {
    let mut out = Array2::zeros((n, places.len()));
    file.read(first, out.view_mut()).unwrap();
    for ((i, k), x) in out.indexed_iter() {
        assert_eq!(*x, (100 * (first as usize + i) + places[k]) as f64, "row {i}, number {k}");
    }
}

#[test]
fn datasets_of_every_multiplicity() {
    for jets in 0..5 {
        let file = open("ttbar.h5", Some(&format!("ttbar+{jets}jet")));
        let d = 4 * (6 + jets);
        assert_eq!((file.rows(), file.shape()), (6 - jets as u64, EventShape::Columns(d)));
        check(&file, 1, 1, &(0..d).collect::<Vec<_>>());
        let names: Vec<String> = (0..6 + jets).map(|p| format!("jet{p}")).collect();
        assert_eq!(file.schema(Some(&names)).unwrap().particles(), names);
    }
}

#[test]
fn chunked_compressed_and_grouped_datasets() {
    let file = open("chunked.h5", Some("/reco/momenta"));
    assert_eq!((file.rows(), file.shape()), (500, EventShape::FourMomenta(2)));
    for (first, n) in [(0, 500), (63, 2), (100, 300), (499, 1)] {
        check(&file, first, n, &[0, 1, 2, 3, 4, 5, 6, 7]);
    }
    check(&open("chunked.h5", Some("counts")), 17, 400, &[0, 1]);
}

#[test]
fn archives() {
    check(&open("stored.npz", Some("train")), 7, 40, &[0, 1, 2]);
    check(&open("stored.npz", Some("test")), 0, 20, &[0, 1, 2]);
    // The only array needs no key.
    let file = open("compressed.npz", None);
    assert_eq!(file.shape(), EventShape::FourMomenta(2));
    check(&file, 480, 20, &[0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn columns_by_name() {
    for name in ["snappy.parquet", "zstd.parquet", "gzip.parquet", "lz4.parquet"] {
        let file = EventFile::open(fixture(name), &selection(None, &["jets", "pt", "eta"])).unwrap();
        assert_eq!(file.rows(), 1000);
        assert_eq!(file.schema(None).unwrap().column_names(), ["jets", "pt", "eta"]);
        for (first, n) in [(0, 1000), (299, 2), (150, 700), (999, 1)] {
            check(&file, first, n, &[2, 0, 1]);
        }
    }
}

#[test]
fn threads_do_not_share_a_cursor() {
    let parquet = EventFile::open(fixture("zstd.parquet"), &selection(None, &["pt"])).unwrap();
    let hdf5 = open("chunked.h5", Some("counts"));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (parquet, hdf5) = (&parquet, &hdf5);
            scope.spawn(move || {
                for i in 0..50 {
                    check(parquet, (thread * 211 + i * 7) % 900, 100, &[0]);
                    check(hdf5, (thread * 97 + i * 7) % 400, 100, &[0, 1]);
                }
            });
        }
    });
}

#[test]
fn a_wrong_key_is_refused_with_the_keys_that_exist() {
    let keys =
        "key: expected one of `ttbar+0jet`, `ttbar+1jet`, `ttbar+2jet`, `ttbar+3jet`, `ttbar+4jet`, found";
    let error = refusal(&fixture("ttbar.h5"), Some("ttbar+5jet"), &[]);
    assert!(error.starts_with(&format!("{keys} `ttbar+5jet` (")) && error.ends_with("ttbar.h5)"), "{error}");
    let error = refusal(&fixture("ttbar.h5"), None, &[]);
    assert!(error.starts_with(&format!("{keys} none")), "{error}");
    let error = refusal(&fixture("chunked.h5"), Some("momenta"), &[]);
    assert!(error.contains("one of `counts`, `reco/momenta`, `reco/name`, found `momenta`"), "{error}");
    let error = refusal(&fixture("stored.npz"), None, &[]);
    assert!(error.starts_with("key: expected one of `train`, `test`, found none"), "{error}");
    let error = refusal(&fixture("gzip.parquet"), Some("pt"), &[]);
    assert!(error.starts_with("key: expected no key for a file of one array, found `pt`"), "{error}");
}

#[test]
fn other_contents_are_refused_by_name() {
    let error = refusal(&fixture("chunked.h5"), Some("reco/name"), &[]);
    assert!(error.contains("`reco/name`: expected floating-point numbers or integers, found "), "{error}");
    let error = refusal(&fixture("gzip.parquet"), None, &[]);
    assert!(error.contains("column `tag`: expected floating-point numbers or signed integers"), "{error}");
    let error = refusal(&fixture("gzip.parquet"), None, &["pt", "mass"]);
    assert!(
        error.starts_with("columns: expected columns out of pt, eta, jets, tag, found `mass`"),
        "{error}"
    );
}

#[test]
fn what_is_no_number_is_named_with_its_row() {
    let read = |columns: &[&str]| {
        let file = EventFile::open(fixture("nulls.parquet"), &selection(None, columns)).unwrap();
        Pass::over(&file, 0, 3).unwrap_err().to_string()
    };
    let error = read(&["pt"]);
    assert!(
        error.ends_with("nulls.parquet: row 1, number 0: expected a number, found none (null)"),
        "{error}"
    );
    let error = read(&["eta"]);
    assert!(
        error.ends_with("nulls.parquet: row 2, number 0: expected a finite number, found NaN"),
        "{error}"
    );
}

#[test]
fn cut_files_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, key) in [
        ("ttbar.h5", Some("ttbar+4jet")),
        ("chunked.h5", Some("reco/momenta")),
        ("stored.npz", Some("train")),
        ("compressed.npz", None),
        ("gzip.parquet", None),
    ] {
        let whole = std::fs::read(fixture(name)).unwrap();
        let columns: &[&str] = if name.ends_with("parquet") { &["pt"] } else { &[] };
        for part in [0, 10, whole.len() / 2, whole.len() * 9 / 10, whole.len() - 1] {
            let path = folder.path().join(name);
            std::fs::write(&path, &whole[..part]).unwrap();
            let read = EventFile::open(&path, &selection(key, columns));
            let error = read.and_then(|file| Pass::over(&file, 0, file.rows())).unwrap_err().to_string();
            assert!(error.contains(name), "{part} of {} bytes: {error}", whole.len());
        }
    }
}
