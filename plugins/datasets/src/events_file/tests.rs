//! The dataset `events-file`.

use std::path::Path;

use amplicast_sdk::Seed;
use amplicast_sdk::ndarray::{Array2, Array3, array};

use super::*;

fn config(train: &Path) -> EventsFileConfig {
    EventsFileConfig {
        train: train.into(),
        key: None,
        default_key: None,
        train_rows: None,
        holdout: None,
        holdout_key: None,
        holdout_rows: None,
        particles: None,
        layout: None,
        holdout_layout: None,
        columns: None,
        select: None,
        weights: None,
        weights_file: None,
        holdout_weights: None,
        holdout_weights_file: None,
        groups: None,
        groups_file: None,
        holdout_groups: None,
        holdout_groups_file: None,
        verify: None,
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // Particles at rest.
    let energy = |n: usize, p: usize| (8 * n + 4 * p) as f32;
    let events = Array3::from_shape_fn((100, 2, 4), |(n, p, c)| if c == 0 { energy(n, p) } else { 0.0 });
    ndarray_npy::write_npy(folder.path().join("a.npy"), &events).unwrap();
    ndarray_npy::write_npy(folder.path().join("b.npy"), &array![[1.0, 2.0], [3.0, 4.0]]).unwrap();
    folder
}

#[test]
fn two_parts_of_one_file() {
    let folder = folder();
    let path = folder.path().join("a.npy");
    let data = EventsFile::new(EventsFileConfig {
        train_rows: Some([10, 60]),
        holdout_rows: Some([60, 100]),
        particles: Some(vec!["b".into(), "q".into()]),
        ..config(&path)
    })
    .unwrap();
    assert_eq!((data.capacity(Split::Training), data.capacity(Split::Holdout)), (Some(50), Some(40)));
    assert_eq!(data.schema().column_names()[4], "q.E");
    assert_eq!(data.files(), [path]);
    let mut out = Array2::zeros((3, 8));
    let chunk = Chunk { index: 0, first_event: 5, seed: Seed::new(0) };
    data.read(Split::Training, chunk, out.view_mut()).unwrap();
    assert_eq!(out[[0, 0]], 15.0 * 8.0);
    data.read(Split::Holdout, chunk, out.view_mut()).unwrap();
    assert_eq!(out[[0, 0]], 65.0 * 8.0);
    // The file goes on after row 60, the training set does not.
    let chunk = Chunk { first_event: 48, ..chunk };
    let error = data.read(Split::Training, chunk, out.view_mut()).unwrap_err().to_string();
    assert!(
        error.contains("a.npy: expected at most 50 events (the rows in use), found a request"),
        "{error}"
    );
}

#[test]
fn refusals() {
    let folder = folder();
    let (a, b) = (folder.path().join("a.npy"), folder.path().join("b.npy"));
    let refusal = |config| EventsFile::new(config).unwrap_err().to_string();
    let error = refusal(EventsFileConfig { train_rows: Some([50, 101]), ..config(&a) });
    assert!(error.starts_with("train_rows: expected [first, end) with first < end <= 100"), "{error}");
    assert!(error.ends_with("found [50, 101)"), "{error}");
    let error = refusal(EventsFileConfig { train_rows: Some([5, 5]), ..config(&a) });
    assert!(error.ends_with("found [5, 5)"), "{error}");
    let link = folder.path().join("link.npy");
    std::os::unix::fs::symlink(&a, &link).unwrap();
    let error = refusal(EventsFileConfig {
        train_rows: Some([0, 60]),
        holdout: Some(link.into()),
        holdout_rows: Some([50, 100]),
        ..config(&a)
    });
    assert!(
        error.contains("holdout_rows: expected rows that are not in the training set, found rows 50..60"),
        "{error}"
    );
    let error = refusal(EventsFileConfig { holdout: Some(b.clone().into()), ..config(&a) });
    assert!(
        error.ends_with("b.npy: expected events of 2 particles x 4 as in the training file, found 2 columns"),
        "{error}"
    );
    let error = refusal(EventsFileConfig { holdout_rows: Some([0, 1]), ..config(&a) });
    assert!(error.contains("holdout_rows: expected rows that are not in the training set"), "{error}");
    let error = refusal(EventsFileConfig { particles: Some(vec!["b".into()]), ..config(&b) });
    assert!(error.contains("particles: expected no particles"), "{error}");
    let error = refusal(EventsFileConfig { key: Some("x".into()), ..config(&a) });
    assert!(error.starts_with("key: expected no key for a file of one array, found `x` ("), "{error}");
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tables/fixtures").join(name)
}

#[test]
fn two_arrays_of_one_file() {
    let path = fixture("stored.npz");
    let of = |key: &str, holdout: &str| EventsFileConfig {
        key: Some(key.into()),
        holdout_key: Some(holdout.into()),
        ..config(&path)
    };
    let data = EventsFile::new(of("train", "test")).unwrap();
    assert_eq!((data.capacity(Split::Training), data.capacity(Split::Holdout)), (Some(50), Some(20)));
    assert_eq!(data.files(), std::slice::from_ref(&path));
    let refusal = |config| EventsFile::new(config).unwrap_err().to_string();
    let error = refusal(of("train", "train"));
    assert!(error.contains("found rows 0..50 of the same file"), "{error}");
    let error = refusal(of("train", "valid"));
    assert!(error.starts_with("holdout_key: expected one of `train`, `test`, found `valid` ("), "{error}");
    let error = refusal(config(&path));
    assert!(error.starts_with("key: expected one of `train`, `test`, found none ("), "{error}");
}

#[test]
fn columns_are_four_momenta_if_particles_are_named() {
    let of = |jets: usize, holdout: Option<&str>| EventsFileConfig {
        key: Some(format!("ttbar+{jets}jet")),
        train_rows: Some([0, 1]),
        holdout_key: holdout.map(str::to_owned),
        holdout_rows: Some([1, 2]),
        particles: Some((0..6 + jets).map(|jet| format!("j{jet}")).collect()),
        // Its numbers are no momenta.
        verify: Some(false),
        ..config(&fixture("ttbar.h5"))
    };
    let data = EventsFile::new(of(4, None)).unwrap();
    assert_eq!((data.schema().particles().len(), data.schema().dimension()), (10, 40));
    let mut out = Array2::zeros((1, 40));
    let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(0) };
    data.read(Split::Holdout, chunk, out.view_mut()).unwrap();
    assert_eq!(out[[0, 39]], 139.0);
    let error = EventsFile::new(of(4, Some("ttbar+0jet"))).unwrap_err().to_string();
    let expected = "expected events of 10 particles x 4 as in the training file, found 24 columns";
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn columns_of_a_file_that_knows_names() {
    let path = fixture("zstd.parquet");
    let of = |columns: &[&str]| EventsFileConfig {
        columns: Some(columns.iter().map(|name| name.to_string()).collect()),
        train_rows: Some([0, 600]),
        holdout_rows: Some([600, 1000]),
        ..config(&path)
    };
    let data = EventsFile::new(of(&["eta", "pt"])).unwrap();
    assert_eq!(data.schema().column_names(), ["eta", "pt"]);
    let mut out = Array2::zeros((1, 2));
    let chunk = Chunk { index: 0, first_event: 2, seed: Seed::new(0) };
    data.read(Split::Holdout, chunk, out.view_mut()).unwrap();
    assert_eq!(out, array![[60201.0, 60200.0]]);
    let error = EventsFile::new(of(&["mass"])).unwrap_err().to_string();
    assert!(
        error.starts_with("columns: expected columns out of pt, eta, jets, tag, found `mass`"),
        "{error}"
    );
}

#[test]
fn nan_outside_the_rows_in_use_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nan.npy");
    ndarray_npy::write_npy(&path, &array![[1.0], [2.0], [f64::INFINITY]]).unwrap();
    let error = EventsFile::new(config(&path)).unwrap_err().to_string();
    assert!(error.ends_with("nan.npy: row 2, number 0: expected a finite number, found inf"), "{error}");
    EventsFile::new(EventsFileConfig { train_rows: Some([0, 2]), ..config(&path) }).unwrap();
}

