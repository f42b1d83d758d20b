//! What the names of columns tell in files (`fixtures/make_more.py`): the numbers of particles, numbers of rows and events, weights.

use std::path::{Path, PathBuf};

use amplicast_sdk::Result;
use amplicast_sdk::ndarray::Array2;
use amplicast_tables::{EventFile, Selection};

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

fn events(file: &EventFile) -> Array2<f64> {
    let mut found = Array2::zeros((file.rows() as usize, file.shape().dimension()));
    file.read(0, found.view_mut()).unwrap();
    found
}

/// The columns are sorted as text: E_0, E_1, E_10, E_11, E_2 ... Component c of particle i in event n is 1000 n + 10 i + c, an energy
/// 10 000 more.
#[test]
fn particles_of_sorted_columns_are_counted() {
    let file = open("sorted.parquet", "", &[]).unwrap();
    let particles: Vec<String> = (0..12).map(|i| format!("p{i}")).collect();
    let schema = file.schema(Some(&particles)).unwrap();
    let file = file.like(&schema, "here").unwrap();
    let expected = Array2::from_shape_fn((20, 48), |(n, k)| {
        let (i, c) = (k / 4, k % 4);
        (1000 * n + 10 * i + c + if c == 0 { 10_000 } else { 0 }) as f64
    });
    assert_eq!(events(&file), expected);
    let notes: Vec<String> = file.notes().collect();
    assert!(notes[0].contains("(1, 2, 3, 4, ...), not in that of the file (1, 10, 11, 2, ...)"), "{notes:?}");
    // The user may want others first.
    let order: Vec<String> = [11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].iter().map(|i| format!("p{i}")).collect();
    let schema = open("sorted.parquet", "", &[]).unwrap().schema(Some(&order)).unwrap();
    let found = events(&open("sorted.parquet", "", &[]).unwrap().like(&schema, "here").unwrap());
    assert_eq!(found.column(1), expected.column(45));
}

/// Columns row_nr, pt, eventNumber, run, id, eta: pt of event i is 100 i, eta 100 i + 1; `id` is a kind with two values.
#[test]
fn numbers_of_rows_and_events_are_left_out() {
    for (name, key) in [("rows.parquet", ""), ("rows.npy", ""), ("rows.h5", "ev")] {
        let file = open(name, key, &[]).unwrap();
        let mut columns = file.schema(None).unwrap().column_names().to_vec();
        columns.sort();
        assert_eq!(columns, ["eta", "id", "pt"], "{name}");
        let notes: Vec<String> = file.notes().collect();
        for left in ["row_nr", "eventNumber", "run"] {
            assert!(
                notes.iter().any(|note| note.contains(&format!("`{left}` is left out"))),
                "{name}: {notes:?}"
            );
        }
        let file = open(name, key, &["run", "eta"]).unwrap();
        assert_eq!(events(&file).row(4).to_vec(), [3.0, 401.0]);
        assert_eq!(file.notes().count(), 0);
    }
    // A feature stays one when pandas has it as an index.
    let file = open("float_index.parquet", "", &[]).unwrap();
    assert_eq!(file.schema(None).unwrap().column_names(), ["pt", "n"]);
    assert!(file.notes().any(|note| note.contains("`n` is a feature")));
    assert_eq!(events(&file).row(3).to_vec(), [300.0, 301.5]);
}

#[test]
fn weights_of_a_group_are_refused_and_bosons_are_not() {
    let error = open("rows.h5", "weighted", &[]).unwrap_err().to_string();
    assert!(
        error.starts_with("columns: expected features of events, found `w`, which may be event weights"),
        "{error}"
    );
    assert_eq!(events(&open("rows.h5", "weighted", &["pt", "w"]).unwrap()).row(2).to_vec(), [200.0, 201.0]);
    assert_eq!(events(&open("rows.h5", "weighted", &["pt"]).unwrap()).row(2).to_vec(), [200.0]);
    assert_eq!(events(&open("rows.h5", "boson", &[]).unwrap()).row(2).to_vec(), [200.0, 201.0]);
}
