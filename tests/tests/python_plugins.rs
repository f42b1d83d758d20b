//! Classes in Python inside of experiments: one that works, and those that break beside it.

use std::path::Path;

use amplicast_tests::{Place, fitted_gaussian, python, results};
use serde_json::Value;

const CLASSES: &str = r#"
import os
import numpy

class Gaussian:
    def fit(self, events, rows, settings, seed):
        self.mean, self.width = events.mean(axis=0), events.std(axis=0)
    def sample(self, n, seed):
        return numpy.random.default_rng(seed).normal(self.mean, self.width, (n, len(self.mean)))
    def state(self):
        return {"mean": self.mean, "width": self.width}
    def load(self, state):
        self.mean, self.width = state["mean"], state["width"]

class Nan(Gaussian):
    def sample(self, n, seed):
        events = super().sample(n, seed)
        events[-1, 1] = numpy.nan if n > 64 else 0.0
        return events

class Ends(Gaussian):
    def sample(self, n, seed):
        if n > 64:
            print("goodbye")
            os._exit(5)
        return super().sample(n, seed)

class Hangs(Gaussian):
    def sample(self, n, seed):
        return super().sample(n, seed) if n == 64 else sum(iter(int, 1))
"#;

/// An experiment with the built-in Gaussian, and each of these classes.
fn experiment(place: &Place, classes: &[&str]) -> String {
    place.write("classes.py", CLASSES);
    let mut text = String::from(
        "[experiment]\nn_gen = 10_000\nmembers = 12\n[dataset]\nplugin = \"gaussian-ring\"\n\
         [[generator]]\nplugin = \"gaussian-fit\"\nfit_width = true\n[[uncertainty]]\nplugin = \"halves\"\n\
         [[summary]]\nplugin = \"radius\"\n[[metric]]\nplugin = \"integral\"\nquantiles = 20\nregions = \"2-19\"\n",
    );
    for class in classes {
        text.push_str(&format!(
            "[[generator]]\nname = \"{class}\"\nplugin = \"python\"\nfile = \"classes.py\"\nclass = \"{class}\"\npython = \"{}\"\n",
            python()
        ));
    }
    place.write("experiment.toml", &text);
    "experiment.toml".into()
}

#[test]
fn a_gaussian_in_python_is_worth_what_the_built_in_one_is() {
    let place = Place::new();
    let file = experiment(&place, &["Gaussian"]);
    place.amplicast(&["run", &file, "--out", "run"]).expect(0);
    let results = results(&place.path("run"));
    let end = |k: usize, end: &str| {
        results["cells"][k]["replicas"][0]["estimate"]["interval_68"][end].as_f64().unwrap()
    };
    assert!(end(0, "low") < end(1, "high") && end(1, "low") < end(0, "high"));
    // The events are others than those of the built-in one, and the same in a second run.
    let first = std::fs::read(place.path("run/results.json")).unwrap();
    place.amplicast(&["run", &file, "--out", "again"]).expect(0);
    assert!(first == std::fs::read(place.path("again/results.json")).unwrap());
}

#[test]
fn classes_that_break_cost_their_own_cells() {
    let place = Place::new();
    let file = experiment(&place, &["Gaussian", "Nan", "Ends", "Hangs"]);
    let run = place.amplicast(&["run", &file, "--out", "run", "--time-limit", "5"]).expect(1);
    run.says(&[
        "`python (Nan)`, call sample: expected finite numbers, found NaN in column 1 of generated event 4095",
        "class Ends: sample: the interpreter ended with exit code 5; it printed last: goodbye",
        "`python (Hangs)`, call sample: did not return, and made no progress, for 5 s (--time-limit)",
    ]);
    let results = results(&place.path("run"));
    let failed = |cell: &Value| cell["replicas"].as_array().is_none_or(Vec::is_empty);
    let cells: Vec<bool> = results["cells"].as_array().unwrap().iter().map(failed).collect();
    assert_eq!(cells, [false, false, true, true, true]);
    // A changed class is another generator; the others are stored.
    place.write("classes.py", CLASSES.replace("os._exit(5)", "pass"));
    let run = place.amplicast(&["run", &file, "--out", "run", "--time-limit", "5"]).expect(1);
    run.says(&["Ends / halves: training set 1, 12 chain(s), 0 of them stored before"]);
}

const RADIUS: &str = "
import numpy

class Radius:
    names = ['R']
    def evaluate(self, events):
        return numpy.hypot(events[:, 0], events[:, 1])
";

