//! Events in files for others: `convert` and `sample`.

use amplicast_tests::{Place, fits, normal, stream};
use ndarray::{Array1, Array2};

fn read(place: &Place, name: &str) -> Array2<f64> {
    ndarray_npy::read_npy(place.path(name)).unwrap()
}

/// Columns with weights through Parquet, momenta through Les Houches events, and back, to the bit.
#[test]
fn there_and_back() {
    let place = Place::new();
    let mut numbers = stream(1);
    // More than a group of rows of a Parquet file.
    let events = Array2::from_shape_simple_fn((150_000, 2), || normal(&mut numbers));
    let weights: Array1<f64> = (0..150_000).map(|i| if i % 7 == 0 { -0.3 } else { 1.1 }).collect();
    place.npy("x.npy", &events);
    ndarray_npy::write_npy(place.path("w.npy"), &weights).unwrap();
    place
        .amplicast(&["convert", "x.npy", "x.parquet", "--columns", "mass,pt", "--weights-file", "w.npy"])
        .expect(0)
        .prints(&["events of 2 numbers, with weights"]);
    place.amplicast(&["convert", "x.parquet", "back.npy", "--weights", "weight"]).expect(0);
    assert_eq!(read(&place, "back.npy"), events);
    let back: Array1<f64> = ndarray_npy::read_npy(place.path("back.weights.npy")).unwrap();
    assert_eq!(back, weights);
    // A column that was named keeps its name.
    place.amplicast(&["convert", "x.parquet", "one.npy", "--columns", "pt"]).expect(0);
    assert_eq!(read(&place, "one.npy").column(0), events.column(1));

    let momenta = Array2::from_shape_fn((200, 8), |(i, k)| {
        let x = 10.0 + (i * 8 + k) as f64 / 7.0;
        // Energies far above what the other three need.
        if k % 4 == 0 { 10.0 * x } else { x * if k % 2 == 0 { -1.0 } else { 1.0 } }
    });
    place.npy("p.npy", &momenta);
    for name in ["p.lhe", "p.lhe.gz"] {
        place.amplicast(&["convert", "p.npy", name, "--particles", "t,tbar", "--ids", "6,-6"]).expect(0);
        place.amplicast(&["convert", name, "p2.npy"]).expect(0);
        assert_eq!(read(&place, "p2.npy"), momenta);
        place.amplicast(&["convert", name, "t.npy", "--select", "tbar=-6"]).expect(0);
        assert_eq!(read(&place, "t.npy"), momenta.slice(ndarray::s![.., 4..]));
    }
}

/// Groups go through Parquet and NumPy's files, and stand beside the events. Without being named they are no feature.
#[test]
fn groups_go_along() {
    let place = Place::new();
    let mut numbers = stream(2);
    let events = Array2::from_shape_simple_fn((70_001, 2), || normal(&mut numbers));
    let groups: Array1<f64> = (0..70_001).map(|i| f64::from(90_000 - i / 3)).collect();
    let weights: Array1<f64> = (0..70_001).map(|i| f64::from(1 + i % 3)).collect();
    place.npy("x.npy", &events);
    ndarray_npy::write_npy(place.path("g.npy"), &groups).unwrap();
    ndarray_npy::write_npy(place.path("w.npy"), &weights).unwrap();
    let convert = |arguments: &[&str]| place.amplicast(&[&["convert"], arguments].concat());
    convert(&[
        "x.npy",
        "x.parquet",
        "--columns",
        "mass,pt",
        "--groups-file",
        "g.npy",
        "--weights-file",
        "w.npy",
    ])
    .expect(0)
    .prints(&["events of 2 numbers, with weights (--weights weight) and groups (--groups event)"]);
    convert(&["x.parquet", "y.npy", "--groups", "event", "--weights", "weight"])
        .expect(0)
        .prints(&["with weights (--weights-file y.weights.npy) and groups (--groups-file y.groups.npy)"]);
    for (name, expected) in [("y.groups.npy", &groups), ("y.weights.npy", &weights)] {
        let found: Array1<f64> = ndarray_npy::read_npy(place.path(name)).unwrap();
        assert_eq!(&found, expected, "{name}");
    }
    convert(&["y.npy", "z.parquet", "--groups-file", "y.groups.npy"])
        .expect(0)
        .prints(&["with groups (--groups event)"]);
    convert(&["z.parquet", "z.npy"]).expect(0).says(&["event"]).prints(&["events of 2 numbers\n"]);
    for name in ["y.npy", "z.npy"] {
        assert_eq!(read(&place, name), events);
    }
    // Groups of one event each are none.
    ndarray_npy::write_npy(place.path("g.npy"), &Array1::from_iter((0..70_001).map(f64::from))).unwrap();
    convert(&["x.npy", "a.parquet", "--groups-file", "g.npy"]).expect(0).prints(&["events of 2 numbers\n"]);
    let refused = |arguments: &[&str], text: &str| {
        convert(arguments).expect(2).says(&[text]);
    };
    let shuffled = Array1::from_iter((0..70_001).map(|i| f64::from(i % 7)));
    ndarray_npy::write_npy(place.path("g.npy"), &shuffled).unwrap();
    refused(&["x.npy", "b.parquet", "--groups-file", "g.npy"], "found group 0 again, which ended before");
    refused(
        &["x.npy", "b.parquet", "--columns", "event,pt", "--groups-file", "y.groups.npy"],
        "--out: expected no column `event` of an event",
    );
    let momenta = Array2::from_shape_fn((4, 4), |(i, k)| if k == 0 { 100.0 + i as f64 } else { i as f64 });
    place.npy("p.npy", &momenta);
    ndarray_npy::write_npy(place.path("g.npy"), &Array1::from_vec(vec![1.0, 1.0, 2.0, 2.0])).unwrap();
    let momenta = ["p.npy", "p.lhe", "--particles", "t", "--ids", "6"];
    refused(
        &[&momenta[..], &["--groups-file", "g.npy"]].concat(),
        "Les Houches events have no place for the numbers of their groups",
    );
    convert(&momenta).expect(0);
    refused(&["p.lhe", "q.npy", "--groups", "event"], "groups");
    convert(&["p.lhe", "q.npy", "--groups-file", "g.npy"])
        .expect(0)
        .prints(&["with groups (--groups-file q.groups.npy)"]);
}

