//! Events that belong together: groups of one change nothing, closed forms for others, and what an estimate without them would say.

use amplicast::calibration::{Calibration, TrueVersion};
use amplicast_tests::{Place, fitted_gaussian, normal, normal_mean, results, stream};
use ndarray::{Array1, Array2, Axis, concatenate};
use serde_json::Value;

/// Probability below of a normal number.
fn below(x: f64) -> f64 {
    0.5 * statrs::function::erf::erfc(-x / std::f64::consts::SQRT_2)
}

/// I (1 - I) of the fraction of events in a region, and what it is for groups of `m` events whose numbers are correlated: of two events of a group
/// both are inside with the mean of p(z)^2, p the probability of one given what the group has in common.
fn variances([low, high]: [f64; 2], m: f64, correlation: f64) -> [f64; 2] {
    let (together, own) = (correlation.sqrt(), (1.0 - correlation).sqrt());
    let inside = |z: f64| below((high - together * z) / own) - below((low - together * z) / own);
    let integral = below(high) - below(low);
    let alone = integral * (1.0 - integral);
    [alone, alone + (m - 1.0) * (normal_mean(|z| inside(z).powi(2)) - integral.powi(2))]
}

/// By how many times the variance of fractions in regions, added up, is larger for such groups than for single events.
fn design_effect(regions: &[[f64; 2]], m: f64, correlation: f64) -> f64 {
    let (mut alone, mut grouped) = (0.0, 0.0);
    for region in regions {
        let [a, b] = variances(*region, m, correlation);
        (alone, grouped) = (alone + a, grouped + b);
    }
    grouped / alone
}

/// The regions of equal probability with these numbers, of twenty.
fn twentieths(numbers: std::ops::RangeInclusive<u32>) -> Vec<[f64; 2]> {
    let edge = |k: u32| -std::f64::consts::SQRT_2 * statrs::function::erf::erfc_inv(f64::from(k) / 10.0);
    numbers.map(|k| [edge(k - 1), edge(k)]).collect()
}

/// Effective events of fractions, of a mean, and of a distance: n over the design effect.
#[test]
fn effective_events_have_a_closed_form() {
    let place = Place::new();
    let (n, m, correlation) = (60_000.0, 6.0, 0.6);
    let text = fitted_gaussian(
        "plugin = \"gaussian\"\noversampled = 6\ncorrelation = 0.6",
        "plugin = \"gaussian-fit\"",
        "n_train = 60_000\nn_gen = 20_000\nmembers = 11\nn_holdout = 60_000",
    );
    let more = "[[metric]]\nplugin = \"mean\"\n\n[[metric]]\nplugin = \"ks\"\nreference = [\"holdout\"]\n";
    place.write("x.toml", format!("{text}\n{more}"));
    place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0).says(&[]);
    let found = results(&place.path("run"));
    assert_eq!(found["groups"]["number"], 10_000);
    assert_eq!((&found["groups"]["largest"], &found["groups"]["effective"]), (&6.into(), &10_000.0.into()));
    for cell in found["cells"].as_array().unwrap() {
        let replica = &cell["replicas"][0];
        assert_eq!(replica["n_train_passed"], 60_000);
        let effective = replica["n_train_effective"].as_f64().unwrap();
        let metric = cell["name"]["metric"].as_str().unwrap();
        let expected = match metric {
            "half" => n / design_effect(&[[0.0, 0.5]], m, correlation),
            "2-19" => n / design_effect(&twentieths(2..=19), m, correlation),
            "tail" => n / design_effect(&twentieths(20..=20), m, correlation),
            "mean" => n / (1.0 + (m - 1.0) * correlation),
            // Of a distance it lies between those of groups and of events.
            _ => {
                assert!((15_000.0..50_000.0).contains(&effective), "{metric}: {effective}");
                continue;
            }
        };
        println!("{metric}: {effective}, expected {expected}");
        // Of 3000 events of a tail a variance of fractions of groups is known to 3 %.
        assert!((effective / expected - 1.0).abs() < 0.1, "{metric}: {effective}, expected {expected}");
    }
    let html = std::fs::read_to_string(place.path("run/report.html")).unwrap();
    assert!(html.contains("in 10\u{202f}000 groups of up to 6"));
}

const SETS: u64 = 60;