/// The built-in summary and its double have the same numbers, and a changed file is another summary.
#[test]
fn a_summary_in_python_is_the_built_in_one() {
    let place = Place::new();
    place.write("radius.py", RADIUS);
    let file = experiment(&place, &[]);
    let text = std::fs::read_to_string(place.path(&file)).unwrap();
    // Of the built-in one the dataset knows the true quantiles.
    let quantiles = "quantiles = 20\nregions = \"2-19\"\n";
    let mut text = text.replace(quantiles, "intervals = [[0.5, 0.9], [0.9, 1.1]]\n");
    text.push_str(&format!(
        "[[summary]]\nname = \"double\"\nplugin = \"python\"\nfile = \"radius.py\"\nclass = \"Radius\"\npython = \"{}\"\n",
        python()
    ));
    place.write(&file, &text);
    let g = || {
        place.amplicast(&["run", &file, "--out", "run"]).expect(0);
        let results = results(&place.path("run"));
        let of = |k: usize| {
            let cell = &results["cells"][k];
            (cell["name"]["summary"].clone(), cell["replicas"][0]["estimate"]["g"].as_f64().unwrap())
        };
        [of(0), of(1)]
    };
    let [(built_in, expected), (double, found)] = g();
    assert_eq!((built_in, double), ("radius".into(), "double".into()));
    assert!((found / expected - 1.0).abs() < 1e-6, "{found} {expected}");
    place.write("radius.py", RADIUS.replace("events[:, 1]", "0 * events[:, 1]"));
    let [(_, same), (_, other)] = g();
    assert!(same == expected && (other / found - 1.0).abs() > 0.1, "{other} {found}");
}

#[test]
fn the_example_runs() {
    let place = Place::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/python/mixture.toml");
    let python = format!("generator.0.python={}", python());
    let run =
        place.amplicast(&["run", &example.display().to_string(), "--out", "run", "--set", &python]).expect(0);
    run.prints(&["python × halves"]);
}

#[test]
fn a_class_that_is_not_there_is_refused_at_its_table() {
    let place = Place::new();
    let file = experiment(&place, &["Gauss"]);
    let run = place.amplicast(&["run", &file, "--out", "run"]).expect(2);
    run.says(&[
        "experiment.toml:17:1: generator[1]: ",
        "class Gauss: expected a class `Gauss` in it, found none",
    ]);
}

const KS: &str = "
import numpy

class Ks:
    names = ['KS distance']
    def value(self, reference, sample):
        x, y = numpy.sort(reference), numpy.sort(sample)
        both = numpy.concatenate([x, y])
        below = [numpy.searchsorted(z, both, side='right') / len(z) for z in (x, y)]
        return FACTOR * abs(below[0] - below[1]).max()
";

/// A Kolmogorov-Smirnov distance in Python gives what the built-in one does, up to its simulated law; a changed file is another metric.
#[test]
fn a_metric_in_python_is_the_built_in_one() {
    let place = Place::new();
    place.write("ks.py", KS.replace("FACTOR", "1"));
    let file = experiment(&place, &[]);
    let text = std::fs::read_to_string(place.path(&file)).unwrap();
    let (before, _) = text.split_once("[[metric]]").unwrap();
    let ks = "[[metric]]\nplugin = \"ks\"\nreference = \"holdout\"\n";
    let double = format!(
        "[[metric]]\nname = \"double\"\nplugin = \"python\"\nfile = \"ks.py\"\nclass = \"Ks\"\npython = \"{}\"\n\
         reference = \"holdout\"\ntrials = 100\n",
        python()
    );
    place.write(&file, format!("{before}{ks}{double}"));
    let numbers = || {
        place.amplicast(&["run", &file, "--out", "run"]).expect(0);
        let results = results(&place.path("run"));
        [0, 1].map(|k| {
            let estimate = &results["cells"][k]["replicas"][0]["estimate"];
            let interval = ["low", "high"].map(|end| estimate["interval_68"][end].as_f64());
            (estimate["limit"].as_f64().unwrap(), estimate["g"].as_f64(), interval)
        })
    };
    let [(limit, g, [low, _]), (found, double, [low_of_double, _])] = numbers();
    // A run has 10 000 events, as many as a class is given.
    assert!((found - limit).abs() < 1e-12, "{found} {limit}");
    match (g, double) {
        (Some(g), Some(double)) => assert!((double / g).ln().abs() < 0.5, "{double} {g}"),
        (g, double) => assert_eq!(g, double),
    }
    let (low, low_of_double) = (low.unwrap(), low_of_double.unwrap());
    assert!((low_of_double / low).ln().abs() < 0.7, "{low_of_double} {low}");
    place.write("ks.py", KS.replace("FACTOR", "2"));
    let [(same, ..), (changed, ..)] = numbers();
    assert!(same == limit && (changed - 2.0 * limit).abs() < 1e-12, "{changed} {limit}");
}

