//! Files of event generators, by the way that datasets and generators take.

use std::path::{Path, PathBuf};

use amplicast_sdk::ndarray::Array2;
use amplicast_tables::{Beside, EventFile, Layout, Pass, Selection};

/// Pairs of a muon and an antimuon, in this order or the other one.
fn pairs(swapped: bool) -> String {
    let muon = |id: i32, i: i32| {
        let (x, y) = (if id > 0 { 3.0 } else { -3.0 }, f64::from(i));
        format!("{id} 1 1 2 0 0 {x:.1} {y:.1} 4.0 {:.17e} 0.0 0.0 9.0\n", (25.0 + y * y).sqrt())
    };
    let event = |i: i32| {
        let (first, second) = if swapped { (-13, 13) } else { (13, -13) };
        format!("<event>\n2 1 0.5 91.2 7.8e-3 1.2e-1\n{}{}</event>\n", muon(first, i), muon(second, i))
    };
    let events: String = (0..50).map(event).collect();
    format!("<LesHouchesEvents version=\"1.0\">\n<init>\n</init>\n{events}</LesHouchesEvents>\n")
}

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn selecting(select: &[&str]) -> Selection {
    let select = (!select.is_empty()).then(|| select.iter().map(|text| text.to_string()).collect());
    Selection { select, ..Selection::default() }
}

#[test]
fn particles_have_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "pairs.dat", &pairs(false));
    let file = EventFile::open(&path, &selecting(&["muon=13", "mu10=-13"])).unwrap();
    let schema = file.schema(None).unwrap();
    assert_eq!((file.rows(), schema.particles()), (50, &["muon".to_owned(), "mu10".into()][..]));
    // Other names may be given, in the order of the particles.
    let schema = file.schema(Some(&["a".into(), "b".into()])).unwrap();
    assert_eq!(schema.particles(), ["a", "b"]);
    assert!(file.schema(Some(&["a".into()])).is_err());
    Pass::over(&file, 0, 50).unwrap().expect_momenta().unwrap();
    let mut events = Array2::zeros((2, 8));
    file.read(48, events.view_mut()).unwrap();
    assert_eq!(events.row(0).to_vec()[1..4], [3.0, 48.0, 4.0]);
    assert_eq!(events.row(1).to_vec()[5..], [-3.0, 49.0, 4.0]);
    // All of the final state, whose names are numbers.
    let file = EventFile::open(&path, &selecting(&[])).unwrap();
    assert_eq!(file.schema(None).unwrap().particles(), ["p0", "p1"]);
}

#[test]
fn another_file_is_read_in_the_order_of_the_names() {
    let folder = tempfile::tempdir().unwrap();
    let training = written(folder.path(), "a", &pairs(false));
    let other = written(folder.path(), "b", &pairs(true));
    let training = EventFile::open(training, &selecting(&["m=13", "p=-13"])).unwrap();
    let other = EventFile::open(other, &selecting(&["p=-13", "m=13"])).unwrap();
    other.expect_like(&training).unwrap();
    let other = other.like(&training.schema(None).unwrap(), "in the training set").unwrap();
    let (mut a, mut b) = (Array2::zeros((50, 8)), Array2::zeros((50, 8)));
    training.read(0, a.view_mut()).unwrap();
    other.read(0, b.view_mut()).unwrap();
    assert_eq!(a, b);
}

#[test]
fn what_only_others_have_is_refused_at_its_field() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "pairs.lhe", &pairs(false));
    let error = |selection: Selection| EventFile::open(&path, &selection).unwrap_err();
    let refused = error(selecting(&["muon=15"]));
    assert_eq!(refused.place(), format!("{}: event 0 (counted from 0), line 8", path.display()));
    let refused = error(Selection { layout: Layout::read("pt,eta,phi,m").ok(), ..Selection::default() });
    assert_eq!(refused.place(), "layout");
    assert_eq!(error(selecting(&["x"])).place(), "select");
    let layout = Layout::read("E,px,py,pz").ok();
    assert!(EventFile::open(&path, &Selection { layout, ..Selection::default() }).is_ok());
    // A table of numbers knows of no particles to select.
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ordered.parquet");
    let refused = EventFile::open(table, &selecting(&["6"])).unwrap_err();
    assert_eq!(refused.place(), "select");
    assert!(refused.message().contains("none of an event generator"), "{refused}");
}

#[test]
fn a_file_that_is_opened_again_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    // More files than are open at a time.
    let files: Vec<EventFile> = (0..100)
        .map(|i| {
            let path = written(folder.path(), &format!("{i}.lhe"), &pairs(i % 2 == 1));
            EventFile::open(path, &selecting(&["13"])).unwrap()
        })
        .collect();
    for file in files.iter().chain(&files) {
        let mut event = Array2::zeros((1, 4));
        file.read(7, event.view_mut()).unwrap();
        assert_eq!(event.row(0).to_vec()[1..], [3.0, 7.0, 4.0]);
    }
}

#[test]
fn weights_are_no_part_of_an_event() {
    let folder = tempfile::tempdir().unwrap();
    // Of both signs, and another one in the event.
    let text = pairs(false)
        .replacen("2 1 0.5 ", "2 1 -0.5 ", 1)
        .replace("</event>", "<rwgt><wgt id='up'> 2.5 </wgt></rwgt></event>");
    let path = written(folder.path(), "a.lhe", &text);
    let error = EventFile::open(&path, &selecting(&[])).unwrap_err();
    assert_eq!(error.place(), "weights");
    assert!(error.message().contains("differ in their sign, from -0.5 to 0.5 (1 of 50 negative)"), "{error}");
    for (name, expected) in [("weight", [-0.5, 0.5]), ("XWGTUP", [-0.5, 0.5]), ("up", [2.5, 2.5])] {
        let selection = Selection { weights: Some(name.into()), ..selecting(&["m=13", "p=-13"]) };
        let file = EventFile::open(&path, &selection).unwrap();
        assert_eq!(file.schema(None).unwrap().particles(), ["m", "p"], "{name}");
        let mut events = Array2::zeros((2, 8));
        file.read(0, events.view_mut()).unwrap();
        assert_eq!(events.row(1).to_vec()[5..], [-3.0, 1.0, 4.0]);
        let mut weights = [0.0; 2];
        file.beside(Beside::Weights, None).unwrap().unwrap().read(0, &mut weights).unwrap();
        assert_eq!(weights, expected, "{name}");
    }
    let selection = Selection { weights: Some("down".into()), ..selecting(&[]) };
    let error = EventFile::open(&path, &selection).unwrap_err();
    assert_eq!(error.place(), "weights");
    assert!(error.message().contains("which has `weight`, `up`, found `down`"), "{error}");
}

#[test]
fn a_file_without_events() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "a.lhe", "<LesHouchesEvents version=\"1.0\">\n</LesHouchesEvents>\n");
    let error = EventFile::open(&path, &selecting(&[])).unwrap_err();
    assert_eq!(error.message(), "expected at least one event, found none");
}