/// Over 60 training sets: the true G of a fitted mean is that of the closed form, 95 % intervals hold it, and bounds are valid.
#[test]
fn intervals_hold_the_true_amplification() {
    let place = Place::new();
    let (n, m, correlation) = (2000.0, 5.0, 0.8);
    let dataset = "plugin = \"gaussian\"\noversampled = 5\ncorrelation = 0.8";
    let sizes = "n_train = 2000\nn_gen = 100_000\nmembers = 11";
    let file = place.write("x.toml", fitted_gaussian(dataset, "plugin = \"gaussian-fit\"", sizes));
    let file = file.display().to_string();
    place.amplicast(&["calibrate", &file, "--out", "run", "--training-sets", &SETS.to_string()]).expect(0);
    let text = std::fs::read(place.path("run/calibration.json")).unwrap();
    let found: Calibration = serde_json::from_slice(&text).unwrap();
    for cell in &found.cells {
        let of_estimate = &cell.against[0];
        assert_eq!(of_estimate.version, TrueVersion::OfTheEstimate);
        let (interval, bound) = (of_estimate.coverage_95, of_estimate.bound.unwrap());
        let value = of_estimate.g_true.value.unwrap();
        println!("{}: true G {value}, {interval} held it, {bound} of the bounds", cell.name.metric);
        assert!(interval.of == SETS && interval.value() >= 0.88, "{}: {interval}", cell.name.metric);
        assert!(bound.value() >= 0.88, "{}: {bound}", cell.name.metric);
        if cell.name.metric == "half" {
            let of_mean = |x: f64| below(0.5 - x) - below(-x);
            let integral = of_mean(0.0);
            let of_fraction = variances([0.0, 0.5], m, correlation)[1] / n;
            let width = ((1.0 + (m - 1.0) * correlation) / n).sqrt();
            let expected = of_fraction / normal_mean(|z| (of_mean(width * z) - integral).powi(2));
            println!("expected {expected}");
            // A variance over 60 sets, of which the finite sample is a part.
            assert!((expected / value - 1.0).abs() < 4.0 * 0.22, "{value} {expected}");
        }
    }
}

/// Events of groups of ten that are nearly alike, in a file with their numbers in another.
fn ten_alike(place: &Place, groups: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let mut numbers = stream(seed);
    let mut events = Array2::zeros((10 * groups, 1));
    for mut group in events.axis_chunks_iter_mut(Axis(0), 10) {
        let common = 0.95_f64.sqrt() * normal(&mut numbers);
        group.mapv_inplace(|_| common + 0.05_f64.sqrt() * normal(&mut numbers));
    }
    let groups: Array1<f64> = (0..10 * groups).map(|i| (i / 10) as f64).collect();
    place.npy("x.npy", &events);
    ndarray_npy::write_npy(place.path("g.npy"), &groups).unwrap();
    (events, groups)
}

/// A fitted mean is worth as many events as it was fitted to: n / 9.55 of groups of ten with a correlation of 0.95. Without its groups the same file promises
/// ten times as many, and excludes the truth.
#[test]
fn without_groups_an_estimate_is_wrong() {
    let place = Place::new();
    ten_alike(&place, 400, 11);
    let n_equiv = |name: &str, more: &str| {
        let dataset = format!("plugin = \"events-file\"\ntrain = \"x.npy\"\n{more}");
        let sizes = "n_train = 4000\nn_gen = 100_000\nmembers = 61";
        let text = fitted_gaussian(&dataset, "plugin = \"gaussian-fit\"", sizes);
        let only = text.split("[[metric]]").next().unwrap();
        place.write("x.toml", format!("{only}\n[[metric]]\nplugin = \"mean\"\n"));
        place.amplicast(&["run", "x.toml", "--out", name]).expect(0);
        let replica = results(&place.path(name))["cells"][0]["replicas"][0].clone();
        let n_train = replica["n_train_effective"].as_f64().unwrap_or(4000.0);
        let estimate = &replica["estimate"];
        let end = |which: &str| estimate["interval_95"][which].as_f64().unwrap_or(f64::INFINITY) * n_train;
        [end("low"), estimate["n_equiv"].as_f64().unwrap(), end("high")]
    };
    let truth = 4000.0 / 9.55;
    let [low, grouped, high] = n_equiv("grouped", "groups_file = \"g.npy\"");
    let [alone_low, alone, _] = n_equiv("alone", "");
    println!("true {truth}; with groups {grouped} [{low}, {high}]; without {alone}, from {alone_low} on");
    assert!(low < truth && truth < high, "{low} {truth} {high}");
    assert!(alone_low > 2.0 * truth, "{alone_low} {truth}");
}

/// A file whose groups have one event each is one without groups, to the byte of the table.
#[test]
fn groups_of_one_are_none() {
    let place = Place::new();
    place.normal_npy("x.npy", 500, 1, 7);
    ndarray_npy::write_npy(
        place.path("g.npy"),
        &(0..500).map(|i| f64::from(i * 7 % 500)).collect::<Array1<f64>>(),
    )
    .unwrap();
    let table = |name: &str, more: &str| {
        let dataset = format!("plugin = \"events-file\"\ntrain = \"x.npy\"\n{more}");
        let sizes = "n_train = 500\nn_gen = 5000\nmembers = 11";
        place.write("x.toml", fitted_gaussian(&dataset, "plugin = \"gaussian-fit\"", sizes));
        place.amplicast(&["run", "x.toml", "--out", name]).expect(0);
        let found = results(&place.path(name));
        assert!(found["groups"].is_null());
        (found["cells"].clone(), std::fs::read(place.path(&format!("{name}/table.csv"))).unwrap())
    };
    assert_eq!(table("plain", ""), table("grouped", "groups_file = \"g.npy\""));
}

/// A Gaussian like these events.
fn gaussian_like(events: &Array2<f64>, seed: u64) -> Array2<f64> {
    let (center, width) = (events.mean().unwrap(), events.std(0.0));
    let mut stream = stream(seed);
    Array2::from_shape_simple_fn((50_000, 1), || center + width * normal(&mut stream))
}

