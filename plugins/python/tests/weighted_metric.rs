//! A metric in Python that takes event weights: its law and its effective events have closed forms.

mod common;

use amplicast_python_plugins::PythonMetric;
use amplicast_sdk::ndarray::{Array2, Array3};
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::serde_json::{Value, json};
use amplicast_sdk::*;
use common::{Place, python};

const KS: &str = "
import numpy

class Ks:
    names = ['KS distance']
    def value(self, reference, sample, weights):
        assert all(len(w) == len(x) for w, x in zip(weights, (reference, sample)))
        assert all(abs(w.mean() - 1) < 1e-9 for w in weights)
        places = numpy.concatenate([reference, sample])
        below = [self.below(x, w, places) for x, w in zip((reference, sample), weights)]
        return abs(below[0] - below[1]).max()
    def below(self, x, w, places):
        order = numpy.argsort(x)
        sums = numpy.concatenate([[0], w[order].cumsum()]) / w.sum()
        return sums[numpy.searchsorted(x[order], places, side='right')]
";

fn config(place: &Place, class: &str, events: usize) -> Value {
    let file = place.folder().join("flow.py");
    json!({"file": file, "class": class, "python": python(), "events": events})
}

fn made(config: &Value) -> PythonMetric {
    PythonMetric::new(read_config(&config.to_string()).unwrap()).unwrap()
}

/// The mean of the law at `n`, which depends on no curve.
fn mean(comparison: &dyn Comparison, n: f64) -> f64 {
    let values = Array3::zeros((1, 1, 1));
    let curves = Curves { generated: &[1], passed: &[1], values: values.view(), n_effective: 1.0 };
    comparison.null(&curves, n, &[]).unwrap().mean
}

fn relative(found: f64, expected: f64, tolerance: f64) {
    assert!((found / expected - 1.0).abs() < tolerance, "{found}, expected {expected}");
}

#[test]
fn conforms() {
    let place = Place::with(KS);
    let mut config = config(&place, "Ks", 64);
    config["trials"] = json!(20);
    assert!(made(&config).weights());
    testing::check_all(&[("metric python", &config.to_string())]);
}

/// Weights that know nothing of the summary, one in ten negative: Kolmogorov's law, and effective events, of (sum w)^2 / sum w^2. The law's mean is
/// known to 2 % from 200 trials, and that of so few events is 1 to 2 % off; effective events, which go with the square of two such means, to 6 %.
#[test]
fn weights_that_know_nothing_make_a_smaller_sample() {
    const EVENTS: usize = 1000;
    let place = Place::with(KS);
    let mut stream = Seed::new(1).stream();
    let x: Vec<f64> = (0..2 * EVENTS).map(|_| stream.random()).collect();
    let w: Vec<f64> =
        (0..x.len()).map(|i| [1.0, 3.0][i % 2] * if i % 10 == 7 { -1.0 } else { 1.0 }).collect();
    let of = |n: usize| Values { w: Some(&w[..n]), ..Values::single(&x[..n]) };
    let comparison = made(&config(&place, "Ks", EVENTS)).compare(&Reference::sample(of(EVENTS))).unwrap();
    let effective = of(EVENTS).effective_size();
    for n in [100.0, 300.0, 1000.0] {
        relative(mean(&*comparison, n), 0.8687 * (1.0 / n + 1.0 / effective).sqrt(), 0.08);
    }
    relative(comparison.effective_events(of(EVENTS)).unwrap(), effective, 0.2);
    // The first events stand for all.
    let of_first = comparison.effective_events(of(EVENTS)).unwrap();
    relative(comparison.effective_events(of(2 * EVENTS)).unwrap(), 2.0 * of_first, 1e-12);
    assert_eq!(comparison.effective_events(Values::single(&x)).unwrap(), x.len() as f64);
}

