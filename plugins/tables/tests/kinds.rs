//! The kinds of files that numpy, pandas, pyarrow and h5py write (`fixtures/make_kinds.py`): what is read is right, what is not
//! is refused with a cure. Number k of event i is 100 i + k, in types of less than four bytes 10 i + k.

use std::path::{Path, PathBuf};

use amplicast_sdk::Result;
use amplicast_sdk::ndarray::{Array2, array};
use amplicast_tables::{EventFile, EventShape, Layout, Pass, Selection};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/kinds").join(name)
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
    let read = open(name, key, columns).and_then(|file| Pass::over(&file, 0, file.rows()));
    read.unwrap_err().to_string()
}

fn events(file: &EventFile) -> Array2<f64> {
    let mut out = Array2::zeros((file.rows() as usize, file.shape().dimension()));
    file.read(0, out.view_mut()).unwrap();
    out
}

/// All events, and some from the middle.
#[track_caller]
fn check(file: &EventFile, rows: usize, step: usize, places: &[usize]) {
    assert_eq!(file.rows(), rows as u64);
    let expected = Array2::from_shape_fn((rows, places.len()), |(i, k)| (step * i + places[k]) as f64);
    assert_eq!(events(file), expected);
    let mut part = Array2::zeros((rows / 2, places.len()));
    file.read(1, part.view_mut()).unwrap();
    assert_eq!(part, expected.slice(amplicast_sdk::ndarray::s![1..=rows / 2, ..]));
}

#[test]
fn arrays_of_numpy() {
    check(&open("fortran.npy", "", &[]).unwrap(), 30, 100, &[0, 1, 2]);
    check(&open("fortran3.npy", "", &[]).unwrap(), 30, 100, &[0, 1, 2, 3, 4, 5, 6, 7]);
    check(&open("fortran.npz", "", &[]).unwrap(), 30, 100, &[0, 1, 2]);
    check(&open("one.npy", "", &[]).unwrap(), 30, 100, &[0]);
    for name in ["big.npy", "bigint.npy"] {
        check(&open(name, "", &[]).unwrap(), 12, 100, &[0, 1, 2]);
    }
    for name in ["half.npy", "bighalf.npy", "int16.npy", "byte.npy"] {
        check(&open(name, "", &[]).unwrap(), 12, 10, &[0, 1, 2]);
    }
    let file = open("bool.npy", "", &[]).unwrap();
    assert_eq!(events(&file), Array2::from_shape_fn((12, 3), |(i, k)| ((100 * i + k) % 2) as f64));
}

#[test]
fn records_are_columns_by_name() {
    let file = open("record.npy", "", &[]).unwrap();
    assert_eq!(file.schema(None).unwrap().column_names(), ["pt", "jets", "p_0", "p_1"]);
    check(&file, 30, 100, &[0, 1, 2, 3]);
    check(&open("record.npy", "", &["p_1", "pt"]).unwrap(), 30, 100, &[3, 0]);
    check(&open("types.h5", "record", &["jets", "p_0"]).unwrap(), 30, 100, &[1, 2]);
    // The index of a frame is no feature.
    let file = open("frame.npy", "", &[]).unwrap();
    check(&file, 30, 100, &[0, 1]);
    let notes: Vec<String> = file.notes().collect();
    assert!(notes[0].contains("frame.npy: the column `index` is left out"), "{notes:?}");
    // Records of particles, whose names tell the components: (px, py, pz, E) = (100 i + 4 p, + 1, + 2, + 3).
    let file = open("particles.npy", "", &[]).unwrap();
    let schema = file.schema(Some(&["a".into(), "b".into()])).unwrap();
    let found = events(&file.like(&schema, "here").unwrap());
    assert_eq!(found.row(2).to_vec(), [203.0, 200.0, 201.0, 202.0, 207.0, 204.0, 205.0, 206.0]);
}

#[test]
fn arrays_that_are_no_numbers_say_what_to_do() {
    for (name, expected) in [
        ("complex.npy", "complex numbers ('<c16'); save real and imaginary parts"),
        ("object.npy", "Python objects ('|O'); save `events.astype(\"f8\")`"),
        ("longdouble.npy", "long double ('<f16'); save `events.astype(\"f8\")`"),
        ("text.npy", "text ('<U1')"),
        ("times.npy", "dates or times ('<M8[ns]')"),
        ("beyond.npy", "row 1, number 1: expected an integer below 2^53"),
    ] {
        let error = refusal(name, "", &[]);
        assert!(error.contains(name) && error.contains(expected), "{error}");
    }
}

