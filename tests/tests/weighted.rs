//! Events with weights: equal ones change nothing, closed forms for others, and intervals that hold the truth.

use std::io::Write;

use amplicast::calibration::{Calibration, TrueVersion};
use amplicast_tests::{Place, fitted_gaussian, normal, normal_mean, python, results, stream};
use ndarray::{Array1, Array2};
use ndarray_npy::WriteNpyExt;
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const SIZES: &str = "n_train = 1000\nn_gen = 20_000\nmembers = 11";

fn calibrated(experiment: &str, sets: u64) -> Calibration {
    let place = Place::new();
    let file = place.write("x.toml", experiment).display().to_string();
    place.amplicast(&["calibrate", &file, "--out", "run", "--training-sets", &sets.to_string()]).expect(0);
    serde_json::from_slice(&std::fs::read(place.path("run/calibration.json")).unwrap()).unwrap()
}

const SETS: u64 = 100;

/// 95 % intervals hold the truth in at least 90 % of the sets, and bounds are valid in 92 %.
fn holds(found: &Calibration, metric: &str) {
    let cell = found.cells.iter().find(|c| c.name.metric == metric).unwrap();
    let of_estimate = &cell.against[0];
    assert_eq!(of_estimate.version, TrueVersion::OfTheEstimate);
    let (interval, bound) = (of_estimate.coverage_95, of_estimate.bound.unwrap());
    println!("{metric}: {interval} held it, {bound} of the bounds");
    assert!(interval.of == SETS && interval.value() >= 0.90, "{metric}: {interval}");
    assert!(bound.value() >= 0.92, "{metric}: {bound}");
}

const BIASED: &str = "plugin = \"gaussian\"\nbias = 10\nnegative = 0.05";

/// Weights that go with the summary, some of them negative; a fit of the right family.
#[test]
fn intervals_of_a_right_fit() {
    let fit = "plugin = \"gaussian-fit\"\nfit_width = true";
    let found = calibrated(&fitted_gaussian(BIASED, fit, SIZES), SETS);
    ["half", "2-19", "tail"].iter().for_each(|metric| holds(&found, metric));
}

/// The same with a width that is wrong by a fifth.
#[test]
fn intervals_of_a_wrong_fit() {
    let fit = "plugin = \"gaussian-fit\"\nwidth = 1.2";
    let found = calibrated(&fitted_gaussian(BIASED, fit, SIZES), SETS);
    ["half", "2-19", "tail"].iter().for_each(|metric| holds(&found, metric));
}

/// The true G of a fitted mean, of closed form. With E over the density and b the part of the events that is kept, w = 1 / b, a weighted mean of n
/// events has the variance E\[b\] E\[x^2 / b\] / n, and a weighted fraction E\[b\] E\[(\[inside\] - I)^2 / b\] / n; signs divide both by (1 - 2 f)^2. The fit's integral
/// follows its mean. Weights that do not know the summary leave G as it is without them: I (1 - I) / (dI / d mean)^2 = 70.4 to first order (Bahl
/// et al. 2025, Eq. 22).
#[test]
fn true_amplification_of_weighted_events() {
    let sizes = "n_train = 1000\nn_gen = 50_000\nmembers = 11";
    let below = |x: f64| 0.5 * statrs::function::erf::erfc(-x / std::f64::consts::SQRT_2);
    let of_mean = |m: f64| below(0.5 - m) - below(-m);
    let integral = of_mean(0.0);
    let inside = |x: f64| f64::from(u8::from((0.0..0.5).contains(&x)));
    for (bias, negative) in [(1.0, 0.3_f64), (10.0, 0.0)] {
        let kept = |x: f64| 1.0 / bias + (1.0 - 1.0 / bias) / (1.0 + (-2.0 * x).exp());
        let signs = normal_mean(kept) / (1.0 - 2.0 * negative).powi(2) / 1000.0;
        let width = (signs * normal_mean(|x| x * x / kept(x))).sqrt();
        let of_fraction = signs * normal_mean(|x| (inside(x) - integral).powi(2) / kept(x));
        let expected = of_fraction / normal_mean(|z| (of_mean(width * z) - integral).powi(2));
        let dataset = format!("plugin = \"gaussian\"\nbias = {bias:?}\nnegative = {negative:?}");
        let text = fitted_gaussian(&dataset, "plugin = \"gaussian-fit\"", sizes);
        // Of so few events the negative ones leave nothing of the tail in some sets, which is refused.
        let (of_half, _) = text.split_once("[[metric]]\nname = \"2-19\"").unwrap();
        let found = calibrated(of_half, 100);
        let cell = found.cells.iter().find(|c| c.name.metric == "half").unwrap();
        let value = cell.against[0].g_true.value.unwrap();
        println!("bias {bias}, negative {negative}: {value}, expected {expected}");
        // A variance over 100 sets of which the finite samples of fit and truth are half as large: sqrt(2 / 100) 1.5. Forgetting the weights is
        // a factor of 6 of the first.
        assert!((expected / value - 1.0).abs() < 4.0 * 0.21, "{value} {expected}");
    }
}