/// A program in the place of the Python that reads ROOT files, which gives rows of x, weight and group; they are checked as they come.
#[test]
fn groups_of_root_files_are_neighbors() {
    let place = Place::new();
    place.write("x.root", "root and nothing else");
    let convert = |groups: [u32; 5]| {
        let script = format!(
            "#!/usr/bin/env python3\nimport json, struct, sys\nasked = json.load(sys.stdin)\nassert asked['groups'] == 'event'\n\
             rows = [[0.1 * i, 1.0 + i, g] for i, g in enumerate({groups:?})]\n\
             with open(asked['out'], 'wb') as out:\n    out.write(b''.join(struct.pack('<3d', *row) for row in rows))\n\
             sums = [sum(column) for column in zip(*rows)]\n\
             print(json.dumps({{'columns': ['x'], 'events': 5, 'sums': sums, 'sizes': sums, 'uproot': 'none'}}))\n"
        );
        let program = place.write("reader", script);
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let program = program.display().to_string();
        place.amplicast(&[
            "convert",
            "x.root",
            "x.npy",
            "--weights",
            "w",
            "--groups",
            "event",
            "--python",
            &program,
        ])
    };
    convert([7, 7, 0, 3, 3])
        .expect(0)
        .prints(&["5 events of 1 numbers, with weights", "--groups-file x.groups.npy"]);
    let groups: Array1<f64> = ndarray_npy::read_npy(place.path("x.groups.npy")).unwrap();
    assert_eq!(groups.to_vec(), [7.0, 7.0, 0.0, 3.0, 3.0]);
    convert([7, 7, 0, 3, 7])
        .expect(2)
        .says(&["row 4: expected the events of a group next to each other, found group 7 again"]);
}

#[test]
fn what_cannot_be_converted() {
    let place = Place::new();
    let mut numbers = stream(1);
    place.npy("x.npy", &Array2::from_shape_simple_fn((10, 3), || normal(&mut numbers)));
    let refused = |arguments: &[&str], text: &str| {
        let all = [&["convert"], arguments].concat();
        place.amplicast(&all).expect(2).says(&[text]);
    };
    refused(&["x.npy", "x.csv"], "--out: expected a file .npy, .parquet, .lhe or .lhe.gz");
    refused(&["x.npy", "x.lhe"], "--ids: expected the Monte Carlo number (PDG)");
    refused(
        &["x.npy", "x.lhe", "--ids", "6,-6,21"],
        "expected events of four-momenta for Les Houches events",
    );
    refused(&["x.npy", "y.npy", "--tree", "Events"], "--tree: expected a ROOT file");
    refused(&["nothing.npy", "y.npy"], "nothing.npy");
    place.write("x.root", "root and nothing else");
    refused(&["x.root", "y.npy", "--python", "no-such-python"], "cannot start no-such-python");
    refused(&["x.root", "y.npy", "--groups-file", "x.npy"], "--groups-file: expected --groups");
    assert!(!place.path("y.npy").exists() && !place.path("x.lhe").exists());
}

/// Events of a run's generator, of another stream than the run's, the same for the same seed and any number of threads.
#[test]
fn samples_of_a_run() {
    let place = Place::new();
    place.write(
        "x.toml",
        fits(
            "plugin = \"gaussian\"\nmean = [3.0]",
            "n_train = 500\nn_gen = 1000",
            "[[metric]]\nplugin = \"mean\"\n",
        ),
    );
    place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0);
    let sample = |name: &str, more: &[&str]| {
        let common = ["sample", "run", "--events", "200000", "--out", name];
        place.amplicast(&[&common[..], more].concat()).expect(0);
        read(&place, name)
    };
    let first = sample("a.npy", &["--threads", "1"]);
    assert!((first.mean().unwrap() - 3.0).abs() < 0.3 && first.nrows() == 200_000);
    assert_eq!(first, sample("b.npy", &["--threads", "2"]));
    assert_ne!(first, sample("c.npy", &["--seed", "2"]));
    assert_ne!(first, sample("d.npy", &["--member", "2"]));
    place.amplicast(&["sample", "run", "--events", "1000", "--out", "e.parquet"]).expect(0);
    place.amplicast(&["convert", "e.parquet", "e.npy"]).expect(0);
    assert_eq!(read(&place, "e.npy"), first.slice(ndarray::s![..1000, ..]));
    let refused = |arguments: &[&str], text: &str| {
        let all = [&["sample"], arguments, &["--events", "10", "--out", "y.npy"]].concat();
        place.amplicast(&all).expect(2).says(&[text]);
    };
    refused(&["elsewhere"], "expected the folder of a run");
    refused(&["run", "--generator", "flow"], "--generator: expected one of");
    refused(&["run", "--member", "99"], "--member: expected 1 to");
}