#[test]
fn columns_of_an_hdf5_group() {
    let file = open("columns.h5", "train", &[]).unwrap();
    // In the natural order of their names.
    assert_eq!(file.schema(None).unwrap().column_names(), ["x1", "x2", "x10"]);
    check(&file, 20, 100, &[0, 1, 2]);
    check(&open("columns.h5", "/train/", &["x10", "x1"]).unwrap(), 20, 100, &[2, 0]);
    check(&open("columns.h5", "", &["train/x10", "train/x1"]).unwrap(), 20, 100, &[2, 0]);
    check(&open("columns.h5", "only", &[]).unwrap(), 6, 100, &[0, 1, 2, 3, 4, 5, 6, 7]);
    let error = refusal("columns.h5", "uneven", &[]);
    assert!(error.contains("`uneven/b`: expected 3 events as in `uneven/a`, found 4"), "{error}");
    let error = refusal("columns.h5", "labels", &[]);
    assert!(error.contains("`labels/x`: expected one number an event in each dataset"), "{error}");
    // Names tell the components, whatever their order: px, py, pz, E here, and in natural order E, px, py, pz.
    let file = open("columns.h5", "p4", &[]).unwrap();
    let schema = file.schema(Some(&["jet".into()])).unwrap();
    let found = events(&file.like(&schema, "here").unwrap());
    assert_eq!(found.row(4).to_vec(), [85.0, 3.0, 4.0, 12.0]);
}

