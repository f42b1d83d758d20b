//! What is seen when events are looked at: copies, members that depend on each other, holdouts that are none, rounded numbers.
//! Each situation has the right answer beside the one that was printed without a word.

use amplicast_sdk::Stream;
use amplicast_sdk::rand::RngExt;
use amplicast_tests::{Finished, Place, draw, hostile_plugin, normal, results, stream};
use ndarray::{Array2, Axis, concatenate, s};
use serde_json::Value;

const N_TRAIN: usize = 1000;
const MEMBERS: u64 = 20;
const N_GEN: usize = 20_000;

/// Events of a ring of this radius and width.
fn ring(n: usize, [radius, width]: [f64; 2], stream: &mut Stream) -> Array2<f64> {
    let mut events = Array2::zeros((n, 2));
    for mut event in events.rows_mut() {
        let r = radius + width * normal(stream);
        let phi = std::f64::consts::TAU * stream.random::<f64>();
        event[0] = r * phi.cos();
        event[1] = r * phi.sin();
    }
    events
}

const TRUE_RING: [f64; 2] = [1.0, 0.1];

/// A ring fitted to a bootstrap of the training events.
fn fit(training: &Array2<f64>, stream: &mut Stream) -> [f64; 2] {
    let radii: Vec<f64> =
        draw(training, training.nrows(), stream).rows().into_iter().map(|e| e[0].hypot(e[1])).collect();
    let mean = radii.iter().sum::<f64>() / radii.len() as f64;
    let variance = radii.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / radii.len() as f64;
    [mean, variance.sqrt()]
}

/// A training set and honest members, each fitted to a bootstrap of it.
struct Ring {
    place: Place,
    training: Array2<f64>,
}

impl Ring {
    fn new() -> Self {
        let ring = Ring { place: Place::new(), training: ring(N_TRAIN, TRUE_RING, &mut stream(1)) };
        ring.place.npy("train.npy", &ring.training);
        ring.members(|i, stream| self::ring(N_GEN, fit(&ring.training, &mut self::stream(100 + i)), stream));
        ring
    }

    /// Writes all members.
    fn members(&self, events: impl Fn(u64, &mut Stream) -> Array2<f64>) {
        for i in 0..MEMBERS {
            self.place.npy(&format!("gen_{i}.npy"), &events(i, &mut stream(1000 + i)));
        }
    }

    fn member(&self, i: u64) -> Array2<f64> {
        ndarray_npy::read_npy(self.place.path(&format!("gen_{i}.npy"))).expect("just written")
    }

    fn estimate(&self, more: &[&str]) -> Finished {
        let base = [
            "estimate",
            "--train",
            "train.npy",
            "--members",
            "gen_*.npy",
            "--summary",
            "radius",
            "--out",
            "run",
        ];
        self.place.amplicast(&[&base, more].concat())
    }

    /// The estimate of the cell of this metric and reference.
    fn found(&self, metric: &str, reference: &str) -> Value {
        let found = results(&self.place.path("run"));
        let is = |c: &&Value| c["name"]["metric"] == metric && c["name"]["reference"] == reference;
        let cell = found["cells"].as_array().expect("cells").iter().find(is).expect("the cell").clone();
        cell["replicas"][0]["estimate"].clone()
    }
}

const REGION: [&str; 2] = ["--region", "0.9:1.1"];

/// A1: 20 members that draw from the same 1000 training events agree perfectly, and know nothing more: no bound. The true G of such
/// a sample is that of 1000 events seen by all, and the spread says `infinite`.
#[test]
fn copies_of_training_events_buy_no_bound() {
    let ring = Ring::new();
    ring.members(|_, stream| draw(&ring.training, N_GEN, stream));
    for data in [&[][..], &["--members-data", "posterior"], &["--members-data", "bootstrap"]] {
        ring.estimate(&[&REGION, data].concat()).expect(0).prints(&[
            "100 % of the generated events are training events: the generator repeats what it was trained on",
        ]);
        let found = ring.found("0.9:1.1", "");
        assert_eq!(found["verdict"], "in-sample", "{data:?}");
        assert!(found["interval_95"]["low"].is_null(), "{data:?}: {found}");
    }
    // In single precision, and with noise of a tenth of the distance between neighbors.
    ring.members(|_, stream| draw(&ring.training, N_GEN, stream).mapv(|x| f64::from(x as f32)));
    ring.estimate(&REGION).expect(0).prints(&["100 % of the generated events are training events"]);
    ring.members(|_, stream| draw(&ring.training, N_GEN, stream).mapv(|x| x + 1e-3 * normal(stream)));
    ring.estimate(&REGION).expect(0).prints(&["lie next to one training event each"]);
    assert_eq!(ring.found("0.9:1.1", "")["verdict"], "in-sample");
}

