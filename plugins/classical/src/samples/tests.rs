//! The generator `samples`.

mod weights;

use amplicast_sdk::ndarray::{Array2, array};

use super::*;

fn config(members: Vec<String>) -> SamplesConfig {
    let members = members.into_iter().map(Into::into).collect();
    SamplesConfig {
        members,
        key: None,
        default_key: None,
        layout: None,
        columns: None,
        select: None,
        weights: None,
        weights_file: None,
        verify: None,
    }
}

fn new(members: &[String]) -> Result<Samples> {
    Samples::new(config(members.to_vec()))
}

fn refusal(members: &[String]) -> String {
    new(members).unwrap_err().to_string()
}

#[test]
fn a_file_is_a_member() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..12 {
        let events = Array2::from_elem((number + 2, 2), number as f32);
        ndarray_npy::write_npy(folder.path().join(format!("m{number}.npy")), &events).unwrap();
    }
    let pattern = format!("{}/m*.npy", folder.path().display());
    // A file that two patterns match is one member.
    let samples = new(&[pattern.clone(), pattern]).unwrap();
    assert_eq!(samples.files().len(), 12);
    let schema = Schema::columns(["a", "b"]);
    samples.check(&schema).unwrap();
    let error = samples.check(&Schema::columns(["a"])).unwrap_err().to_string();
    assert!(
        error.contains("m0.npy: expected events of 1 columns as in the training set, found 2 columns"),
        "{error}"
    );

    let events = array![[0.0, 0.0]];
    let training = Batch::new(events.view(), Origin::Training, &[0]);
    let model = samples.prepare(&training, &schema).unwrap();
    let members = model.own_members().unwrap();
    let member = model.at(&members[10]).unwrap();
    assert_eq!(member.capacity(), Some(12));
    let mut out = Array2::zeros((3, 2));
    member.sample(Chunk { index: 0, first_event: 9, seed: Seed::new(0) }, out.view_mut()).unwrap();
    assert_eq!(out, Array2::from_elem((3, 2), 10.0));
    let chunk = Chunk { index: 0, first_event: 10, seed: Seed::new(0) };
    assert!(member.sample(chunk, out.view_mut()).unwrap_err().to_string().contains("found 10..13"));
    assert!(model.at(&[12.0]).is_err());
}

#[test]
fn a_file_of_several_names_is_one_member() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    ndarray_npy::write_npy(path("a.npy"), &array![[1.0, 2.0]]).unwrap();
    ndarray_npy::write_npy(path("d.npy"), &array![[3.0, 4.0]]).unwrap();
    std::fs::hard_link(path("a.npy"), path("b.npy")).unwrap();
    std::os::unix::fs::symlink(path("a.npy"), path("c.npy")).unwrap();
    // `./a.npy` is the same path as `a.npy`, and not worth a word.
    let names = ["*.npy", "./a.npy"].map(|name| format!("{}/{name}", folder.path().display()));
    let samples = new(&names).unwrap();
    assert_eq!((samples.files.len(), samples.notes().len()), (2, 2), "{:?}", samples.notes());
    assert!(samples.notes().iter().all(|note| note.ends_with("under another name: it is one member")));
}

#[test]
fn refusals() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    ndarray_npy::write_npy(path("a.npy"), &array![[1.0, 2.0]]).unwrap();
    ndarray_npy::write_npy(path("b.npy"), &array![[1.0]]).unwrap();
    ndarray_npy::write_npy(path("c.npy"), &array![[1.0, 2.0], [3.0, f64::NAN]]).unwrap();
    assert_eq!(refusal(&[]), "members: expected at least one path or pattern of files, found none");
    let error = refusal(&[path("a.npy"), path("x*.npy")]);
    assert!(error.starts_with("members[1]: expected files, found none that match"), "{error}");
    let error = refusal(&[path("a.npy"), path("b.npy")]);
    assert!(error.contains("b.npy: expected events of 2 columns as in"), "{error}");
    let error = refusal(&[path("c.npy")]);
    assert!(error.ends_with("c.npy: row 1, number 1: expected a finite number, found NaN"), "{error}");
}