/// `split` hands on whole groups, and `estimate` takes members that were fitted to such.
#[test]
fn members_that_were_trained_elsewhere() {
    let place = Place::new();
    let (events, groups) = ten_alike(&place, 200, 3);
    let table = concatenate![Axis(1), events, groups.clone().insert_axis(Axis(1))];
    place.npy("table.npy", &table);
    place
        .amplicast(&["split", "--train", "table.npy", "--groups", "x2", "--halves", "10", "--out", "parts"])
        .expect(0)
        .prints(&["100 of 200 groups, some 1000 of 2000 events"]);
    for k in 1..=10 {
        let half: Array2<f64> = ndarray_npy::read_npy(place.path(&format!("parts/half_{k:02}.npy"))).unwrap();
        let rows: Array1<i64> =
            ndarray_npy::read_npy(place.path(&format!("parts/half_{k:02}.rows.npy"))).unwrap();
        assert_eq!((half.ncols(), half.nrows(), rows.len()), (1, 1000, 1000));
        let whole = |group: &[i64]| group[0] % 10 == 0 && group[9] == group[0] + 9;
        assert!(rows.to_vec().chunks(10).all(whole));
        assert!(half.iter().zip(&rows).all(|(x, row)| *x == events[[*row as usize, 0]]));
        place.npy(&format!("gen_{k:02}.npy"), &gaussian_like(&half, 100 + k));
    }
    place.npy("full.npy", &gaussian_like(&events, 99));
    let estimate = |train: &[&str], rows: &str| {
        let question = ["--summary", "coordinate:0", "--region", "0:0.5", "--full", "full.npy"];
        let members = ["--members", "gen_*.npy", "--members-rows", rows];
        place.amplicast(&[&["estimate"], train, &question, &members].concat())
    };
    let mut found: Vec<Value> = Vec::new();
    for train in
        [&["--train", "x.npy", "--groups-file", "g.npy"][..], &["--train", "table.npy", "--groups", "x2"]]
    {
        estimate(train, "parts/half_*.rows.npy").expect(0);
        found.push(results(&place.path("runs/estimate"))["cells"][0]["replicas"][0].clone());
    }
    assert_eq!(found[0], found[1]);
    assert!(found[0]["apart"]["of"] == "one-fit", "{}", found[0]);
    let effective = found[0]["n_train_effective"].as_f64().unwrap();
    assert!((150.0..500.0).contains(&effective), "{effective}");
    // Halves that cut groups.
    for k in 1..=10 {
        let rows: Array1<i64> = (0..1000).map(|i| (i * 2 + k) % 2000).collect();
        ndarray_npy::write_npy(place.path(&format!("cut_{k:02}.npy")), &rows).unwrap();
    }
    estimate(&["--train", "table.npy", "--groups", "x2"], "cut_*.npy")
        .says(&["expected rows of whole groups of events that belong together"]);
}

/// What cuts a group, or cannot take groups, is refused by name before anything runs.
#[test]
fn what_cuts_a_group_is_refused() {
    let place = Place::new();
    ten_alike(&place, 200, 5);
    let refused = |dataset: &str, sizes: &str, more: &str, message: &str| {
        let dataset = format!("plugin = \"events-file\"\ntrain = \"x.npy\"\n{dataset}");
        let sizes = format!("{sizes}\nn_gen = 5000\nmembers = 11");
        let text = fitted_gaussian(&dataset, "plugin = \"gaussian-fit\"", &sizes);
        place.write("x.toml", format!("{text}\n{more}"));
        place.amplicast(&["check", "x.toml"]).expect(2).says(&[message]);
    };
    let groups = "groups_file = \"g.npy\"";
    refused(groups, "n_train = 1003", "", "take 1000 or 1010");
    refused(groups, "n_train = 995\ntraining_sets = 2", "", "take 990 or 1000");
    refused(groups, "n_train = 1000\nleft_out = 0.123", "", "the last 123 of 1000");
    let halves = "groups_file = \"g.npy\"\ntrain_rows = [0, 1000]\nholdout_rows = [1000, 2000]";
    refused(halves, "n_train = 1000\nn_holdout = 505", "", "take 500 or 510");
    let cut = "groups_file = \"g.npy\"\ntrain_rows = [0, 1004]\nholdout_rows = [1010, 2000]";
    refused(cut, "n_train = 1000", "", "take 1000 or 1010");
    refused("groups = \"mass\"", "n_train = 1000", "", "groups: expected");
    let classifier = "[[summary]]\nname = \"ratio\"\nplugin = \"classifier-lr\"";
    refused(groups, "n_train = 1000", classifier, "summary `ratio` is fitted to some true events");
    let shuffled: Array1<f64> = (0..2000).map(|i| f64::from(i % 200)).collect();
    ndarray_npy::write_npy(place.path("g.npy"), &shuffled).unwrap();
    refused(
        groups,
        "n_train = 1000",
        "",
        "row 200: expected the events of a group next to each other, found group 0 again",
    );
}
