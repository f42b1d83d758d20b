//! Summaries whose values repeat, and events that have none: counted as they are.

use amplicast_sdk::Stream;
use amplicast_sdk::rand::RngExt;
use amplicast_tests::{Place, draw, last_of_curve, normal, results, stream};
use ndarray::Array2;

/// B5: a hit multiplicity, Poisson of mean 0.15. Members drawn from 1000 true events have G = 1 by construction: of 20 training
/// sets, a 95 % interval may leave it out in 3 (probability 2 % of 4 or more).
#[test]
fn a_summary_with_few_values_has_a_null_law_of_its_own() {
    let poisson = |stream: &mut Stream| {
        let (mut u, mut term, mut k) = (stream.random::<f64>(), (-0.15_f64).exp(), 0.0);
        while u > term {
            u -= term;
            k += 1.0;
            term *= 0.15 / k;
        }
        k
    };
    // A mass of exactly zero in 61 % of the events, beside a continuum.
    let spike = |stream: &mut Stream| {
        let x: f64 = stream.random();
        if x < 0.61 { 0.0 } else { x }
    };
    let left_out = |value: &dyn Fn(&mut Stream) -> f64| {
        (0..20)
            .filter(|&seed| {
                let place = Place::new();
                let mut stream = stream(40 + seed);
                let mut sample = |n: usize| Array2::from_shape_simple_fn((n, 1), || value(&mut stream));
                let (pool, holdout) = (sample(1000), sample(4000));
                place.npy("train.npy", &sample(1000));
                place.npy("holdout.npy", &holdout);
                for i in 0..4 {
                    place.npy(
                        &format!("gen_{i}.npy"),
                        &draw(&pool, 20_000, &mut amplicast_tests::stream(9000 + 10 * seed + i)),
                    );
                }
                let arguments = [
                    "estimate",
                    "--train",
                    "train.npy",
                    "--members",
                    "gen_*.npy",
                    "--holdout",
                    "holdout.npy",
                ];
                place
                    .amplicast(&[&arguments[..], &["--summary", "coordinate:0", "--out", "run"]].concat())
                    .expect(0);
                let found = results(&place.path("run"));
                let cell = found["cells"].as_array().unwrap().last().unwrap().clone();
                assert_eq!(cell["name"]["reference"], "holdout");
                let interval = cell["replicas"][0]["estimate"]["interval_95"].clone();
                interval["low"].as_f64().is_some_and(|low| low > 1.0)
                    || interval["high"].as_f64().is_some_and(|high| high < 1.0)
            })
            .count()
    };
    for (name, found) in [("hits", left_out(&poisson)), ("spike", left_out(&spike))] {
        assert!(found <= 3, "{name}: {found} of 20 leave out G = 1");
    }
}

/// B6: a particle that is padded with zeros in 60 % of the events has no direction there: of the others, with eta normal of width
/// 1.5, P(|eta| < 0.25) = 0.132 (erf(0.25 / (1.5 sqrt 2))), not 0.65.
#[test]
fn events_without_a_summary_are_not_counted() {
    let place = Place::new();
    let momenta = |n: usize, seed: u64| {
        let mut stream = stream(seed);
        let mut events = ndarray::Array3::<f64>::zeros((n, 1, 4));
        for mut event in events.outer_iter_mut() {
            if stream.random::<f64>() < 0.4 {
                let (pt, phi) =
                    (30.0 + 20.0 * stream.random::<f64>(), std::f64::consts::TAU * stream.random::<f64>());
                let eta = 1.5 * normal(&mut stream);
                let momentum = [pt * eta.cosh(), pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()];
                event.iter_mut().zip(momentum).for_each(|(x, p)| *x = p);
            }
        }
        events
    };
    ndarray_npy::write_npy(place.path("train.npy"), &momenta(2000, 1)).expect("written");
    for i in 0..6 {
        ndarray_npy::write_npy(place.path(&format!("gen_{i}.npy")), &momenta(20_000, 10 + i))
            .expect("written");
    }
    let arguments =
        ["estimate", "--train", "train.npy", "--members", "gen_*.npy", "--summary", "pseudorapidity:0"];
    let ended =
        place.amplicast(&[&arguments[..], &["--region=-0.25:0.25", "--out", "run"]].concat()).expect(0);
    // 60 %, within 4 standard errors of 2000 and of 120 000 events.
    assert!(ended.out.contains("do not have this summary"), "{}", ended.out);
    let found = results(&place.path("run"));
    let replica = &found["cells"][0]["replicas"][0];
    let share = |of: &str| replica["without"][of].as_f64().unwrap();
    assert!((share("training") - 0.6).abs() < 0.044 && (share("generated") - 0.6).abs() < 0.006, "{replica}");
    let n_train = replica["n_train_passed"].as_u64().unwrap();
    assert_eq!(n_train, (2000.0 * (1.0 - share("training"))).round() as u64);
    // Statistical part of the variance at n: I (1 - I) / n_passed.
    let last = |quantity: &str| last_of_curve(replica, quantity);
    let inside = last("statistical") * last("n_passed");
    assert!((inside - 0.1324 * (1.0 - 0.1324)).abs() < 0.005, "{inside}");
}
