//! A generator in Python is one like any other.

mod common;

use amplicast_sdk::*;
use common::{BLOB, Place, events, fit, prepared, sample};

#[test]
fn conforms() {
    let place = Place::with(BLOB);
    testing::check_all(&[("generator python", &place.config().to_string())]);
}

/// A class whose fit asks for weights gets them; its events are then those of the weighted distribution.
#[test]
fn a_class_may_take_weights() {
    let fit = "def fit(self, events, rows, settings, seed, weights):\n        assert weights.shape == (len(events),) and weights.dtype == float\n        \
               self.mean = numpy.average(events, axis=0, weights=weights)\n        \
               self.width = numpy.sqrt(numpy.average((events - self.mean) ** 2, axis=0, weights=weights)) + 1e-9";
    let lines = "def fit(self, events, rows, settings, seed):\n        self.mean, self.width = events.mean(axis=0), events.std(axis=0) + 1e-9";
    assert!(BLOB.contains(lines));
    let place = Place::with(&BLOB.replace(lines, fit));
    testing::check_all(&[("generator python", &place.config().to_string())]);
    assert!(place.generator().unwrap().abilities().weights);
    assert!(!Place::with(BLOB).generator().unwrap().abilities().weights);
    // Of both signs, and large on one side.
    let events = events();
    let side = |i: usize| if events[[i, 0]] > 1.0 { 3.0 } else { 1.0 };
    let weights: Vec<f64> =
        (0..events.nrows()).map(|i| if i % 9 == 0 { -side(i) } else { side(i) }).collect();
    let rows: Vec<u64> = (0..events.nrows() as u64).collect();
    let batch = Batch { weights: Some(&weights), ..Batch::new(events.view(), Origin::Training, &rows) };
    let schema = Schema::columns(["x", "y"]);
    let model = place.generator().unwrap().prepare(&batch, &schema).unwrap();
    let parameters = model.fit(&rows, &TrainingSettings::default(), Seed::new(1), &Alone).unwrap();
    let n = 20_000;
    let drawn = sample(&*model, &parameters, n, 7).unwrap();
    let whole: f64 = weights.iter().sum();
    for (drawn, learned) in drawn.columns().into_iter().zip(events.columns()) {
        let mean = learned.iter().zip(&weights).map(|(x, w)| w * x).sum::<f64>() / whole;
        assert!((drawn.mean().unwrap() - mean).abs() < 5.0 * drawn.std(0.0) / (n as f64).sqrt());
    }
    assert!(drawn.column(0).mean().unwrap() > events.column(0).mean().unwrap() + 0.1);
}

/// Events and states of several megabytes arrive as they were sent, piece by piece, one call after the other.
#[test]
fn large_answers_arrive_whole() {
    let place = Place::with(
        "import numpy
class Blob:
    def fit(self, events, rows, settings, seed): self.numbers = numpy.arange(400_000.0)
    def sample(self, n, seed): return numpy.arange(2.0 * n).reshape(n, 2) + seed % 1000 + self.numbers[-1]
    def state(self): return {'numbers': self.numbers}
    def load(self, state): self.numbers = state['numbers']
",
    );
    const N: usize = 150_001;
    let mut config = place.config();
    config["batch"] = N.into();
    let model = prepared(&common::made(&config).unwrap()).unwrap();
    let parameters = fit(&*model).unwrap();
    for seed in [3, 4, 3] {
        let drawn = sample(&*model, &parameters, N, seed).unwrap();
        let first = drawn[[0, 0]];
        assert!((399_999.0..400_999.0).contains(&first));
        assert!(drawn.iter().enumerate().all(|(i, x)| *x == first + i as f64));
    }
}

/// Draws of a Gaussian have the mean and width of the events that it was fitted to.
#[test]
fn a_gaussian_draws_what_it_learned() {
    let place = Place::with(BLOB);
    let (model, parameters) = place.fitted().unwrap();
    let (events, n) = (events(), 20_000);
    let drawn = sample(&*model, &parameters, n, 7).unwrap();
    for (drawn, learned) in drawn.columns().into_iter().zip(events.columns()) {
        // 5 standard errors of a mean, and of a width.
        let error = 5.0 * learned.std(0.0) / (n as f64).sqrt();
        assert!((drawn.mean().unwrap() - learned.mean().unwrap()).abs() < error);
        assert!((drawn.std(0.0) - learned.std(0.0)).abs() < error / 2.0_f64.sqrt());
    }
}

