//! Generated events with weights.

use amplicast_sdk::ndarray::{Array1, Array2, Axis, concatenate, s};

use super::*;

/// Rows of a file, each with its number and a half of it, whose weights are 1, 2, 3 and 4 by turns.
const ROWS: usize = 30_000;

fn weight(row: usize) -> f64 {
    (row % 4 + 1) as f64
}

/// Writes events of two columns, their weights, and both in one table.
fn weighted(folder: &std::path::Path, weight: impl Fn(usize) -> f64) -> [String; 3] {
    let path = |name: &str| folder.join(name).display().to_string();
    let events = Array2::from_shape_fn((ROWS, 2), |(row, column)| row as f64 / (1 + column) as f64);
    let weights: Array1<f64> = (0..ROWS).map(weight).collect();
    let table = concatenate![Axis(1), events, weights.clone().insert_axis(Axis(1))];
    ndarray_npy::write_npy(path("m1.npy"), &events).unwrap();
    ndarray_npy::write_npy(path("w1.npy"), &weights).unwrap();
    ndarray_npy::write_npy(path("table.npy"), &table).unwrap();
    ["m1.npy", "w1.npy", "table.npy"].map(path)
}

fn with_weights(members: &[&str], weights: Option<&str>, files: &[&str]) -> Result<Samples> {
    let own = |files: &[&str]| files.iter().map(|file| (*file).into()).collect();
    Samples::new(SamplesConfig {
        weights: weights.map(str::to_owned),
        weights_file: (!files.is_empty()).then(|| own(files)),
        ..config(members.iter().map(|member| (*member).to_owned()).collect())
    })
}

fn member(samples: &Samples, number: usize) -> Box<dyn Member> {
    let events = Array2::zeros((1, 2));
    let training = Batch::new(events.view(), Origin::Training, &[0]);
    let model = samples.prepare(&training, &Schema::columns(["a", "b"])).unwrap();
    model.at(&[number as f32]).unwrap()
}

fn read(member: &dyn Member, first_event: u64, n: usize) -> Result<Array2<f64>> {
    let mut out = Array2::zeros((n, 2));
    member.sample(Chunk { index: 0, first_event, seed: Seed::new(first_event) }, out.view_mut()).map(|()| out)
}

#[test]
fn events_are_kept_as_often_as_their_weights_say() {
    let folder = tempfile::tempdir().unwrap();
    let [events, weights, table] = weighted(folder.path(), weight);
    let samples = with_weights(&[&events], None, &[&weights]).unwrap();
    let member = member(&samples, 0);
    let n = member.capacity().unwrap() as usize;
    assert_eq!(samples.own_events(), [(events.clone(), n as u64)]);
    let all = read(&*member, 0, n).unwrap();
    // In the order of the file, with both numbers of one row.
    let rows: Vec<usize> = all.column(0).iter().map(|row| *row as usize).collect();
    assert!(rows.is_sorted() && all.rows().into_iter().all(|event| event[1] == event[0] / 2.0));
    for class in 0..4 {
        let kept = rows.iter().filter(|row| **row % 4 == class).count() as f64 / (ROWS / 4) as f64;
        let expected = weight(class) / 4.0;
        let error = (expected * (1.0 - expected) / (ROWS / 4) as f64).sqrt();
        assert!((kept - expected).abs() <= 4.0 * error, "{class}: {kept}");
    }
    // Whatever part is read, in whatever order.
    for (first, events) in [(n - 1, 1), (0, 1), (7000, 3000), (1, n - 1), (100, 0)] {
        let part = read(&*member, first as u64, events).unwrap();
        assert_eq!(part, all.slice(s![first..first + events, ..]));
    }
    let error = read(&*member, n as u64 - 1, 2).unwrap_err().to_string();
    assert!(error.contains(&format!("m1.npy: expected events within 0..{n}, found {}..{}", n - 1, n + 1)));
    // A column of the same file, which is no part of an event.
    let of_column = with_weights(&[&table], Some("x3"), &[]).unwrap();
    assert_eq!(read(&*self::member(&of_column, 0), 0, n).unwrap(), all);
    assert_eq!((samples.files().len(), of_column.files().len()), (2, 1));
    let note = samples.notes().join("\n");
    let expected =
        format!("{n} of 30000 events a member, {:.1} %, of which {n} are taken;", n as f64 / 300.0);
    assert!(note.contains(&expected) && note.ends_with("the largest weight is 1.6 mean ones"), "{note}");
}

/// Members draw by themselves, and have one length.
#[test]
fn members_with_weights() {
    let folder = tempfile::tempdir().unwrap();
    let [events, weights, _] = weighted(folder.path(), weight);
    for (from, to) in [(&events, "m2.npy"), (&weights, "w2.npy"), (&events, "m10.npy")] {
        std::fs::copy(from, folder.path().join(to)).unwrap();
    }
    let thin: Array1<f64> = (0..ROWS).map(|row| if row == 17 { 40.0 } else { weight(row) }).collect();
    ndarray_npy::write_npy(folder.path().join("w10.npy"), &thin).unwrap();
    let pattern = |name: &str| format!("{}/{name}", folder.path().display());
    let samples = with_weights(&[&pattern("m*.npy")], None, &[&pattern("w*.npy")]).unwrap();
    let kept = |number: usize| samples.files[number].unweighted().unwrap().events();
    assert_ne!(kept(0), kept(1));
    // 75 000 in all over 40.
    assert!((kept(2) as f64 - 1876.0).abs() < 4.0 * 1876.0_f64.sqrt(), "{}", kept(2));
    assert!((0..3).all(|number| samples.own_events()[number].1 == kept(2)));
    let [first, second] = [0, 1].map(|number| read(&*member(&samples, number), 0, 100).unwrap());
    assert_ne!(first, second);
    // w10 belongs to m10, which comes last.
    assert_eq!(samples.own_events()[2].0, pattern("m10.npy"));
    let notes = samples.notes().join("\n");
    assert!(notes.contains("m1.npy and 2 more: each event is kept"), "{notes}");
    assert!(!notes.contains("fewer than 5 %"), "{notes}");
}

