//! Members whose generated events have weights: of them those are taken that count alike.

use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_tests::{Finished, Place, draw, results, stream};
use ndarray::{Array1, Array2, Axis, concatenate};
use serde_json::Value;

const N_TRAIN: usize = 50;
const MEMBERS: usize = 16;
/// Generated events of a member; twice as many of the wider Gaussian, a half of which are kept.
const EVENTS: usize = 100_000;

/// Gaussians of unit width whose means are fitted to bootstraps: their events as they are (`plain_*.npy`), those of a Gaussian of twice the width
/// (`wide_*.npy`) with weights that make up for it (`weights_*.npy`), and both in one table (`table_*.npy`). Returns the means.
fn fits(place: &Place) -> Vec<f64> {
    let mut numbers = stream(8);
    let mut gaussian = |mean: f64, width: f64, n: usize| -> Array2<f64> {
        Array2::from_shape_simple_fn((n, 1), || {
            let z: f64 = StandardNormal.sample(&mut numbers);
            mean + width * z
        })
    };
    let training = gaussian(0.0, 1.0, N_TRAIN);
    place.npy("train.npy", &training);
    let mut bootstraps = stream(9);
    let fit = |k: usize| {
        let mean = draw(&training, N_TRAIN, &mut bootstraps).mean().unwrap();
        place.npy(&format!("plain_{k}.npy"), &gaussian(mean, 1.0, EVENTS));
        let wide = gaussian(mean, 2.0, 2 * EVENTS);
        // The one density over the other, in any unit.
        let weights: Array1<f64> =
            wide.column(0).mapv(|x| 7.0 * (-(1.0 - 0.25) * (x - mean).powi(2) / 2.0).exp());
        ndarray_npy::write_npy(place.path(&format!("weights_{k}.npy")), &weights).unwrap();
        place.npy(&format!("wide_{k}.npy"), &wide);
        place.npy(&format!("table_{k}.npy"), &concatenate![Axis(1), wide, weights.insert_axis(Axis(1))]);
        mean
    };
    (0..MEMBERS).map(fit).collect()
}

fn estimate(place: &Place, more: &[&str]) -> Finished {
    let question = ["--summary", "coordinate:0", "--region", "0:0.5", "--members-data", "bootstrap"];
    place.amplicast(&[&["estimate", "--train", "train.npy"], &question[..], more].concat())
}

/// The first cell, and the warnings.
fn found(place: &Place) -> (Value, Value) {
    let all = results(&place.path("runs/estimate"));
    (all["cells"][0]["replicas"][0].clone(), all["warnings"].clone())
}

/// Members' fractions are those of their Gaussians, whose variance and so G are of closed form, I (1 - I) / (n var I).
#[test]
fn weighted_members_have_the_amplification_of_plain_ones() {
    let place = Place::new();
    let means = fits(&place);
    let below = |x: f64| 0.5 * statrs::function::erf::erfc(-x / std::f64::consts::SQRT_2);
    let fractions: Array1<f64> = means.iter().map(|mean| below(0.5 - mean) - below(-mean)).collect();
    let (mean, variance) = (fractions.mean().unwrap(), fractions.var(1.0));
    let expected = mean * (1.0 - mean) / (N_TRAIN as f64 * variance);
    // What the binomial fluctuations of 10^5 events leave of a variance of 16 that is known.
    let ratio = mean * (1.0 - mean) / EVENTS as f64 / variance;
    let error = ((2.0 * ratio * ratio + 4.0 * ratio) / (MEMBERS - 1) as f64).sqrt();
    assert!(error < 0.15, "{error}");
    let amplification = |members: &[&str]| {
        estimate(&place, members).expect(0);
        let replica = found(&place).0;
        let value = replica["estimate"]["g"].as_f64();
        println!("{members:?}: {value:?}, expected {expected} to {error}");
        value
    };
    let off = |value: Option<f64>| value.map(|value| (value / expected).ln().abs() / error);
    let plain = amplification(&["--members", "plain_*.npy"]);
    let weighted = amplification(&["--members", "wide_*.npy", "--members-weights-file", "weights_*.npy"]);
    assert!([plain, weighted].iter().all(|value| off(*value).is_some_and(|off| off < 4.0)));
    // As events that count alike they are another law, whose fractions hardly follow the mean.
    let ignored = amplification(&["--members", "wide_*.npy"]);
    assert!(off(ignored).is_none_or(|off| off > 8.0), "{ignored:?}");
}