/// Weights +1 and -1: as many effective events as n (1 - 2 f)^2, whatever is asked.
#[test]
fn effective_events_of_signs() {
    for negative in [0.1_f64, 0.3] {
        let place = Place::new();
        let dataset = format!("plugin = \"gaussian\"\nnegative = {negative}");
        let sizes = "n_train = 50_000\nn_gen = 20_000\nmembers = 11";
        let metrics =
            "[[metric]]\nplugin = \"mean\"\n\n[[metric]]\nplugin = \"ks\"\nreference = [\"holdout\"]\n";
        let text = fitted_gaussian(&dataset, "plugin = \"gaussian-fit\"", sizes)
            .replace("n_truth = 200_000", "n_truth = 20_000");
        place.write("x.toml", format!("{text}\n{metrics}"));
        place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0).says(&[]);
        let found = results(&place.path("run"));
        let expected = 50_000.0 * (1.0 - 2.0 * negative).powi(2);
        for cell in found["cells"].as_array().unwrap() {
            let metric = cell["name"]["metric"].as_str().unwrap();
            let replica = &cell["replicas"][0];
            let effective = replica["n_train_effective"].as_f64().unwrap();
            assert_eq!(replica["n_train_passed"], 50_000);
            // Of the events in a region of one in twenty: 1 / sqrt(2500 (1 - 2 f)^2); the law of a distance is simulated to 4 %.
            let error =
                if metric == "ks" { 0.06 } else { 4.0 / (2500.0_f64.sqrt() * (1.0 - 2.0 * negative)) };
            assert!((effective / expected - 1.0).abs() < error, "{metric}: {effective}, expected {expected}");
        }
        assert!((found["weights"]["negative"].as_f64().unwrap() - negative).abs() < 0.01);
    }
}

/// Training events that are drawn as often as their weights say amplify nothing.
#[test]
fn a_memoriser_of_weighted_events() {
    let sizes = "n_train = 1000\nn_gen = 100_000\nmembers = 11";
    let text = fitted_gaussian("plugin = \"gaussian\"\nbias = 10", "plugin = \"resample\"", sizes);
    let found = calibrated(&text, 60);
    for cell in &found.cells {
        let of_estimate = &cell.against[0];
        let (truth, bound) = (of_estimate.g_true.value.unwrap(), of_estimate.bound.unwrap());
        println!("{}: true G {truth}, {bound} of the bounds, {}", cell.name.metric, of_estimate.coverage_95);
        // A variance of 60 sets, sqrt(2 / 60).
        assert!((truth - 1.0).abs() < 4.0 * 0.19, "{truth}");
        assert!(bound.value() >= 0.92 && of_estimate.coverage_95.value() >= 0.9, "{bound}");
    }
}

/// A file whose weights are all the same is one without weights, to the byte of the table.
#[test]
fn equal_weights_are_none() {
    let place = Place::new();
    let mut numbers = stream(7);
    let events = Array2::from_shape_simple_fn((500, 1), || normal(&mut numbers));
    place.npy("x.npy", &events);
    ndarray_npy::write_npy(place.path("w.npy"), &Array1::from_elem(500, 2.5)).unwrap();
    let table = |name: &str, more: &str| {
        let dataset = format!("plugin = \"events-file\"\ntrain = \"x.npy\"\n{more}");
        let sizes = "n_train = 500\nn_gen = 5000\nmembers = 11";
        place.write("x.toml", fitted_gaussian(&dataset, "plugin = \"gaussian-fit\"", sizes));
        place.amplicast(&["run", "x.toml", "--out", name]).expect(0);
        let found = results(&place.path(name));
        assert!(found["weights"].is_null());
        (found["cells"].clone(), std::fs::read(place.path(&format!("{name}/table.csv"))).unwrap())
    };
    assert_eq!(table("plain", ""), table("weighted", "weights_file = \"w.npy\""));
}