/// The same of events with weights of both signs that go with the summary: the same distance, and effective events and G up to what 200 trials tell (6 %).
#[test]
fn a_metric_in_python_takes_weights() {
    let place = Place::new();
    let weighted = KS.replace("reference, sample)", "reference, sample, weights)").replace(
        "numpy.searchsorted(z, both, side='right') / len(z) for z in (x, y)",
        "numpy.array([0, *w[numpy.argsort(a)].cumsum()])[numpy.searchsorted(z, both, side='right')] / w.sum()\n                 \
         for z, a, w in zip((x, y), (reference, sample), weights)",
    );
    place.write("ks.py", weighted.replace("FACTOR", "1"));
    let sizes = "n_train = 1000\nn_holdout = 2000\nn_gen = 4000\nmembers = 11";
    let text = fitted_gaussian(
        "plugin = \"gaussian\"\nbias = 10\nnegative = 0.05",
        "plugin = \"gaussian-fit\"\nwidth = 1.5",
        sizes,
    );
    let (before, _) = text.split_once("[[metric]]").unwrap();
    let ks = "[[metric]]\nplugin = \"ks\"\nreference = \"holdout\"\n";
    let own = format!(
        "[[metric]]\nplugin = \"python\"\nfile = \"ks.py\"\nclass = \"Ks\"\npython = \"{}\"\nreference = \"holdout\"\nevents = 4000\n",
        python()
    );
    place.write("x.toml", format!("{before}{ks}{own}"));
    place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0);
    let results = results(&place.path("run"));
    let [built_in, own] = [0, 1].map(|k| &results["cells"][k]["replicas"][0]);
    let number = |of: &Value, path: &str| {
        of.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path}: {of}"))
    };
    let pair = |path: &str| (number(built_in, path), number(own, path));
    let (limit, found) = pair("/estimate/limit");
    assert!((found - limit).abs() < 1e-12, "{found} {limit}");
    let (expected, found) = pair("/n_train_effective");
    assert!((found / expected).ln().abs() < 0.25, "{found} {expected}");
    let (expected, found) = pair("/estimate/g");
    assert!((found / expected).ln().abs() < 0.3, "{found} {expected}");
    place.write("ks.py", KS.replace("FACTOR", "1"));
    place
        .amplicast(&["check", "x.toml"])
        .expect(2)
        .says(&["metric `python` cannot take account of event weights"]);
}

/// The conformance suite finds out what a class is, and says why where it is nothing.
#[test]
fn a_class_is_checked_by_its_file_and_name() {
    let place = Place::new();
    place.write("classes.py", CLASSES);
    place.write("radius.py", RADIUS);
    place.write("odd.py", "class Neither:\n    def fit(self): pass\n\nnumber = 3\n");
    place.write("flow.txt", CLASSES);
    let check = |arguments: &[&str]| {
        let common = ["plugins", "check", "--python", python()];
        place.amplicast(&[&common, arguments].concat())
    };
    let checked = check(&["classes.py:Gaussian", "--include", "python:n*"]).expect(0);
    checked.prints(&["generator python", "passed", "; seed 1"]);
    let found = check(&["classes.py:Nan", "--include", "python:sample-finite", "--set", "batch=100"]);
    found.expect(1).prints(&["found NaN in column 1"]);
    check(&["radius.py:Radius", "--list"]).expect(0).prints(&["summary python"]);
    check(&["radius.py:Radius", "--include", "python:name"]).expect(0).prints(&["1 passed, 0 failed"]);

    let refused = |arguments: &[&str], reasons: &[&str]| {
        check(arguments).expect(2).says(reasons);
    };
    let neither =
        "odd.py:Neither: expected a generator or a summary or a metric, found none of them\n  no generator: ";
    refused(
        &["odd.py:Neither"],
        &[
            neither,
            "found no sample, state, load",
            "\n  no summary: ",
            "found no evaluate",
            "\n  no metric: ",
            "found no value",
        ],
    );
    refused(&["odd.py:Neither", "--kind", "summary"], &["expected the methods evaluate, found no evaluate"]);
    refused(
        &["odd.py:Neither", "--kind", "dataset"],
        &["--kind: expected generator or summary or metric, found `dataset`"],
    );
    refused(&["odd.py:number"], &["expected a class `number` in it, found something else of this name"]);
    refused(&["nothing.py:Flow"], &["error: file: expected a file in Python, found no file ", "nothing.py"]);
    refused(&["odd.py"], &["odd.py: expected a plugin library, or a class as FILE.py:CLASS, found no class"]);
    refused(&["flow.txt:Gaussian"], &["found a file that does not end in .py"]);
    refused(&["classes.py:Gaussian", "--set", "bach=100"], &["unknown field `bach`"]);
    refused(&["classes.py:Gaussian", "--config", "python={}"], &["--config: expected none beside a class"]);
    refused(&["libflow.so"], &["--python: expected a class as FILE.py:CLASS, found the library libflow.so"]);
}
