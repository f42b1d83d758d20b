//! A metric in Python is one like any other, or is refused.

mod common;

use amplicast_python_plugins::PythonMetric;
use amplicast_sdk::ndarray::Array3;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::serde_json::{Value, json};
use amplicast_sdk::*;
use common::{Place, python};

const METRICS: &str = "
import numpy

class Ks:
    names = ['KS distance']
    def value(self, reference, sample):
        x, y = numpy.sort(reference), numpy.sort(sample)
        both = numpy.concatenate([x, y])
        below = [numpy.searchsorted(z, both, side='right') / len(z) for z in (x, y)]
        return abs(below[0] - below[1]).max()

class Nearest:
    def value(self, reference, sample):
        return abs(reference[:, None] - sample).min(axis=0).mean()

class Unbiased:
    def value(self, reference, sample):
        noise = reference.var() / len(reference) + sample.var() / len(sample)
        return (reference.mean() - sample.mean()) ** 2 - noise

class Wrong:
    def value(self, reference, sample):
        return sample[:2]

class Nan:
    def value(self, reference, sample):
        return float('nan')
";

/// Events that the class is given; the law's noise is that of `TRIALS` pairs.
const EVENTS: usize = 1000;
const TRIALS: usize = 200;

fn config(place: &Place, class: &str) -> Value {
    let file = place.folder().join("flow.py");
    json!({"file": file, "class": class, "python": python(), "events": EVENTS, "trials": TRIALS})
}

fn made(config: &Value) -> Result<PythonMetric> {
    PythonMetric::new(read_config(&config.to_string())?)
}

/// Numbers from 0 to `width`.
fn uniform(seed: u64, n: usize, width: f64) -> Vec<f64> {
    let mut stream = Seed::new(seed).stream();
    (0..n).map(|_| width * stream.random::<f64>()).collect()
}

fn after(comparison: &dyn Comparison, sample: &[f64]) -> Result<f64> {
    let mut accumulator = comparison.accumulator();
    sample.chunks(700).try_for_each(|part| accumulator.update(Values::single(part)))?;
    Ok(accumulator.values()?[0])
}