/// A Gaussian fitted to weighted events.
fn gaussian_like(events: &Array2<f64>, weights: &Array1<f64>, n: usize, seed: u64) -> Array2<f64> {
    let mean = |f: &dyn Fn(f64) -> f64| {
        events.iter().zip(weights).map(|(x, w)| w * f(*x)).sum::<f64>() / weights.sum()
    };
    let center = mean(&|x| x);
    let width = mean(&|x| (x - center).powi(2)).sqrt();
    let mut stream = stream(seed);
    Array2::from_shape_simple_fn((n, 1), || center + width * normal(&mut stream))
}

/// Weights in a file of their own, in an archive, and as a column; `split` hands them on, and `estimate` takes them.
#[test]
fn members_of_weighted_events_that_were_trained_elsewhere() {
    let place = Place::new();
    let mut numbers = stream(3);
    let events = Array2::from_shape_simple_fn((2000, 1), || normal(&mut numbers));
    let weights: Array1<f64> = events.iter().map(|x| if *x > 0.0 { 0.5 } else { 2.0 }).collect();
    place.npy("x.npy", &events);
    ndarray_npy::write_npy(place.path("w.npy"), &weights).unwrap();
    let mut archive = ZipWriter::new(std::fs::File::create(place.path("both.npz")).unwrap());
    let mut add = |name: &str, write: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        write(&mut bytes);
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(&bytes).unwrap();
    };
    add("events.npy", &|bytes| events.write_npy(bytes).unwrap());
    add("weights.npy", &|bytes| weights.write_npy(bytes).unwrap());
    archive.finish().unwrap();
    let two = ndarray::concatenate![ndarray::Axis(1), events, weights.clone().insert_axis(ndarray::Axis(1))];
    place.npy("table.npy", &two);

    place
        .amplicast(&[
            "split",
            "--train",
            "both.npz::events",
            "--weights",
            "weights",
            "--halves",
            "10",
            "--out",
            "parts",
        ])
        .expect(0)
        .prints(&["their weights in half_*.weights.npy"]);
    for k in 1..=10 {
        let name = format!("parts/half_{k:02}");
        let half: Array2<f64> = ndarray_npy::read_npy(place.path(&format!("{name}.npy"))).unwrap();
        let of_half: Array1<f64> = ndarray_npy::read_npy(place.path(&format!("{name}.weights.npy"))).unwrap();
        assert!(half.iter().zip(&of_half).all(|(x, w)| *w == if *x > 0.0 { 0.5 } else { 2.0 }));
        place.npy(&format!("gen_{k:02}.npy"), &gaussian_like(&half, &of_half, 50_000, 100 + k));
    }
    place.npy("full.npy", &gaussian_like(&events, &weights, 50_000, 99));
    let estimate = |train: &[&str]| {
        let question = ["--summary", "coordinate:0", "--region", "0:0.5", "--full", "full.npy"];
        let members = ["--members", "gen_*.npy", "--members-rows", "parts/half_*.rows.npy"];
        place.amplicast(&[&["estimate"], train, &question, &members].concat())
    };
    let mut found = Vec::new();
    for train in [
        &["--train", "x.npy", "--weights-file", "w.npy"][..],
        &["--train", "both.npz::events", "--weights", "weights"],
        // Of two arrays the other one are the events.
        &["--train", "both.npz", "--weights", "weights"],
        &["--train", "table.npy", "--weights", "x2"],
    ] {
        estimate(train).expect(0);
        let replica = results(&place.path("runs/estimate"))["cells"][0]["replicas"][0].clone();
        // With E over the events: I = 0.5 E[inside] / 1.25 = 0.0766, and I (1 - I) over E[w^2 ([inside] - I)^2] / 1.25^2 = 0.0339 is 2.085: the
        // region has small weights, and is known the better.
        let effective = replica["n_train_effective"].as_f64().unwrap();
        assert!((effective / 4170.0 - 1.0).abs() < 0.1 && replica["apart"]["of"] == "one-fit", "{effective}");
        found.push(replica);
    }
    assert!(found.iter().all(|other| *other == found[0]));

    let refused = |train: &[&str], message: &str| {
        estimate(train).says(&[message]);
    };
    refused(&["--train", "both.npz::events", "--weights", "mass"], "--weights: expected");
    // A name that the file does not know is no name for the events themselves.
    refused(&["--train", "x.npy", "--weights", "mass"], "--weights: expected");
    refused(&["--train", "x.npy", "--weights-file", "table.npy"], "expected one weight an event");
    ndarray_npy::write_npy(place.path("w.npy"), &Array1::from_elem(100, 2.5)).unwrap();
    refused(
        &["--train", "x.npy", "--weights-file", "w.npy"],
        "w.npy: expected a weight for each of 2000 events of ",
    );
    let mut bad = weights;
    bad[17] = f64::NAN;
    ndarray_npy::write_npy(place.path("w.npy"), &bad).unwrap();
    refused(
        &["--train", "x.npy", "--weights-file", "w.npy"],
        "row 17: expected a finite event weight, found NaN",
    );
}