#[test]
fn the_configuration_needs_a_file() {
    let error = amplicast_sdk::read_config::<EventsFileConfig>("{}").unwrap_err();
    assert_eq!(error.to_string(), "missing field `train`");
    amplicast_sdk::read_config::<EventsFileConfig>(r#"{"train": "x.npy"}"#).unwrap();
}

/// (px, py, pz, E) of particles with p = (3, 4, 12) n and m = 84 n: E = 85 n.
fn energy_last(n: usize) -> Array3<f64> {
    let components = [3.0, 4.0, 12.0, 85.0];
    Array3::from_shape_fn((n, 2, 4), |(i, p, c)| components[c] * (1 + i + p) as f64)
}

#[test]
fn a_layout_is_what_the_files_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("last.npy");
    ndarray_npy::write_npy(&path, &energy_last(300)).unwrap();
    // Energies are the last of four, so that the first one is no energy: in all of the 600 particles.
    let error = EventsFile::new(config(&path)).unwrap_err().to_string();
    assert!(error.contains("last.npy: row 0, particle 0: expected a four-momentum with E >= |p|"), "{error}");
    assert!(error.contains("100 % of the particles; in the order `px,py,pz,E` they fit"), "{error}");
    let read = |config: EventsFileConfig| {
        let data = EventsFile::new(config).unwrap();
        let mut out = Array2::zeros((1, 8));
        let chunk = Chunk { index: 0, first_event: 9, seed: Seed::new(0) };
        data.read(Split::Training, chunk, out.view_mut()).unwrap();
        out.into_raw_vec_and_offset().0
    };
    let with_layout = EventsFileConfig { layout: Some("px, py, pz, energy".into()), ..config(&path) };
    assert_eq!(read(with_layout.clone()), [850.0, 30.0, 40.0, 120.0, 935.0, 33.0, 44.0, 132.0]);
    // The holdout may have another one, and n x 8 columns are momenta as well.
    let flat = folder.path().join("flat.npy");
    let first = Array2::from_shape_fn((40, 8), |(i, k)| [85.0, 3.0, 4.0, 12.0][k % 4] * (2 + i) as f64);
    ndarray_npy::write_npy(&flat, &first).unwrap();
    let both = EventsFileConfig { holdout: Some(flat.clone().into()), ..with_layout };
    let error = EventsFile::new(both.clone()).unwrap_err().to_string();
    assert!(error.contains("flat.npy: row 0, particle 0: expected a four-momentum"), "{error}");
    EventsFile::new(EventsFileConfig { holdout_layout: Some("E,px,py,pz".into()), ..both.clone() }).unwrap();
    let wrong = EventsFileConfig { holdout_layout: Some("E,px".into()), ..both };
    let error = EventsFile::new(wrong).unwrap_err();
    assert_eq!(error.place(), "holdout_layout");
    let particles = EventsFileConfig { particles: Some(vec!["a".into(), "b".into()]), ..config(&flat) };
    assert_eq!(read(particles)[..4], [935.0, 33.0, 44.0, 132.0]);
    // As plain columns they are what they are.
    assert_eq!(read(config(&flat))[..2], [935.0, 33.0]);
}