/// What honest members were fitted to decides what their agreement is worth; a spread that is seen stays a number.
#[test]
fn a_bound_needs_to_know_what_members_were_fitted_to() {
    let ring = Ring::new();
    // Members that all have the true ring: no spread, so a bound if each saw events of its own.
    ring.members(|_, stream| self::ring(N_GEN, TRUE_RING, stream));
    let found = |data: &[&str]| {
        ring.estimate(&[&REGION, data].concat()).expect(0);
        ring.found("0.9:1.1", "")
    };
    let unsaid = found(&[]);
    assert_eq!(unsaid["verdict"], "unresolved");
    assert!(
        unsaid["reason"].as_str().unwrap().contains("--members-data same|bootstrap|halves|posterior"),
        "{unsaid}"
    );
    assert!(unsaid["interval_95"]["low"].is_null());
    assert_eq!(found(&["--members-data", "same"])["verdict"], "in-sample");
    for data in ["bootstrap", "halves", "posterior"] {
        let found = found(&["--members-data", data]);
        assert_eq!(found["verdict"], "variance-only", "{data}");
        assert!(found["interval_95"]["low"].as_f64().unwrap() > 1.0, "{data}");
    }
    ring.estimate(&[&REGION[..], &["--members-data", "none"]].concat()).expect(2).says(&["--members-data"]);
}

/// A2 and A3: files that are no members of their own.
#[test]
fn what_is_no_member_is_refused_by_name() {
    let ring = Ring::new();
    let holdout = self::ring(20_000, TRUE_RING, &mut stream(2));
    ring.place.npy("holdout.npy", &holdout);
    let with = |name: &str, events: &Array2<f64>| {
        let file = ring.place.npy(name, events);
        let ended = ring.estimate(&[&REGION[..], &["--holdout", "holdout.npy"]].concat());
        std::fs::remove_file(file).expect("just written");
        ended
    };
    let reversed = ring.member(3).slice(s![..;-1, ..]).to_owned();
    with("gen_99.npy", &reversed).expect(1).says(&["gen_3.npy and ", "gen_99.npy hold the same events"]);
    with("gen_99.npy", &ring.training)
        .expect(2)
        .says(&["gen_99.npy: is the file of true events ", "train.npy: expected generated events"]);
    with("gen_99.npy", &holdout).expect(2).says(&["gen_99.npy: is the file of true events ", "holdout.npy"]);
    let reversed = holdout.slice(s![..;-1, ..]).to_owned();
    with("gen_99.npy", &reversed).expect(1).says(&["gen_99.npy is the holdout, or a part of it"]);
    // Of equal length.
    ring.members(|i, stream| self::ring(N_TRAIN, fit(&ring.training, &mut self::stream(100 + i)), stream));
    with("gen_99.npy", &ring.training.mapv(|x| f64::from(x as f32)))
        .expect(1)
        .says(&["gen_99.npy is the training file, or a part of it"]);
}

/// A2: one seed for all members. Their fluctuations go together, and the spread shows nothing of them.
#[test]
fn members_of_one_seed_do_not_average() {
    let ring = Ring::new();
    ring.members(|i, _| self::ring(N_GEN, fit(&ring.training, &mut self::stream(100 + i)), &mut stream(7)));
    ring.estimate(&[&REGION[..], &["--members-data", "bootstrap"]].concat())
        .expect(1)
        .says(&["event k of one member goes with event k of another", "rank correlation of 1.00"]);
}