/// Weights as a column are those of a file; how many events are left is said, by the members' names, in the results as well.
#[test]
fn what_is_said_of_members_with_weights() {
    let place = Place::new();
    fits(&place);
    estimate(&place, &["--members", "wide_*.npy", "--members-weights-file", "weights_*.npy"]).expect(0);
    let (of_file, warnings) = found(&place);
    let note = warnings[0].as_str().unwrap();
    assert!(
        note.contains("wide_0.npy and 15 more: each event is kept with the probability of its weight"),
        "{note}"
    );
    assert!(
        note.contains("of 200000 events a member, 4") || note.contains("of 200000 events a member, 5"),
        "{note}"
    );
    // A maximum of 200 000 events of which many are near it is the maximum: twice the mean.
    assert!(note.ends_with("the largest weight is 2.0 mean ones"), "{note}");
    let table = ["--members", "table_*.npy", "--members-weights", "x2"];
    estimate(&place, &table).expect(0).prints(&["table_0.npy and 15 more: each event is kept"]);
    assert_eq!(found(&place).0, of_file);
    // The experiment that it stands for has them.
    place.amplicast(&["check", "runs/estimate/experiment.toml"]).expect(0);
    let experiment = std::fs::read_to_string(place.path("runs/estimate/experiment.toml")).unwrap();
    assert!(experiment.contains("weights = \"x2\""), "{experiment}");

    estimate(&place, &["--members", "table_*.npy", "--members-weights", "mass"])
        .expect(2)
        .says(&["--members-weights: expected a column, or another array of the file, found no `mass`"]);
    estimate(&place, &["--members", "wide_*.npy", "--members-weights-file", "weights_?.npy"]).expect(2).says(
        &["--members-weights-file: expected a file of weights for each of 16 files of events, found 10"],
    );
    estimate(&place, &["--members", "wide_*.npy", "plain_*.npy", "--members-weights-file", "weights_*.npy"])
        .expect(2)
        .says(&["--members-weights-file: expected a path or pattern for each of 2, found 1"]);
    let more =
        ["--members-rows", "rows_*.npy", "--full", "plain_0.npy", "--members-weights-file", "weights_*.npy"];
    estimate(&place, &[&["--members", "wide_*.npy"], &more[..]].concat())
        .expect(2)
        .says(&["--full-weights-file: expected a path or pattern for each of 1, found 0"]);
    let negative: Array1<f64> = (0..2 * EVENTS).map(|i| if i == 90_000 { -1.0 } else { 1.0 }).collect();
    ndarray_npy::write_npy(place.path("weights_3.npy"), &negative).unwrap();
    estimate(&place, &["--members", "wide_*.npy", "--members-weights-file", "weights_*.npy"]).expect(2).says(
        &["weights_3.npy: row 90000: expected event weights of 0 or more of a generated sample, found -1"],
    );
}

/// Weights that are all equal leave the result as it is without them.
#[test]
fn equal_weights_of_members_are_none() {
    let place = Place::new();
    place.normal_npy("train.npy", 400, 1, 1);
    for member in 0..4 {
        place.normal_npy(&format!("gen_{member}.npy"), 20_000, 1, 10 + member);
        let equal = Array1::from_elem(20_000, 0.25);
        ndarray_npy::write_npy(place.path(&format!("equal_{member}.npy")), &equal).unwrap();
    }
    let table = || std::fs::read(place.path("runs/estimate/table.csv")).unwrap();
    estimate(&place, &["--members", "gen_*.npy"]).expect(0);
    let (plain, bytes) = (found(&place).0, table());
    estimate(&place, &["--members", "gen_*.npy", "--members-weights-file", "equal_*.npy"])
        .expect(0)
        .prints(&["gen_0.npy and 3 more: all event weights of a file are equal: its events count alike"]);
    assert_eq!((found(&place).0, table()), (plain, bytes));
}
