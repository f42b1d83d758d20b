//! Links of HDF5 files in groups of the old format and of the new one, and tables that are kept as one dataset a column
//! (`fixtures/make_more.py`). Number k of event i is 100 i + k.

use std::path::{Path, PathBuf};

use amplicast_sdk::Result;
use amplicast_sdk::ndarray::Array2;
use amplicast_tables::{EventFile, Selection};

const FORMATS: [&str; 2] = ["old_links", "new_links"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/more").join(name)
}

fn open(name: &str, key: &str, columns: &[&str]) -> Result<EventFile> {
    let columns: Vec<String> = columns.iter().map(|name| name.to_string()).collect();
    let selection = Selection {
        key: (!key.is_empty()).then(|| key.into()),
        columns: (!columns.is_empty()).then_some(columns),
        ..Selection::default()
    };
    EventFile::open(fixture(name), &selection)
}

fn refusal(name: &str, key: &str, columns: &[&str]) -> String {
    open(name, key, columns).unwrap_err().to_string()
}

#[track_caller]
fn check(file: &EventFile, rows: usize, places: &[usize]) {
    let mut found = Array2::zeros((file.rows() as usize, file.shape().dimension()));
    file.read(0, found.view_mut()).unwrap();
    assert_eq!(found, Array2::from_shape_fn((rows, places.len()), |(i, k)| (100 * i + places[k]) as f64));
}

#[test]
fn keys_lead_through_soft_links() {
    for format in FORMATS {
        let name = format!("{format}.h5");
        for key in
            ["train/x", "soft", "softg/x", "/softg/x", "g/up", "train/same", "train/loop/loop/x", "./soft"]
        {
            check(&open(&name, key, &[]).unwrap_or_else(|e| panic!("{name} {key}: {e}")), 20, &[0, 1, 2]);
        }
        check(&open(&name, "test/x", &[]).unwrap(), 10, &[0, 1, 2]);
        let selection = Selection { default_key: Some("softg/x".into()), ..Selection::default() };
        check(&EventFile::open(fixture(&name), &selection).unwrap(), 20, &[0, 1, 2]);
        // A group whose only dataset is the events.
        check(&open(&name, "softg", &[]).unwrap(), 20, &[0, 1, 2]);
    }
    check(&open("block_links.h5", "soft", &[]).unwrap(), 20, &[0, 1, 2]);
    check(&open("block_links.h5", "", &[]).unwrap(), 20, &[0, 1, 2]);
}

#[test]
fn links_that_lead_nowhere_say_so() {
    for format in FORMATS {
        let name = format!("{format}.h5");
        for (key, expected) in [
            ("dangling", "the soft link `dangling` to `/nowhere` leads to nothing"),
            ("g/far", "the soft link `g/far` to `../x` leads to nothing"),
            ("far/ext", "`far/ext` is a link to `/x` in the file `other.h5`: name that one (`other.h5::x`)"),
            ("ring", "`ring` is a circle of soft links (`ring` to `/ring2`)"),
        ] {
            let error = refusal(&name, key, &[]);
            assert!(error.starts_with("key: ") && error.contains(expected), "{name}: {error}");
        }
        // Each dataset once, though `train` lies in itself.
        let error = refusal(&name, "", &[]);
        assert!(error.contains("expected one of `test/x`, `train/x`, found none"), "{name}: {error}");
        assert!(refusal(&name, "nothing", &[]).contains("found `nothing`"));
    }
}

#[test]
fn one_dataset_needs_no_key_whatever_links_lead_to_it() {
    for format in FORMATS {
        check(&open(&format!("{format}_one.h5"), "", &[]).unwrap(), 20, &[0, 1, 2]);
        check(&open(&format!("{format}_one.h5"), "self/a", &[]).unwrap(), 20, &[0, 1, 2]);
        // More than eight links are kept elsewhere in the new format.
        let name = format!("{format}_columns.h5");
        let all: Vec<usize> = (0..12).collect();
        for key in ["ev", "other"] {
            let file = open(&name, key, &[]).unwrap_or_else(|e| panic!("{name} {key}: {e}"));
            check(&file, 20, &all);
            assert_eq!(file.schema(None).unwrap().column_names()[11], "x11");
        }
    }
}

#[test]
fn one_dataset_a_column() {
    for name in ["root_columns.h5", "columns.npz"] {
        let file = open(name, "", &["x", "y", "z"]).unwrap();
        check(&file, 20, &[0, 1, 2]);
        assert_eq!(file.schema(None).unwrap().column_names(), ["x", "y", "z"]);
        check(&open(name, "", &["z", "x"]).unwrap(), 20, &[2, 0]);
        let error = refusal(name, "", &[]);
        assert!(error.starts_with("key: expected one of `x`, `y`, `z`, found none"), "{error}");
        assert!(error.contains("if they are one table, name its columns: `--columns x,y,z`"), "{error}");
        // One of them is an array of one number an event.
        check(&open(name, "y", &[]).unwrap(), 20, &[1]);
    }
    let error = refusal("uneven.npz", "", &["x", "y"]);
    assert!(error.contains("`y`: expected 3 events as in `x`, found 4"), "{error}");
    assert!(!refusal("uneven.npz", "", &[]).contains("one table"));
    // A frame of pandas.
    for key in ["", "df"] {
        let error = refusal("pandas.h5", key, &[]);
        assert!(error.contains("frame of pandas") && error.contains("`df/block0_values`"), "{error}");
    }
    check(&open("pandas.h5", "df/block0_values", &[]).unwrap(), 20, &[0, 1, 2]);
    let error = refusal("new_links_columns.h5", "", &[]);
    assert!(error.contains("name the group, whose datasets are columns: `ev`"), "{error}");
}

#[test]
fn names_of_fields_in_any_alphabet() {
    let file = open("latin.npy", "", &[]).unwrap();
    check(&file, 20, &[0, 1, 2]);
    assert_eq!(file.schema(None).unwrap().column_names(), ["é", "µ", "pt"]);
    check(&open("latin.npy", "", &["pt", "é"]).unwrap(), 20, &[2, 0]);
    check(&open("greek.npy", "", &[]).unwrap(), 20, &[0, 1]);
}