/// A6: the first 5000 events of files that are sorted by the summary are those of its lowest quarter.
#[test]
fn a_part_of_sorted_files_is_refused() {
    let ring = Ring::new();
    let sorted = |events: &Array2<f64>| {
        let mut rows: Vec<usize> = (0..events.nrows()).collect();
        rows.sort_by(|a, b| {
            let radius = |row: &usize| events[[*row, 0]].hypot(events[[*row, 1]]);
            radius(a).total_cmp(&radius(b))
        });
        events.select(Axis(0), &rows)
    };
    ring.estimate(&REGION).expect(0);
    let honest = ring.found("0.9:1.1", "");
    ring.members(|i, _| sorted(&ring.member(i)));
    ring.estimate(&[&REGION[..], &["--events", "5000"]].concat())
        .expect(1)
        .says(&["come in an order: `radius` changes its side or turns", "shuffle them, or take all"]);
    // All of them are the same sample in any order.
    ring.estimate(&REGION).expect(0).prints(&["come in an order"]);
    let all = ring.found("0.9:1.1", "");
    assert_eq!((&all["g"], &all["interval_95"]), (&honest["g"], &honest["interval_95"]));
}

/// B1: the training set in another precision is no holdout.
#[test]
fn a_rounded_training_set_is_no_holdout() {
    let ring = Ring::new();
    let with = |events: Array2<f64>| {
        ring.place.npy("holdout.npy", &events);
        ring.estimate(&[&REGION[..], &["--holdout", "holdout.npy"]].concat())
    };
    let all = "1000 of 1000 training events are in the holdout as well (the first is holdout event 0)";
    with(ring.training.mapv(|x| f64::from(x as f32))).expect(1).says(&[all]);
    with(ring.training.slice(s![..;-1, ..]).to_owned()).expect(1).says(&[all]);
    for decimals in [1e3, 1e4, 1e6] {
        with(ring.training.mapv(|x| (decimals * x).round() / decimals))
            .expect(1)
            .says(&["of the holdout events are training events, rounded"]);
    }
    // Other events, rounded, are a holdout.
    with(self::ring(2000, TRUE_RING, &mut stream(5)).mapv(|x| (1e3 * x).round() / 1e3)).expect(0);
}

/// B2 and B3: events are counted, not distinct ones.
#[test]
fn repeated_training_events_are_counted() {
    let ring = Ring::new();
    ring.place.npy("train.npy", &concatenate![Axis(0), ring.training, ring.training]);
    ring.estimate(&REGION).expect(0).prints(&["1000 of 2000 training events repeat others"]);
    // 250 events four times each, one of which is in the holdout.
    let quarter = ring.training.slice(s![..250, ..]);
    ring.place.npy("train.npy", &concatenate![Axis(0), quarter, quarter, quarter, quarter]);
    let mut holdout = self::ring(20_000, TRUE_RING, &mut stream(6));
    holdout.row_mut(17).assign(&quarter.row(3));
    ring.place.npy("holdout.npy", &holdout);
    ring.estimate(&[&REGION[..], &["--holdout", "holdout.npy"]].concat())
        .expect(0)
        .prints(&["4 of 1000 training events are in the holdout as well (the first is holdout event 17)"]);
}