/// Of two values the distance is that of one fraction I, whose variance V and effective events I (1 - I) / V have closed forms. Where one value was drawn
/// more rarely than its weight says, they are more than there are events, of which (sum w)^2 / sum w^2 knows nothing; where some weights are
/// negative, fewer.
#[test]
fn weights_that_go_with_the_summary_have_a_closed_form() {
    let place = Place::with(KS);
    for negative in [0, 50] {
        let x: Vec<f64> = (0..1000 + 2 * negative).map(|i| if i < 500 { 1.0 } else { -1.0 }).collect();
        let weight = |i: usize| if i < 500 { 0.5 } else { 2.0 };
        let w: Vec<f64> =
            (0..x.len()).map(|i| if i < 500 + negative && i >= 500 { -2.0 } else { weight(i) }).collect();
        let values = Values { w: Some(&w), ..Values::single(&x) };
        let sum: f64 = w.iter().sum();
        let variance = x.iter().zip(&w).map(|(x, w)| (w * (f64::from(*x < 0.0) - 0.8)).powi(2)).sum::<f64>();
        let variance = variance / (sum * sum);
        let mut config = config(&place, "Ks", 2000);
        config["trials"] = json!(400);
        let comparison = made(&config).compare(&Reference::sample(values)).unwrap();
        for n in [128.0, 512.0] {
            // The mean size of a normal number of this width, which 400 trials know to 4 %.
            let width = (variance + 0.16 / n).sqrt();
            relative(mean(&*comparison, n), width * (2.0 / std::f64::consts::PI).sqrt(), 0.1);
        }
        let expected = 0.16 / variance;
        assert!(expected > 1.8 * values.effective_size());
        relative(comparison.effective_events(values).unwrap(), expected, 0.3);
    }
}

/// SciPy 1.17.1: scipy.stats.energy_distance(x / s, y / s, w, v), s the standard deviation of x; it takes weights of 0 or more.
#[test]
fn the_example_agrees_with_scipy() {
    let place = Place::with(include_str!("../../../examples/python/energy.py"));
    let mut energy = config(&place, "Energy", 100);
    energy["trials"] = json!(20);
    let x: Vec<f64> = (0..50).map(|i| (f64::from(i) * 0.37).sin()).collect();
    let y: Vec<f64> = (0..80).map(|i| (f64::from(i) * 0.21).cos() * 1.3 + 0.3).collect();
    let w: Vec<f64> = (0..50).map(|i| f64::from(i / 10 + 1)).collect();
    let v: Vec<f64> = (0..80).map(|i| f64::from(i / 20 + 1)).collect();
    let [w, v] = [Some(&w[..]), Some(&v[..])];
    let energy = made(&energy);
    for (w, v, expected) in
        [(None, None, GOLDEN[0]), (w, None, GOLDEN[1]), (w, v, GOLDEN[2]), (None, v, GOLDEN[3])]
    {
        let sample = Reference::sample(Values { w, ..Values::single(&x) });
        let comparison = energy.compare(&Reference { weighted: true, ..sample }).unwrap();
        let (mut first, mut rest) = (comparison.accumulator(), comparison.accumulator());
        first.update(Values { w: v.map(|v| &v[..30]), ..Values::single(&y[..30]) }).unwrap();
        rest.update(Values { w: v.map(|v| &v[30..]), ..Values::single(&y[30..]) }).unwrap();
        first.merge(&rest.state().unwrap()).unwrap();
        relative(first.values().unwrap()[0], expected, 1e-12);
    }
}
const GOLDEN: [f64; 4] = [0.34298463733200996, 0.384976640375905, 0.349043281798005, 0.31760026585748014];

#[test]
fn what_a_class_does_not_know_is_refused() {
    let place = Place::with(&format!(
        "{KS}\nclass Plain:\n    def value(self, reference, sample):\n        return abs(reference.mean() - sample.mean())\n"
    ));
    let x: Vec<f64> = (0..50).map(|i| (f64::from(i) * 0.37).sin()).collect();
    let w: Vec<f64> = (0..50).map(|i| if i % 2 == 0 { 1.0 } else { -0.98 }).collect();
    let groups: Vec<u64> = (0..50).map(|i| i / 2).collect();
    let weighted = Values { w: Some(&w), ..Values::single(&x) };
    let refusal = |class: &str, values: Values<'_>| {
        made(&config(&place, class, 100))
            .compare(&Reference::sample(values))
            .err()
            .expect("a refusal")
            .to_string()
    };
    assert!(!made(&config(&place, "Plain", 100)).weights());
    assert!(refusal("Plain", weighted).contains("expected events without weights"));
    assert!(
        refusal("Ks", Values { g: Some(&groups), ..weighted }).contains("expected events each by itself")
    );
    let error = refusal("Ks", weighted);
    assert!(
        error.contains("class Ks: law: expected weights with a positive sum, found a mean weight of -"),
        "{error}"
    );
    let two = Array2::zeros((50, 2));
    assert!(
        refusal("Ks", Values { w: Some(&w), ..Values::new(two.view()) })
            .contains("expected one number an event")
    );
}