/// Of 60 events of a region of which half are negative nothing is left, and so no number of effective events: an error, where it was a G of any
/// size.
#[test]
fn a_region_whose_weights_cancel_is_refused() {
    let place = Place::new();
    let mut numbers = stream(5);
    // Events that come in an order would be found.
    let events = Array2::from_shape_fn((3000, 1), |(i, _)| {
        normal(&mut numbers) + if i % 50 == 0 { 10.0 } else { 0.0 }
    });
    place.npy("x.npy", &events);
    for member in 0..10 {
        let generated = Array2::from_shape_simple_fn((20_000, 1), || {
            let far = normal(&mut numbers) > 2.4;
            normal(&mut numbers) + if far { 10.0 } else { 0.0 }
        });
        place.npy(&format!("gen_{member}.npy"), &generated);
    }
    let asked = |negative: usize| {
        let mut left = negative;
        let weights = events.mapv(|x| {
            let taken = x > 5.0 && left > 0;
            left -= usize::from(taken);
            if taken { -1.0 } else { 1.0 }
        });
        let weights = Array1::from_iter(weights);
        ndarray_npy::write_npy(place.path("w.npy"), &weights).unwrap();
        let train = ["estimate", "--train", "x.npy", "--weights-file", "w.npy", "--members", "gen_*.npy"];
        place.amplicast(
            &[&train[..], &["--summary", "coordinate:0", "--region", "5:inf", "--metric", "mean"]].concat(),
        )
    };
    asked(10).expect(0);
    let replica = results(&place.path("runs/estimate"))["cells"][0]["replicas"][0].clone();
    // I = 40/2980, V = (60 - 120 I + 3000 I^2) / 2980^2.
    let fraction = 40.0 / 2980.0_f64;
    let variance = (60.0 - 120.0 * fraction + 3000.0 * fraction * fraction) / 2980.0_f64.powi(2);
    let expected = fraction * (1.0 - fraction) / variance;
    let effective = replica["n_train_effective"].as_f64().unwrap();
    assert!((effective / expected - 1.0).abs() < 1e-9, "{effective} {expected}");
    for negative in [28, 30, 32] {
        asked(negative)
            .expect(1)
            .says(&["expected regions whose weighted fraction the training events know to a half"]);
    }
}

/// A classifier between weighted true events and generated ones: a fit of the true width is worth more than one of 0.8 of it, against
/// held-out events with weights.
#[test]
fn a_classifier_takes_weights() {
    let place = Place::new();
    place.write(
        "x.toml",
        r#"
        [experiment]
        name = "classifier"
        n_train = 12_000
        n_gen = 20_000
        members = 10
        n_holdout = 100_000

        [dataset]
        plugin = "gaussian"
        bias = 10
        negative = 0.05

        [[generator]]
        name = "right"
        plugin = "gaussian-fit"

        [[generator]]
        name = "narrow"
        plugin = "gaussian-fit"
        width = 0.8

        [[uncertainty]]
        plugin = "halves"

        [[summary]]
        name = "ratio"
        plugin = "classifier-lr"

        [[metric]]
        plugin = "ks"
        reference = ["holdout"]
        "#,
    );
    place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0);
    let text = std::fs::read(place.path("run/results.json")).unwrap();
    let results: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let of = |generator: &str| {
        let mut all = results["diagnostics"].as_array().unwrap().iter();
        let found = all.find(|d| d["generator"] == generator).unwrap();
        let mut numbers = found["numbers"].as_array().unwrap().iter();
        numbers.find(|n| n["name"] == "validation loss - log 2").unwrap()["mean"].as_f64().unwrap()
    };
    // Between widths 1 and 0.8 the Jensen-Shannon divergence is 0.012; of the same law nothing is learned. With weights from 0.18 to 1.8
    // and signs, 6000 events fix either to about 0.002.
    let (right, narrow) = (of("right"), of("narrow"));
    assert!(right > -0.003 && narrow < -0.006, "{right} {narrow}");
}