#[test]
fn equal_weights_leave_nothing_out() {
    let folder = tempfile::tempdir().unwrap();
    let [events, weights, _] = weighted(folder.path(), |_| 2.5);
    let samples = with_weights(&[&events], None, &[&weights]).unwrap();
    let plain = new(std::slice::from_ref(&events)).unwrap();
    assert_eq!(samples.own_events(), plain.own_events());
    let all = |samples: &Samples| read(&*member(samples, 0), 0, ROWS).unwrap();
    assert_eq!(all(&samples), all(&plain));
    assert_eq!(
        samples.notes(),
        [format!("{events}: all event weights of a file are equal: its events count alike")]
    );
    assert!(plain.notes().is_empty());
}

#[test]
fn few_events_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let [events, weights, _] = weighted(folder.path(), |row| if row == 5 { 1.0 } else { 0.01 });
    let notes = with_weights(&[&events], None, &[&weights]).unwrap().notes();
    assert!(notes[1].contains("m1.npy: fewer than 5 % of the events are kept"), "{notes:?}");
    assert!(notes[0].ends_with("the largest weight is 99.7 mean ones"), "{notes:?}");
}

#[test]
fn weights_that_keep_no_events_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let of = |weight: &dyn Fn(usize) -> f64| {
        let [events, weights, _] = weighted(folder.path(), weight);
        with_weights(&[&events], None, &[&weights]).unwrap_err().to_string()
    };
    let at = |row: usize, other: f64| of(&|i| if i == row { other } else { 1.0 });
    let error = at(70, -0.5);
    let expected = "w1.npy: row 70: expected event weights of 0 or more of a generated sample, found -0.5; events of both signs cannot be unweighted";
    assert!(error.contains(expected), "{error}");
    assert!(at(7, f64::NAN).ends_with("w1.npy: row 7: expected a finite event weight, found NaN"));
    let error = of(&|_| 0.0);
    assert!(
        error.ends_with("w1.npy: expected event weights with a positive sum, found 30000 that are all 0"),
        "{error}"
    );
    let [events, weights, table] = weighted(folder.path(), weight);
    let refused = |members: &[&str], weights: Option<&str>, files: &[&str]| {
        with_weights(members, weights, files).unwrap_err().to_string()
    };
    let error = refused(&[&table], Some("x3"), &[&weights]);
    assert_eq!(error, "weights_file: expected either this or `weights`, found both");
    let error = refused(&[&events], Some("mass"), &[]);
    assert!(error.starts_with("weights: expected a column, or another array of the file, found no `mass`"));
    let error = refused(&[&events, &table], None, &[&weights]);
    assert_eq!(error, "weights_file: expected a path or pattern for each of 2 of `members`, found 1");
    let both = format!("{}/*.npy", folder.path().display());
    let error = refused(&[&events], None, &[&both]);
    assert_eq!(error, "weights_file[0]: expected a file of weights for each of 1 files of events, found 3");
    let error = refused(&[&events, &events], None, &[&weights, &table]);
    assert!(error.starts_with("weights_file[1]: expected one file of weights for "), "{error}");
    let error = refused(&[&events], None, &[&table]);
    assert!(error.contains("table.npy: expected one weight an event, found an array of shape"), "{error}");
    ndarray_npy::write_npy(&weights, &Array1::<f64>::ones(3)).unwrap();
    let error = refused(&[&events], None, &[&weights]);
    assert!(error.contains("w1.npy: expected a weight for each of 30000 events of "), "{error}");
}

/// Weights of a file of an event generator, by their name.
#[test]
fn weights_of_an_event_generator() {
    let folder = tempfile::tempdir().unwrap();
    let event = |row: usize| {
        let px = row as f64;
        format!(
            "<event>\n1 1 {} 91.2 7.8e-3 1.2e-1\n13 1 0 0 0 0 {px:.1} 0.0 0.0 {px:.1} 0.0 0.0 9.0\n</event>\n",
            0.5 + (row % 2) as f64
        )
    };
    let events: String = (0..2000).map(event).collect();
    let text = format!("<LesHouchesEvents version=\"1.0\">\n<init>\n</init>\n{events}</LesHouchesEvents>\n");
    let path = folder.path().join("a.lhe").display().to_string();
    std::fs::write(&path, text).unwrap();
    let error = refusal(std::slice::from_ref(&path));
    assert!(error.contains("expected events of equal weight") && error.contains("--members-weights weight"));
    let samples = with_weights(&[&path], Some("weight"), &[]).unwrap();
    let schema = Schema::four_momenta(["mu"]);
    let none = Array2::zeros((1, 4));
    let model = samples.prepare(&Batch::new(none.view(), Origin::Training, &[0]), &schema).unwrap();
    let member = model.at(&[0.0]).unwrap();
    let mut out = Array2::zeros((member.capacity().unwrap() as usize, 4));
    member.sample(Chunk { index: 0, first_event: 0, seed: Seed::new(0) }, out.view_mut()).unwrap();
    let odd = out.column(1).iter().filter(|px| **px % 2.0 == 1.0).count();
    let even = out.nrows() - odd;
    // A third of 1000, to four standard deviations.
    assert!(odd == 1000 && (even as f64 - 1000.0 / 3.0).abs() < 60.0, "{odd} {even}");
}