fn open(name: &str, key: Option<&str>, columns: Option<&[&str]>) -> Result<Samples> {
    let columns = columns.map(|names| names.iter().map(|name| name.to_string()).collect());
    let members = vec![format!("{}/../tables/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))];
    Samples::new(SamplesConfig { key: key.map(str::to_owned), columns, ..config(members) })
}

#[test]
fn members_of_other_formats() {
    let samples = open("ttbar.h5", Some("ttbar+2jet"), None).unwrap();
    // 32 columns are what the training set says: numbers, or 8 four-momenta.
    let unverified = Samples { passes: Vec::new(), ..samples.clone() };
    unverified.check(&Schema::four_momenta((0..8).map(|p| format!("p{p}")))).unwrap();
    samples.check(&Schema::columns((0..32).map(|i| format!("x{i}")))).unwrap();
    let error = open("ttbar.h5", None, None).unwrap_err().to_string();
    assert!(error.starts_with("key: expected one of `ttbar+0jet`, "), "{error}");

    let columns = open("[zg]*.parquet", None, Some(&["eta", "pt"])).unwrap();
    assert_eq!(columns.files().len(), 2);
    columns.check(&Schema::columns(["eta", "pt"])).unwrap();
    let error = columns.check(&Schema::columns(["pt", "eta"])).unwrap_err().to_string();
    let expected = "gzip.parquet: expected the columns pt, eta as in the training set, found eta, pt; name them with \
                    `columns`";
    assert!(error.ends_with(expected), "{error}");

    // Files of one pattern need not hold the same.
    let error = open("*.parquet", None, Some(&["pt", "jets"])).unwrap_err().to_string();
    assert!(error.contains("columns: expected columns out of pt, eta, found `jets` ("), "{error}");
}

/// Lengths may differ, shapes not.
#[test]
fn members_of_different_lengths_and_shapes() {
    let lengths = |samples: &Samples| {
        let schema = Schema::columns(["pt", "eta"]);
        let events = array![[0.0, 0.0]];
        let training = Batch::new(events.view(), Origin::Training, &[0]);
        let model = samples.prepare(&training, &schema).unwrap();
        let length = |member: &Vec<f32>| model.at(member).unwrap().capacity().unwrap();
        model.own_members().unwrap().iter().map(length).collect::<Vec<_>>()
    };
    let both = "[ct]h*.h5";
    assert_eq!(lengths(&open(both, Some("counts"), None).unwrap()), [500, 20]);
    let error = open(both, Some("reco/momenta"), None).unwrap_err().to_string();
    assert!(error.contains("third.h5: expected events of 2 particles x 4 as in "), "{error}");
    assert!(error.ends_with("chunked.h5, found 3 particles x 4"), "{error}");

    let both = "*ed.parquet";
    assert_eq!(lengths(&open(both, None, Some(&["pt", "eta"])).unwrap()), [10, 20]);
    let error = open(both, None, None).unwrap_err().to_string();
    assert!(error.contains("reversed.parquet: expected the columns pt, eta as in "), "{error}");
    assert!(error.ends_with("ordered.parquet, found eta, pt; name them with `columns`"), "{error}");
}

/// (px, py, pz, E) = (3, 4, 12, 13) i: the names of a Parquet file tell the order, `layout` says that of an array.
#[test]
fn members_have_a_layout_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.npy").display().to_string();
    let events = Array2::from_shape_fn((50, 8), |(i, k)| [3.0, 4.0, 12.0, 13.0][k % 4] * (i + 1) as f64);
    ndarray_npy::write_npy(&path, &events).unwrap();
    let momenta = Schema::four_momenta(["a", "b"]);
    let samples = new(std::slice::from_ref(&path)).unwrap();
    // As columns they are whatever they are.
    samples.check(&Schema::columns((0..8).map(|i| format!("x{i}")))).unwrap();
    let error = samples.check(&momenta).unwrap_err().to_string();
    assert!(error.contains("m.npy: row 0, particle 0: expected a four-momentum with E >= |p|"), "{error}");
    assert!(error.contains("in the order `px,py,pz,E` they fit"), "{error}");
    let read = |samples: &Samples| {
        let events = Array2::zeros((1, 8));
        let model = samples.prepare(&Batch::new(events.view(), Origin::Training, &[0]), &momenta).unwrap();
        let mut out = Array2::zeros((1, 8));
        let chunk = Chunk { index: 0, first_event: 1, seed: Seed::new(0) };
        model.at(&[0.0]).unwrap().sample(chunk, out.view_mut()).unwrap();
        out
    };
    let layout = Some("px,py,pz,E".into());
    let samples = Samples::new(SamplesConfig { layout, ..config(vec![path]) }).unwrap();
    assert_eq!(read(&samples), array![[26.0, 6.0, 8.0, 24.0, 26.0, 6.0, 8.0, 24.0]]);
    // E = 85 there.
    let samples = open("kinds/jets.parquet", None, None).unwrap();
    assert_eq!(read(&samples), array![[85.0, 3.0, 4.0, 12.0, 85.0, 3.0, 4.0, 12.0]]);
}

#[test]
fn a_key_behind_each_path() {
    let fixture = format!("{}/../tables/fixtures/stored.npz", env!("CARGO_MANIFEST_DIR"));
    let members = vec![format!("{fixture}::train"), format!("{fixture}::test")];
    let samples = new(&members).unwrap();
    let lengths: Vec<u64> = samples.own_events().into_iter().map(|(_, events)| events).collect();
    assert_eq!((lengths, samples.files().len()), (vec![20, 50], 1));
    // A key for files of several arrays is none of a file of one.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy").display().to_string();
    ndarray_npy::write_npy(&path, &array![[1.0, 2.0, 3.0]]).unwrap();
    let default_key = Some("train".to_string());
    let samples = Samples::new(SamplesConfig { default_key, ..config(vec![path.clone(), fixture]) }).unwrap();
    assert_eq!(samples.own_events().len(), 2);
    let error = Samples::new(SamplesConfig { key: Some("train".into()), ..config(vec![path]) }).unwrap_err();
    assert!(error.to_string().starts_with("key: expected no key for a file of one array"), "{error}");
}

#[test]
fn members_of_an_event_generator() {
    let folder = tempfile::tempdir().unwrap();
    for (name, e) in [("a.hepmc", 1.0), ("b.hepmc", 2.0)] {
        let event = format!(
            "E 0 1 2\nU GEV MM\nP 1 0 13 0.0 0.0 0.0 {e:.1} 0.1 1\nP 2 0 -13 0.0 0.0 0.0 {:.1} 0.1 1\n",
            10.0 * e
        );
        let text = [
            "HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\n",
            &event,
            &event,
            "HepMC::Asciiv3-END_EVENT_LISTING\n",
        ]
        .concat();
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let members = vec![format!("{}/*.hepmc", folder.path().display())];
    let select = Some(vec!["plus=-13".to_string(), "minus=13".to_string()]);
    let samples = Samples::new(SamplesConfig { select, ..config(members) }).unwrap();
    // In the order of the training set's particles, whose names these are.
    let schema = Schema::four_momenta(["minus", "plus"]);
    samples.check(&schema).unwrap();
    let events = Array2::zeros((1, 8));
    let model = samples.prepare(&Batch::new(events.view(), Origin::Training, &[0]), &schema).unwrap();
    let mut out = Array2::zeros((2, 8));
    let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(0) };
    model.at(&[1.0]).unwrap().sample(chunk, out.view_mut()).unwrap();
    assert_eq!((out[[1, 0]], out[[1, 4]]), (2.0, 20.0));
}