const LEARNS: &str = "
import numpy

class Learns:
    def fit(self, events, rows, settings, seed, weights):
        self.mean = numpy.average(events, axis=0, weights=weights)
        self.width = numpy.sqrt(numpy.average((events - self.mean) ** 2, axis=0, weights=weights))
    def sample(self, n, seed):
        return numpy.random.default_rng(seed).normal(self.mean, self.width, (n, len(self.mean)))
    def state(self):
        return {'mean': self.mean, 'width': self.width}
    def load(self, state):
        self.mean, self.width = state['mean'], state['width']
";

/// A class in Python that learns the weighted mean and width is worth what the built-in Gaussian is; one whose fit knows nothing of weights is refused.
#[test]
fn a_class_in_python_takes_weights() {
    let place = Place::new();
    let class =
        format!("plugin = \"python\"\nfile = \"learns.py\"\nclass = \"Learns\"\npython = \"{}\"", python());
    let both = format!("plugin = \"gaussian-fit\"\nfit_width = true\n[[generator]]\n{class}");
    place.write("x.toml", fitted_gaussian(BIASED, &both, "n_train = 1000\nn_gen = 200_000\nmembers = 61"));
    place.write("learns.py", LEARNS.replace(", seed, weights)", ", seed, weights=None)"));
    place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0);
    let found = results(&place.path("run"));
    let cells = found["cells"].as_array().unwrap();
    let (built_in, own): (Vec<_>, Vec<_>) =
        cells.iter().partition(|cell| cell["name"]["generator"] == "gaussian-fit");
    assert_eq!((built_in.len(), own.len()), (3, 3));
    for (a, b) in built_in.iter().zip(&own) {
        let of = |cell: &Value, what: &str| cell["replicas"][0]["apart"][what].as_f64().unwrap();
        // Halves are others for each generator: of 30 pairs a variance is known to a quarter.
        let (first, second) = (of(a, "variance"), of(b, "variance"));
        assert!((first / second).ln().abs() < 1.0, "variance: {first} {second}");
        // The same fit to all events; its 200 000 events are others, which is a tenth of the training events' error.
        let (first, second) = (of(a, "deviation").sqrt(), of(b, "deviation").sqrt());
        assert!((first - second).abs() < 0.4, "distance: {first} {second}");
    }
    place.write("learns.py", LEARNS.replace(", weights)", ")").replace(", weights=weights", ""));
    place.amplicast(&["check", "x.toml"]).expect(2).says(&["`python` cannot take account of event weights"]);
}

/// What knows nothing of weights is refused by name before anything runs.
#[test]
fn what_cannot_take_weights_is_refused() {
    let place = Place::new();
    let summary = "[[summary]]\nname = \"ratio\"\nplugin = \"classifier-lr\"\nfolds = 4\n";
    let text = fitted_gaussian("plugin = \"gaussian\"\nbias = 3", "plugin = \"gaussian-fit\"", SIZES);
    let ks = "[[metric]]\nplugin = \"ks\"\nreference = [\"training\"]\n";
    let only = text.split("[[metric]]").next().unwrap();
    place.write("x.toml", format!("{only}\n{summary}\n{ks}"));
    place
        .amplicast(&["check", "x.toml"])
        .expect(2)
        .says(&["summary `ratio` cannot take account of event weights"]);
    place.write("x.toml", text.replace("bias = 3", "bias = 0.3"));
    place.amplicast(&["check", "x.toml"]).expect(2).says(&["bias: expected at least 1, found 0.3"]);
    place.write("x.toml", text.replace("bias = 3", "negative = 0.1").replace("gaussian-fit", "resample"));
    place.amplicast(&["run", "x.toml"]).says(&["resample: expected weights of 0 or more"]);
}
