//! A summary in Python is one like any other.

mod common;

use amplicast_python_plugins::PythonSummary;
use amplicast_sdk::ndarray::{Array2, array};
use amplicast_sdk::serde_json::{Value, json};
use amplicast_sdk::*;
use common::{Place, python};

const SUMMARIES: &str = "
import numpy

class Mass:
    def __init__(self, scale=1.0):
        self.scale, self.names = scale, ['m [GeV]']
    def prepare(self, columns, particles):
        if len(particles) < 2:
            raise ValueError(f'expected two particles, found {len(particles)} among {len(columns)} columns')
    def evaluate(self, events):
        total = events.reshape(len(events), -1, 4)[:, :2].sum(axis=1)
        return self.scale * numpy.sqrt(numpy.maximum(total[:, 0] ** 2 - (total[:, 1:] ** 2).sum(axis=1), 0))

class Both:
    names = ['sum', 'product']
    def evaluate(self, events):
        return numpy.stack([events.sum(axis=1), events.prod(axis=1)], axis=1)
    def defined(self, events):
        return events[:, 0] > 0

class Wrong:
    def evaluate(self, events):
        return events

class Nameless:
    names = 'm'
    def evaluate(self, events):
        return events[:, 0]
";

fn config(place: &Place, class: &str) -> Value {
    json!({"file": place.folder().join("flow.py"), "class": class, "python": python()})
}

fn made(config: &Value) -> Result<PythonSummary> {
    PythonSummary::new(read_config(&config.to_string())?)
}

fn evaluated(
    summary: &PythonSummary,
    schema: &Schema,
    events: &Array2<f64>,
) -> Result<(Vec<f64>, Option<Vec<bool>>)> {
    let (rows, width) = ((0..events.nrows() as u64).collect::<Vec<u64>>(), summary.numbers(schema).len());
    let mut out = vec![f64::NAN; width * events.nrows()];
    let batch = Batch::new(events.view(), Origin::Training, &rows);
    let summary = summary.prepare(schema)?;
    summary.evaluate(&batch, &mut out)?;
    Ok((out, summary.defined(&batch)?))
}

#[test]
fn its_numbers_are_those_of_the_class() {
    let place = Place::with(SUMMARIES);
    let mass = made(&config(&place, "Mass")).unwrap();
    let two = Schema::four_momenta(["a", "b"]);
    // Two massless particles back to back, and in the same direction.
    let events = array![[3.0, 3.0, 0.0, 0.0, 3.0, -3.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0, 2.0, 0.0, 2.0, 0.0]];
    assert_eq!(evaluated(&mass, &two, &events).unwrap(), (vec![6.0, 0.0], None));
    assert_eq!((mass.axis(), mass.numbers(&two)), ("m [GeV]".into(), vec!["m [GeV]".into()]));
    let error = mass.prepare(&Schema::columns(["x", "y", "z"])).err().unwrap().to_string();
    assert!(
        error.contains("prepare: ValueError: expected two particles, found 0 among 3 columns"),
        "{error}"
    );

    let both = made(&config(&place, "Both")).unwrap();
    // More than one call.
    let events = Array2::from_shape_fn((40_000, 2), |(i, k)| if k == 0 { i as f64 - 7.0 } else { 3.0 });
    let (numbers, defined) = evaluated(&both, &Schema::columns(["x", "y"]), &events).unwrap();
    for (i, (numbers, defined)) in numbers.chunks(2).zip(defined.unwrap()).enumerate() {
        let x = i as f64 - 7.0;
        assert_eq!((numbers, defined), (&[x + 3.0, x * 3.0][..], x > 0.0));
    }
}

/// The class of the documentation.
#[test]
fn the_class_of_the_page_works() {
    let page = include_str!("../../../docs/src/python-plugins.md");
    let class = page.split("```python\n").nth(2).and_then(|rest| rest.split("```").next()).unwrap();
    assert!(include_str!("../../../examples/python/mass.py").ends_with(class));
    let (place, usual) = (Place::with(class), Place::with(SUMMARIES));
    let [theirs, ours] = [&place, &usual].map(|place| made(&config(place, "Mass")).unwrap());
    let events =
        Array2::from_shape_fn(
            (50, 12),
            |(i, k)| if k % 4 == 0 { 90.0 } else { (7 * i + 11 * k) as f64 % 50.0 },
        );
    let schema = Schema::four_momenta(["a", "b", "c"]);
    let found = evaluated(&theirs, &schema, &events).unwrap();
    assert!(found.0[3] > 100.0);
    assert_eq!(found, evaluated(&ours, &schema, &events).unwrap());
}

#[test]
fn its_label_stands_for_it() {
    let place = Place::with(SUMMARIES);
    let mut mass = config(&place, "Mass");
    mass["settings"] = json!({"scale": 2.5});
    let label = made(&mass).unwrap().label();
    let file = place.folder().join("flow.py").display().to_string();
    assert_eq!(label, format!("python:{file},Mass,{},{{\"scale\":2.5}}", python()));
    let arguments: Vec<&str> = label.split_once(':').unwrap().1.split(',').collect();
    let config: Value =
        serde_json::from_str(&PythonSummary::config_of_arguments(&arguments).unwrap()).unwrap();
    assert_eq!(config, mass);
    let short = PythonSummary::config_of_arguments(&["mass.py", "Mass"]).unwrap();
    assert_eq!(short, json!({"file": "mass.py", "class": "Mass"}).to_string());
    assert!(PythonSummary::config_of_arguments(&["mass.py"]).is_none());
}

#[test]
fn conforms() {
    let place = Place::with(SUMMARIES);
    let mut mass = config(&place, "Mass");
    mass["settings"] = json!({"scale": 2.5});
    let (mass, both) = (mass.to_string(), config(&place, "Both").to_string());
    testing::check_all(&[("summary python", &mass), ("summary python", &both)]);
}

#[test]
fn what_is_no_summary_is_refused() {
    let place = Place::with(SUMMARIES);
    let events = Array2::from_elem((5, 2), 1.0);
    let wrong = made(&config(&place, "Wrong")).unwrap();
    let error = evaluated(&wrong, &Schema::columns(["x", "y"]), &events).unwrap_err().to_string();
    assert!(error.ends_with("class Wrong: evaluate: expected an array of shape 5, found 5 x 2"), "{error}");
    let error = made(&config(&place, "Nameless")).err().unwrap().to_string();
    assert!(error.ends_with("names: expected a list of texts, found 'm'"), "{error}");
    let blob = Place::with(common::BLOB);
    let error = made(&config(&blob, "Blob")).err().unwrap().to_string();
    assert!(error.ends_with("expected the methods evaluate, found no evaluate"), "{error}");
}