/// What is said of members whose value at the last checkpoint is this.
fn asked<T>(value: f64, passed: u64, ask: impl FnOnce(&Curves<'_>) -> T) -> T {
    let values = Array3::from_elem((1, 1, 1), value);
    ask(&Curves { generated: &[passed], passed: &[passed], values: values.view(), n_effective: 1.0 })
}

#[test]
fn conforms() {
    let place = Place::with(METRICS);
    let mut ks = config(&place, "Ks");
    ks["events"] = json!(64);
    ks["trials"] = json!(20);
    testing::check_all(&[("metric python", &ks.to_string())]);
}

/// The simulated law is Kolmogorov's, whose mean is sqrt(pi / 2) ln 2 over the root of n m / (n + m).
#[test]
fn the_law_of_a_known_distance_is_found() {
    let place = Place::with(METRICS);
    let ks = made(&config(&place, "Ks")).unwrap();
    assert_eq!((ks.takes(), ks.shown().axis), (Takes::One, "KS distance".into()));
    // More than the class is given: the rest is drawn from.
    let reference = uniform(1, 4 * EVENTS, 1.0);
    let comparison = ks.compare(&Reference::sample(Values::single(&reference))).unwrap();
    let mean = |n: f64| asked(0.1, 100, |curves| comparison.null(curves, n, &[0.05, 0.5, 0.95])).unwrap();
    for n in [100.0_f64, 300.0, 1000.0] {
        let (law, root) = (mean(n), (n * EVENTS as f64 / (n + EVENTS as f64)).sqrt());
        let relative = |found: f64, expected: f64| found * root / expected - 1.0;
        // The mean's own error is 2 %; Kolmogorov's law for so few events is 1 to 2 % too large.
        assert!(relative(law.mean, 0.8687).abs() < 0.08, "{n}: {law:?}");
        for (found, expected) in law.quantiles.iter().zip([0.5196, 0.8276, 1.3581]) {
            assert!(relative(*found, expected).abs() < 0.12, "{n}: {law:?}");
        }
    }
    // No more events are looked at, however many there are.
    assert_eq!(mean(1e6), mean(1000.0));
    let sample = uniform(2, 3 * EVENTS, 1.2);
    let found = after(&*comparison, &sample).unwrap();
    assert_eq!(found, after(&*comparison, &sample[..EVENTS]).unwrap());
    assert!((found - 1.0 / 6.0).abs() < 0.06, "{found}");
}

/// Where no more than a tenth of n_equiv could be compared with it, the upper end is not known.
#[test]
fn a_sample_that_was_cut_bounds_nothing_from_above() {
    let place = Place::with(METRICS);
    let ks = made(&config(&place, "Ks")).unwrap();
    let reference = uniform(1, EVENTS, 1.0);
    let comparison = ks.compare(&Reference::sample(Values::single(&reference))).unwrap();
    let low = |value: f64, passed: u64| {
        let limit = asked(value, passed, |curves| comparison.limit(curves, 0.68)).unwrap();
        assert_eq!((limit.value, limit.high), (value, value));
        limit.low
    };
    // 0.3 is the distance of few events, 0.06 that of 300.
    assert_eq!([low(0.3, 100_000), low(0.3, 1000), low(0.06, 1000)], [0.3, 0.3, 0.06]);
    assert_eq!(low(0.06, 100_000), 0.0);
}

/// Twice the distance in pseudo-experiments is twice the law.
#[test]
fn pseudo_experiments_scale_the_law() {
    let place = Place::with(METRICS);
    let ks = made(&config(&place, "Ks")).unwrap();
    let [reference, sample] = [uniform(1, EVENTS, 1.0), uniform(2, EVENTS, 1.0)];
    let ratio = ks.simulate(Values::single(&reference), Values::single(&sample)).unwrap().unwrap();
    assert!((0.3..3.0).contains(&ratio), "{ratio}");
    let law = |simulated: &[f64]| {
        let sample = Reference::sample(Values::single(&reference));
        let comparison = ks.compare(&Reference { simulated, ..sample }).unwrap();
        asked(0.1, 100, |curves| comparison.null(curves, 100.0, &[0.5])).unwrap()
    };
    let (usual, doubled) = (law(&[]), law(&[1.5, 2.5]));
    assert!((doubled.mean / usual.mean - 2.0).abs() < 1e-12);
    assert!((doubled.quantiles[0] / usual.quantiles[0] - 2.0).abs() < 1e-12);
}

/// The example takes vectors, and its distance of one number is the known one: of two shifted points it is the root of twice the shift.
#[test]
fn the_example_takes_vectors() {
    let place = Place::with(include_str!("../../../examples/python/energy.py"));
    let mut energy = config(&place, "Energy");
    energy["events"] = json!(200);
    energy["trials"] = json!(20);
    let energy = made(&energy).unwrap();
    assert_eq!(energy.takes(), Takes::Any);
    let list = uniform(3, 800, 1.0);
    let reference = ndarray::ArrayView2::from_shape((200, 4), &list).unwrap();
    let comparison = energy.compare(&Reference::sample(Values::new(reference))).unwrap();
    let mut accumulator = comparison.accumulator();
    accumulator.update(Values::new(reference)).unwrap();
    assert!(accumulator.values().unwrap()[0] < 1e-6);
    assert!(accumulator.update(Values::single(&list)).is_err());
    let mut away = comparison.accumulator();
    away.update(Values::new((&reference + 1e6).view())).unwrap();
    let widths = reference.std_axis(ndarray::Axis(0), 0.0);
    let shift = 1e6 * widths.iter().map(|w| 1.0 / (w * w)).sum::<f64>().sqrt();
    assert!((away.values().unwrap()[0] / (2.0 * shift).sqrt() - 1.0).abs() < 1e-3);
}

#[test]
fn what_is_no_distance_is_refused() {
    let place = Place::with(METRICS);
    let reference = uniform(1, EVENTS, 1.0);
    let refusal = |class: &str, reference: &[f64]| {
        let metric = made(&config(&place, class)).unwrap();
        metric.compare(&Reference::sample(Values::single(reference))).err().expect("a refusal").to_string()
    };
    for (class, reason) in [
        ("Nearest", "class Nearest: value: its law for true samples cannot be simulated: the mean is "),
        (
            "Unbiased",
            "class Unbiased: value: expected a distance, whose mean over true samples of finite size is positive",
        ),
        ("Wrong", "class Wrong: law: value: expected one number, found 2"),
        ("Nan", "class Nan: law: value: expected a finite number, found nan for 500 and 500 events"),
    ] {
        let error = refusal(class, &reference);
        assert!(error.contains(reason), "{error}");
    }
    assert!(refusal("Ks", &reference[..15]).contains("expected at least 16 reference events, found 15"));
    for (key, value, reason) in [
        ("events", 15, "events: expected at least 16, found 15"),
        ("trials", 3, "trials: expected at least 20, found 3"),
    ] {
        let mut config = config(&place, "Ks");
        config[key] = value.into();
        assert_eq!(made(&config).err().unwrap().to_string(), reason);
    }
}