#[test]
fn names_tell_the_layout() {
    let path = fixture("kinds/jets.parquet");
    let of = |layout: Option<&str>| {
        EventsFile::new(EventsFileConfig {
            particles: Some(vec!["a".into(), "b".into()]),
            layout: layout.map(str::to_owned),
            ..config(&path)
        })
    };
    // p = (3, 4, 12), E = 85, component by component.
    let mut out = Array2::zeros((1, 8));
    let chunk = Chunk { index: 0, first_event: 2, seed: Seed::new(0) };
    of(None).unwrap().read(Split::Training, chunk, out.view_mut()).unwrap();
    assert_eq!(out, array![[85.0, 3.0, 4.0, 12.0, 85.0, 3.0, 4.0, 12.0]]);
    let error = of(Some("E,px,py,pz")).unwrap_err().to_string();
    let expected = "layout: expected what the columns' names tell (`jet_px_0` is px), found `E,px,py,pz`";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn keys_belong_to_files() {
    let folder = folder();
    let array = folder.path().join("two.npy");
    ndarray_npy::write_npy(&array, &Array2::<f64>::ones((5, 3))).unwrap();
    let several = fixture("stored.npz");
    let with_key = |key: &str| PathBuf::from(format!("{}::{key}", several.display()));
    let data = EventsFile::new(EventsFileConfig {
        holdout: Some(with_key("test").into()),
        ..config(&with_key("train"))
    });
    let data = data.unwrap();
    assert_eq!((data.capacity(Split::Training), data.capacity(Split::Holdout)), (Some(50), Some(20)));
    assert_eq!(data.files(), std::slice::from_ref(&several));
    // The key of one file is none of a file of one array, nor is a key for those that have several.
    for of_file in [true, false] {
        let key = Some("train".to_string());
        let (key, default_key) = if of_file { (key, None) } else { (None, key) };
        let config =
            EventsFileConfig { key, default_key, holdout: Some(array.clone().into()), ..config(&several) };
        assert_eq!(EventsFile::new(config).unwrap().capacity(Split::Holdout), Some(5));
    }
    let error = EventsFile::new(config(&with_key("valid"))).unwrap_err().to_string();
    assert!(error.starts_with("key: expected one of `train`, `test`, found `valid` ("), "{error}");
}

#[test]
fn what_is_left_out_is_said() {
    let notes = EventsFile::new(config(&fixture("kinds/index.parquet"))).unwrap().notes();
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("index.parquet: the column `__index_level_0__` is left out"), "{notes:?}");
}

