//! An interpreter with NumPy, and classes written for a test.
// Each test program uses its part.
#![allow(dead_code)]

use std::path::Path;

use amplicast_python_plugins::PythonGenerator;
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::serde_json::{Value, json};
use amplicast_sdk::*;

#[path = "../../../../tests/src/python.rs"]
mod interpreter;
pub use interpreter::python;

/// A class that works, of which a test replaces what it is about.
pub const BLOB: &str = "
import os, sys, time, warnings
import numpy

class Blob:
    def fit(self, events, rows, settings, seed):
        self.mean, self.width = events.mean(axis=0), events.std(axis=0) + 1e-9
    def sample(self, n, seed):
        return numpy.random.default_rng(seed).normal(self.mean, self.width, (n, len(self.mean)))
    def log_density(self, events):
        z = (events - self.mean) / self.width
        return -(0.5 * z ** 2 + numpy.log(self.width) + 0.5 * numpy.log(2 * numpy.pi)).sum(axis=1)
    def state(self):
        return {\"mean\": self.mean, \"width\": self.width}
    def load(self, state):
        self.mean, self.width = state[\"mean\"], state[\"width\"]
";

/// A folder with a file in Python, removed at the end.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn with(source: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("flow.py"), source).unwrap();
        Place(folder)
    }

    /// The working class with lines of its own in the place of `sample`'s or `fit`'s.
    pub fn instead(method: &str, body: &str) -> Self {
        let signature = BLOB.lines().find(|line| line.contains(&format!("def {method}("))).unwrap();
        let lines: String = body.lines().map(|line| format!("        {line}\n")).collect();
        Place::with(&BLOB.replace(signature, &format!("{signature}\n{lines}")))
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn config(&self) -> Value {
        json!({"file": self.folder().join("flow.py"), "class": "Blob", "python": python(), "batch": 256})
    }

    pub fn generator(&self) -> Result<PythonGenerator> {
        made(&self.config())
    }

    /// A fit to the usual events.
    pub fn fitted(&self) -> Result<(Box<dyn Model>, Vec<f32>)> {
        let model = prepared(&self.generator()?)?;
        let parameters = fit(&*model)?;
        Ok((model, parameters))
    }

    /// The message of a fit that is refused.
    pub fn refusal(&self) -> String {
        self.fitted().err().expect("a refusal").to_string()
    }
}

pub fn made(config: &Value) -> Result<PythonGenerator> {
    PythonGenerator::new(read_config(&config.to_string())?)
}

/// 500 events of two columns.
pub fn events() -> Array2<f64> {
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
    let mut stream = Seed::new(3).stream();
    Array2::from_shape_fn((500, 2), |(_, k)| {
        let z: f64 = StandardNormal.sample(&mut stream);
        1.0 + k as f64 + 0.5 * z
    })
}

pub fn prepared(generator: &impl Generator) -> Result<Box<dyn Model>> {
    let (events, rows) = (events(), (0..500).collect::<Vec<u64>>());
    generator.prepare(&Batch::new(events.view(), Origin::Training, &rows), &Schema::columns(["a", "b"]))
}

pub fn fit(model: &dyn Model) -> Result<Vec<f32>> {
    model.fit(&(0..500).collect::<Vec<u64>>(), &TrainingSettings::default(), Seed::new(1), &Alone)
}

/// The first events of a member.
pub fn sample(model: &dyn Model, parameters: &[f32], n: usize, seed: u64) -> Result<Array2<f64>> {
    let mut out = Array2::zeros((n, 2));
    let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(seed) };
    model.at(parameters)?.sample(chunk, out.view_mut())?;
    Ok(out)
}