/// B4: values on a grid of 0.1, the holdout in single precision and the members in double. What is one number counts as one.
#[test]
fn values_are_compared_in_the_coarser_precision() {
    let tenths = |x: f64| (10.0 * x).round() / 10.0;
    let run = |single: bool| {
        let ring = Ring::new();
        ring.place.npy("train.npy", &ring.training.mapv(tenths));
        ring.members(|i, stream| {
            self::ring(N_GEN, fit(&ring.training, &mut self::stream(100 + i)), stream).mapv(tenths)
        });
        let holdout = self::ring(4000, TRUE_RING, &mut stream(9)).mapv(tenths);
        if single {
            let file = ring.place.path("holdout.npy");
            ndarray_npy::write_npy(file, &holdout.mapv(|x| x as f32)).expect("written");
        } else {
            ring.place.npy("holdout.npy", &holdout);
        }
        let files =
            ["estimate", "--train", "train.npy", "--members", "gen_*.npy", "--holdout", "holdout.npy"];
        // Edges on the grid: 0.9 in single precision is less than 0.9, and is that number.
        let question = ["--summary", "coordinate:0", "--region", "0.9:1.1", "--out", "run"];
        ring.place.amplicast(&[&files[..], &question].concat()).expect(0);
        let found = results(&ring.place.path("run"));
        let cells = found["cells"].as_array().unwrap().clone();
        cells.into_iter().map(|c| c["replicas"][0]["estimate"]["limit"].as_f64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(run(true), run(false));
}

/// B4: numbers that chance makes equal are no sign of anything: honest members rounded to two decimals, one of which in five hundred is
/// in another member as well, and a training set in single precision.
#[test]
fn rounded_events_are_in_common_by_chance() {
    let ring = Ring::new();
    let rounded = |x: f64| (100.0 * x).round() / 100.0;
    ring.members(|i, stream| {
        self::ring(N_GEN, fit(&ring.training, &mut self::stream(100 + i)), stream).mapv(rounded)
    });
    let holdout = self::ring(4000, TRUE_RING, &mut stream(9)).mapv(|x| f64::from(x as f32));
    ring.place.npy("holdout.npy", &holdout);
    let more = ["--members-data", "bootstrap", "--holdout", "holdout.npy"];
    let ended = ring.estimate(&[&REGION[..], &more].concat()).expect(0);
    for word in ["in common", "as well", "training events,", "repeat"] {
        assert!(!ended.out.contains(word), "{word}: {}", ended.out);
    }
    assert_eq!(ring.found("0.9:1.1", "")["verdict"], "variance-only");
}

/// A1: radii are copied where events are not: turned by a random angle, each event is new, and its radius one of 1000. The true G of
/// the radius is 1, and members that share their training events say infinity.
#[test]
fn radii_of_training_events_buy_no_bound() {
    let ring = Ring::new();
    ring.members(|_, stream| {
        let mut events = draw(&ring.training, N_GEN, stream);
        for mut event in events.rows_mut() {
            let (r, phi) = (event[0].hypot(event[1]), std::f64::consts::TAU * stream.random::<f64>());
            (event[0], event[1]) = (r * phi.cos(), r * phi.sin());
        }
        events
    });
    let ended = ring.estimate(&[&REGION[..], &["--members-data", "posterior"]].concat()).expect(0);
    ended.prints(&["in `radius`, ", "of the generated events lie next to one training event each"]);
    let found = ring.found("0.9:1.1", "");
    assert_eq!((&found["verdict"], &found["g"]), (&"in-sample".into(), &Value::Null));
}

/// A6, B2: what is odd about a holdout is said of the holdout, and honest members are not blamed for it.
#[test]
fn an_odd_holdout_is_named() {
    let ring = Ring::new();
    let with = |events: Array2<f64>| {
        ring.place.npy("holdout.npy", &events);
        let more = ["--members-data", "bootstrap", "--holdout", "holdout.npy"];
        let ended = ring.estimate(&[&REGION[..], &more].concat()).expect(0);
        assert!(!ended.out.contains("repeats what it was trained on"), "{}", ended.out);
        ended
    };
    let honest = self::ring(4000, TRUE_RING, &mut stream(6));
    for words in ["come in an order", "different distributions", "holdout events repeat"] {
        assert!(!with(honest.clone()).out.contains(words), "{words}");
    }
    let mut rows: Vec<usize> = (0..4000).collect();
    let radius = |row: usize| honest[[row, 0]].hypot(honest[[row, 1]]);
    rows.sort_by(|a, b| radius(*a).total_cmp(&radius(*b)));
    with(honest.select(Axis(0), &rows)).prints(&["the holdout events come in an order: `radius`"]);
    with(honest.mapv(|x| 1000.0 * x))
        .prints(&["training events and holdout have different distributions of `radius`"]);
    let third = honest.slice(s![..1000, ..]);
    with(concatenate![Axis(0), third, third, third])
        .prints(&["67 % of the 3000 holdout events repeat others"]);
}

/// A2: a posterior whose members are all one fit has no spread, whatever they were fitted to.
#[test]
fn members_of_one_set_of_parameters_do_not_average() {
    let place = Place::new();
    place.write(
        "x.toml",
        "[experiment]\nn_train = 200\nn_gen = 2000\nmembers = 6\nn_truth = 2000\n\n[dataset]\nplugin = \"gaussian\"\n\n\
         [[generator]]\nplugin = \"gaussian-fit\"\n\n[[uncertainty]]\nplugin = \"hostile-uncertainty\"\nmisbehave = \"all-alike\"\n\n\
         [[summary]]\nplugin = \"coordinate\"\n\n[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 0.5]]\n",
    );
    let plugins = hostile_plugin().display().to_string();
    let ended = place.amplicast(&["run", "x.toml", "--out", "run", "--plugin-path", &plugins]);
    ended.expect(1).says(&["6 members have 1 different set(s) of parameters"]);
}