#[test]
fn types_of_hdf5() {
    check(&open("types.h5", "half", &[]).unwrap(), 12, 10, &[0, 1, 2]);
    check(&open("types.h5", "big", &[]).unwrap(), 12, 100, &[0, 1, 2]);
    let file = open("types.h5", "bool", &[]).unwrap();
    assert_eq!(events(&file), Array2::from_shape_fn((12, 3), |(i, k)| ((100 * i + k) % 2) as f64));
    for (key, expected) in [
        ("beyond", "row 1, number 1: expected an integer below 2^53"),
        ("complex", "`complex`: expected floating-point numbers or integers, found complex numbers"),
        ("text", "expected floating-point numbers or integers, found "),
    ] {
        let error = refusal("types.h5", key, &[]);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn links_beside_the_data_do_no_harm() {
    check(&open("links.h5", "train/x", &[]).unwrap(), 20, 100, &[0, 1, 2]);
    check(&open("newlinks.h5", "", &[]).unwrap(), 20, 100, &[0, 1, 2]);
    check(&open("links.h5", "", &[]).unwrap(), 20, 100, &[0, 1, 2]);
    let selection = Selection { default_key: Some("train/x".into()), ..Selection::default() };
    check(&EventFile::open(fixture("links.h5"), &selection).unwrap(), 20, 100, &[0, 1, 2]);
}

#[test]
fn filters_of_hdf5() {
    for key in ["gzip", "lzf", "scale", "one", "across"] {
        check(&open("filters.h5", key, &[]).unwrap(), 20, 100, &[0, 1, 2]);
    }
    // Before anything is read.
    for (key, name) in [
        ("blosc", "32001 (Blosc)"),
        ("blosc2", "32026 (Blosc2)"),
        ("zstd", "32015 (Zstandard)"),
        ("lz4", "32004 (LZ4)"),
        ("bitshuffle", "32008 (bitshuffle)"),
        ("bzip2", "307 (bzip2)"),
        ("zfp", "32013 (ZFP)"),
    ] {
        let error = open("filters.h5", key, &[]).unwrap_err().to_string();
        assert!(error.contains(&format!("found the HDF5 filter {name}")), "{error}");
        assert!(
            error.contains("h5repack -f GZIP=4 IN OUT") && error.contains("compression=\"gzip\""),
            "{error}"
        );
    }
    let error = open("filters.h5", "virtual", &[]).unwrap_err().to_string();
    assert!(error.contains("found a virtual dataset"), "{error}");
}

#[test]
fn weights_are_refused_by_name_and_seen_beside_the_events() {
    for name in ["weights.h5", "weights.npz"] {
        let error = refusal(name, "weights", &[]);
        assert!(
            error.starts_with(
                "key: expected features of events, found `weights`, which is what event weights"
            ),
            "{error}"
        );
        let file = open(name, "events", &[]).unwrap();
        check(&file, 20, 100, &[0, 1, 2]);
        assert!(file.notes().any(|note| note.contains("`weights` beside the events is not used")));
    }
    let error = refusal("weight.parquet", "", &[]);
    assert!(error.starts_with("columns: expected features of events, found `mcWeight`"), "{error}");
    check(&open("weight.parquet", "", &["mtt"]).unwrap(), 5, 100, &[0]);
    // The user's own names of columns.
    let error = refusal("fortran.npy", "", &["pt", "eta", "event_weight"]);
    assert!(error.starts_with("columns: expected features of events, found `event_weight`"), "{error}");
}

#[test]
fn the_index_of_a_frame_is_no_column() {
    for (name, index) in [("index.parquet", "__index_level_0__"), ("named.parquet", "event")] {
        let file = open(name, "", &[]).unwrap();
        assert_eq!(file.schema(None).unwrap().column_names(), ["pt", "eta"]);
        let notes: Vec<String> = file.notes().collect();
        assert!(notes[0].contains(&format!("{name}: the column `{index}` is left out")), "{notes:?}");
        let file = open(name, "", &[index, "pt"]).unwrap();
        let found = events(&file);
        assert!(found.rows().into_iter().all(|row| row[1].floor() == 100.0 * row[0]), "{found}");
        assert_eq!(file.notes().count(), 0);
    }
    assert_eq!(open("index.parquet", "", &[]).unwrap().rows(), 10);
}

#[test]
fn columns_that_are_no_numbers_are_refused_by_name() {
    let error = refusal("twice.parquet", "", &[]);
    assert!(error.contains("column `a`: expected one column of each name, found several"), "{error}");
    for (column, kind) in [
        ("ns", "times (TIMESTAMP)"),
        ("us", "times (TIMESTAMP)"),
        ("zone", "times (TIMESTAMP)"),
        ("span", "durations (DURATION)"),
        ("clock", "times of day (TIME)"),
        ("day", "dates (DATE)"),
        ("price", "decimal numbers (DECIMAL)"),
        ("word", "text (UTF8)"),
        ("kind", "text (UTF8)"),
        ("raw", "BYTE_ARRAY"),
        ("none", "nulls alone"),
    ] {
        let error = refusal("times.parquet", "", &["pt", column]);
        let expected = format!("column `{column}`: expected floating-point numbers or signed integers");
        assert!(error.contains(&expected) && error.contains(&format!("found {kind}")), "{error}");
        assert!(error.ends_with("name the wanted `columns`"), "{error}");
    }
    assert!(refusal("times.parquet", "", &[]).contains("column `ns`"));
    assert_eq!(events(&open("times.parquet", "", &["pt"]).unwrap()), array![[1.0]]);
}

#[test]
fn integers_booleans_and_halves_of_parquet() {
    let file = open("unsigned.parquet", "", &["u4", "u8", "u1", "b", "f2", "code"]).unwrap();
    let expected = array![
        [0.0, 0.0, 0.0, 0.0, 0.5, 7.0],
        [4_294_967_295.0, 4_503_599_627_370_496.0, 255.0, 1.0, -2.0, 8.0]
    ];
    assert_eq!(events(&file), expected);
    // A run number is no feature unless it is asked for.
    let error = refusal("beyond.parquet", "", &[]);
    assert!(error.contains("found none but row numbers"), "{error}");
    let error = refusal("beyond.parquet", "", &["run"]);
    assert!(error.contains("row 1, number 0 (`run`): expected an integer below 2^53"), "{error}");
}

#[test]
fn lists_of_equal_length() {
    for name in ["fixed", "equal"] {
        let file = open("lists.parquet", "", &[name]).unwrap();
        check(&file, 150, 100, &[0, 1, 2]);
        assert_eq!(file.schema(None).unwrap().column_names()[2], format!("{name}_2"));
    }
    let file = open("lists.parquet", "", &["four"]).unwrap();
    assert_eq!(file.shape(), EventShape::FourMomenta(2));
    check(&file, 150, 100, &[0, 1, 2, 3, 4, 5, 6, 7]);
    let file = open("lists.parquet", "", &["fixed", "plain"]).unwrap();
    check(&file, 150, 100, &[0, 1, 2, 0]);
    for (name, found) in [("jagged", "found 1"), ("empty", "found 1 (or none)")] {
        let error = refusal("lists.parquet", "", &[name]);
        let expected = format!("row 100, column `{name}`: expected 2 numbers as in row 0, {found}");
        assert!(error.contains(&expected) && error.contains("pad them"), "{error}");
    }
    let error = refusal("lists.parquet", "", &["null"]);
    assert!(error.contains("row 100, number 1: expected a number, found none (null)"), "{error}");
    // Components as lists of particles: names tell which is which.
    let file = open("jets.parquet", "", &[]).unwrap();
    let schema = file.schema(Some(&["a".into(), "b".into()])).unwrap();
    let found = events(&file.like(&schema, "here").unwrap());
    assert_eq!(found.row(3).to_vec(), [85.0, 3.0, 4.0, 12.0, 85.0, 3.0, 4.0, 12.0]);
}

#[test]
fn parts_and_brotli() {
    check(&open("brotli.parquet", "", &[]).unwrap(), 50, 100, &[0, 1]);
    let file = open("parts", "", &[]).unwrap();
    check(&file, 55, 100, &[0, 1]);
    assert_eq!(file.files().len(), 11);
    assert!(file.files()[10].ends_with("parts/part-10.parquet"));
    check(&open("parts", "", &["eta"]).unwrap(), 55, 100, &[1]);

    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| {
        let to = folder.path().join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(fixture(from), to).unwrap();
    };
    let refusal = |name: &str| {
        EventFile::open(folder.path().join(name), &Selection::default()).unwrap_err().to_string()
    };
    copy("brotli.parquet", "hive/year=2020/part-0.parquet");
    assert!(
        refusal("hive")
            .contains("hive: expected Parquet files in one folder, found the partition `year=2020`")
    );
    copy("brotli.parquet", "mixed/a.parquet");
    copy("one.npy", "mixed/b.npy");
    assert!(refusal("mixed").contains("mixed: expected a folder of Parquet files, found `b.npy`"));
    copy("brotli.parquet", "uneven/a.parquet");
    copy("unsigned.parquet", "uneven/b.parquet");
    assert!(refusal("uneven").contains("`b.parquet`: expected the columns pt, eta as in the first file"));
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    assert!(refusal("empty").contains("found a folder without any"));
}

#[test]
fn a_layout_makes_four_momenta() {
    let of = |name: &str, layout: &str| {
        let selection = Selection { layout: Some(Layout::read(layout).unwrap()), ..Selection::default() };
        EventFile::open(fixture(name), &selection)
    };
    let file = of("fortran3.npy", "px,py,pz,E").unwrap();
    assert_eq!(file.shape(), EventShape::FourMomenta(2));
    // (px, py, pz, E) = (100 i + 4 p, + 1, + 2, + 3).
    let mut out = Array2::zeros((1, 8));
    file.read(7, out.view_mut()).unwrap();
    assert_eq!(out, array![[703.0, 700.0, 701.0, 702.0, 707.0, 704.0, 705.0, 706.0]]);
    // Three columns of a particle: massless, E = |p|.
    let file = of("fortran.npy", "px,py,pz").unwrap();
    let mut out = Array2::zeros((1, 4));
    file.read(2, out.view_mut()).unwrap();
    assert_eq!(
        out,
        array![[(200_f64.powi(2) + 201_f64.powi(2) + 202_f64.powi(2)).sqrt(), 200.0, 201.0, 202.0]]
    );
    let error = of("fortran.npy", "E,px,py,pz").unwrap_err().to_string();
    assert!(error.starts_with("layout: expected a layout of an array of shape [30, 3]"), "{error}");
    // Their energies are too small.
    let error = Pass::over(&of("fortran3.npy", "E,px,py,pz").unwrap(), 0, 30).unwrap().expect_momenta();
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("fortran3.npy: row 0, particle 0: expected a four-momentum with E >= |p|"),
        "{error}"
    );
}

#[test]
fn more_files_than_may_be_open() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<EventFile> = (0..200)
        .map(|i| {
            let path = folder.path().join(format!("{i}.npy"));
            std::fs::copy(fixture("one.npy"), &path).unwrap();
            EventFile::open(&path, &Selection::default()).unwrap()
        })
        .collect();
    let open = || {
        let held = std::fs::read_dir("/proc/self/fd").unwrap();
        held.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok())
            .filter(|path| path.starts_with(folder.path()))
            .count()
    };
    assert!(open() <= 100, "{} files are open", open());
    for file in files.iter().chain(&files) {
        check(file, 30, 100, &[0]);
    }
    assert!(open() <= 100, "{} files are open", open());
    // What is written in place of a file is not what was checked.
    std::fs::copy(fixture("big.npy"), folder.path().join("0.npy")).unwrap();
    let error = files[0].read(0, Array2::zeros((1, 1)).view_mut()).unwrap_err().to_string();
    assert!(error.contains("0.npy: expected the file as it was"), "{error}");
    drop(files);
    assert_eq!(open(), 0);
}