/// Pairs of top quarks at rest, event i with energies i and 2 i.
fn tops(n: usize) -> String {
    let top = |id: i32, e: usize| format!("{id} 2 1 2 0 0 0.0 0.0 0.0 {e}.0 {e}.0 0.0 9.0\n");
    let event = |i: usize| format!("<event>\n2 1 1.0 0.0 0.0 0.0\n{}{}</event>\n", top(-6, 2 * i), top(6, i));
    let events: String = (0..n).map(event).collect();
    format!("<LesHouchesEvents version=\"3.0\">\n<init>\n</init>\n{events}</LesHouchesEvents>\n")
}

#[test]
fn particles_of_an_event_generator() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tops.lhe");
    std::fs::write(&path, tops(40)).unwrap();
    let select = |list: &[&str]| Some(list.iter().map(|text| text.to_string()).collect());
    let data = EventsFile::new(EventsFileConfig {
        train_rows: Some([0, 30]),
        holdout_rows: Some([30, 40]),
        select: select(&["t=6:status=2", "tbar=-6:status=2"]),
        ..config(&path)
    })
    .unwrap();
    assert_eq!(data.schema().particles(), ["t", "tbar"]);
    let mut out = Array2::zeros((1, 8));
    let chunk = Chunk { index: 0, first_event: 5, seed: Seed::new(0) };
    data.read(Split::Holdout, chunk, out.view_mut()).unwrap();
    assert_eq!((out[[0, 0]], out[[0, 4]]), (35.0, 70.0));
    let error = EventsFile::new(EventsFileConfig { select: select(&["t"]), ..config(&path) }).unwrap_err();
    assert_eq!(error.place(), "select");
    let error = EventsFile::new(EventsFileConfig { select: select(&["11"]), ..config(&path) }).unwrap_err();
    assert!(error.place().contains("tops.lhe: event 0 (counted from 0)"), "{error}");
}