#[test]
fn a_state_is_whatever_the_class_makes_of_it() {
    let place = Place::with(&format!(
        "{BLOB}
class Bytes(Blob):
    def state(self): return numpy.stack([self.mean, self.width]).tobytes()
    def load(self, state): self.mean, self.width = numpy.frombuffer(state).reshape(2, -1)
class Arrays(Blob):
    def state(self):
        return {{'both': numpy.stack([self.mean, self.width]).T.astype('>f4'), 'count': 3, 'flag': numpy.array(True)}}
    def load(self, state):
        assert state['both'].dtype == '>f4' and state['count'] == 3 and state['flag'].dtype == bool
        self.mean, self.width = state['both'].astype(float).T
"
    ));
    for (class, exact) in [("Blob", true), ("Bytes", true), ("Arrays", false)] {
        let mut config = place.config();
        config["class"] = class.into();
        let model = prepared(&common::made(&config).unwrap()).unwrap();
        let parameters = fit(&*model).unwrap();
        assert_eq!(parameters.len(), model.layout().len());
        let mut found = vec![0.0; 500];
        model.at(&parameters).unwrap().log_density(events().view(), Seed::new(1), &mut found).unwrap();
        // That of the widths and means in double precision, which two of them keep.
        let (mean, width) =
            (events().mean_axis(ndarray::Axis(0)).unwrap(), events().std_axis(ndarray::Axis(0), 0.0));
        for (event, found) in events().rows().into_iter().zip(found) {
            let terms = (0..2).map(|k| {
                let z = (event[k] - mean[k]) / width[k];
                0.5 * z * z + width[k].ln() + 0.5 * (2.0 * std::f64::consts::PI).ln()
            });
            let error = (found + terms.sum::<f64>()).abs();
            assert!(error < if exact { 1e-7 } else { 1e-4 }, "{class}: {error}");
        }
    }
}

/// The class that the documentation begins with.
#[test]
fn the_class_of_the_page_works() {
    let page = include_str!("../../../docs/src/python-plugins.md");
    let class = page.split_once("```python\n").and_then(|(_, rest)| rest.split_once("```")).unwrap().0;
    let place = Place::with(&class.replace("class Gaussian", "class Blob"));
    let (model, parameters) = place.fitted().unwrap();
    let usual = Place::with(BLOB);
    let (other, same) = usual.fitted().unwrap();
    let [a, b] = [sample(&*model, &parameters, 300, 1), sample(&*other, &same, 300, 1)].map(Result::unwrap);
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn any_number_of_interpreters_gives_the_same() {
    let place = Place::with(BLOB);
    let drawn = [1, 3].map(|processes| {
        let mut config = place.config();
        config["processes"] = processes.into();
        let model = prepared(&common::made(&config).unwrap()).unwrap();
        assert_eq!(model.max_concurrency(), Some(processes));
        let parameters = fit(&*model).unwrap();
        let member = model.at(&parameters).unwrap();
        let context: &dyn Context = &testing::Threads;
        context.collect(6, |i| {
            let mut out = ndarray::Array2::zeros((1000, 2));
            let chunk = Chunk { index: i as u64, first_event: 0, seed: Seed::new(i as u64) };
            member.sample(chunk, out.view_mut())?;
            Ok(out)
        })
    });
    let [one, three] = drawn.map(Result::unwrap);
    assert!(one == three && one[0] != one[1]);
}

/// More members than an interpreter holds at a time.
#[test]
fn members_take_turns() {
    let place = Place::with(BLOB);
    let model = prepared(&place.generator().unwrap()).unwrap();
    let fits: Vec<Vec<f32>> = (0..7)
        .map(|k| {
            model.fit(&[k, k + 1, 3 * k + 20], &TrainingSettings::default(), Seed::new(1), &Alone).unwrap()
        })
        .collect();
    let draw = || fits.iter().map(|p| sample(&*model, p, 10, 1).unwrap()).collect::<Vec<_>>();
    let first = draw();
    assert_eq!(first, draw());
    assert!((1..7).all(|k| first[k] != first[0]));
}

#[test]
fn what_the_host_knows_it_by_are_its_files() {
    let place = Place::with(&format!("import beside\n{BLOB}"));
    std::fs::write(place.folder().join("beside.py"), "").unwrap();
    let files = place.generator().unwrap().files();
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_string_lossy()).collect();
    assert_eq!(&names[..2], ["beside.py", "flow.py"]);
    assert_eq!(names.len(), 3);
    let generator = place.generator().unwrap();
    let versions: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&generator.files()[2]).unwrap()).unwrap();
    assert!(versions["python"].as_str().unwrap().starts_with("3."), "{versions}");
    assert!(versions["packages"]["numpy"].is_string(), "{versions}");
}