/// Groups in a column, or in a file of their own: whole ones, each in one place.
#[test]
fn groups_are_whole_and_in_one_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let with = |groups: &[f64], rows: [Option<[u64; 2]>; 2]| {
        let events = Array2::from_shape_fn((groups.len(), 3), |(n, k)| [n as f64, -0.5, groups[n]][k]);
        ndarray_npy::write_npy(&path, &events).unwrap();
        let [train_rows, holdout_rows] = rows;
        EventsFile::new(EventsFileConfig {
            groups: Some("x3".into()),
            train_rows,
            holdout_rows,
            ..config(&path)
        })
    };
    let read = |data: &EventsFile, split, first_event, n: usize| {
        let (mut events, mut groups) = (Array2::zeros((n, 2)), vec![0.0; n]);
        let chunk = Chunk { index: 0, first_event, seed: Seed::new(0) };
        data.read(split, chunk, events.view_mut()).unwrap();
        data.read_groups(split, chunk, &mut groups).unwrap();
        (events.column(0).to_vec(), groups)
    };
    // In any order, but each in one place.
    let groups = [7.0, 7.0, 3.0, 9.5, 9.5, 9.5, -1.0, -1.0];
    let data = with(&groups, [Some([0, 3]), Some([3, 8])]).unwrap();
    assert!(data.grouped() && data.schema().dimension() == 2 && !data.weighted());
    assert_eq!(read(&data, Split::Training, 1, 2), (vec![1.0, 2.0], vec![7.0, 3.0]));
    assert_eq!(read(&data, Split::Holdout, 0, 4).1, groups[3..7]);

    let error = |groups: &[f64], rows| with(groups, rows).unwrap_err().to_string();
    let found = error(&groups, [Some([0, 4]), None]);
    let expected = "train_rows: expected rows that cut no group of events, found 4 within the group of rows 3..6: take 3 or 6";
    assert_eq!(found, expected);
    assert!(error(&groups, [Some([0, 3]), Some([4, 8])]).starts_with("holdout_rows: expected rows that cut"));
    let found = error(&[1.0, 1.0, 2.0, 1.0], [None, None]);
    assert!(
        found.contains("x.npy: row 3: expected the events of a group next to each other, found group 1"),
        "{found}"
    );
    assert!(error(&[1.0, f64::NAN], [None, None]).contains("row 1: expected a finite number of a group"));

    // One event each is no group; of a holdout without numbers each event is by itself.
    let data = with(&[1.0, 2.0, 3.0], [None, None]).unwrap();
    assert!(!data.grouped() && data.notes()[0].ends_with("every event is a group of its own"));
    with(&groups, [None, None]).unwrap();
    let (other, numbers) = (folder.path().join("y.npy"), folder.path().join("g.npy"));
    ndarray_npy::write_npy(&other, &array![[1.0, 2.0], [3.0, 4.0]]).unwrap();
    ndarray_npy::write_npy(&numbers, &array![4.0, 4.0]).unwrap();
    let beside = |holdout_groups: Option<&str>, file: bool| {
        EventsFile::new(EventsFileConfig {
            groups_file: Some((&*numbers).into()),
            holdout: Some((&*path).into()),
            holdout_groups: holdout_groups.map(str::to_owned),
            holdout_groups_file: file.then(|| (&*numbers).into()),
            ..config(&other)
        })
    };
    assert!(
        beside(None, false).unwrap_err().to_string().starts_with("holdout_groups_file: expected the groups")
    );
    assert!(
        beside(None, true)
            .unwrap_err()
            .to_string()
            .contains("g.npy: expected a number of a group for each of 8 events")
    );
    let further = folder.path().join("z.npy");
    ndarray_npy::write_npy(&further, &array![[5.0, 6.0], [7.0, 8.0]]).unwrap();
    let data = EventsFile::new(EventsFileConfig {
        groups_file: Some((&*numbers).into()),
        holdout: Some((&*further).into()),
        holdout_groups: Some(String::new()),
        ..config(&other)
    })
    .unwrap();
    assert_eq!(read(&data, Split::Training, 0, 2).1, [4.0, 4.0]);
    assert_eq!(read(&data, Split::Holdout, 0, 2).1, [0.0, 1.0]);
    assert_eq!(data.files(), [other, further, numbers]);
}
