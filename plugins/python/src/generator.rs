//! The generator `python`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use amplicast_sdk::ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use amplicast_sdk::serde_json::json;
use amplicast_sdk::*;

use crate::config::class_config;
use crate::door::Door;
use crate::state::{packed, room, unpacked};
use crate::wire::Array;

class_config! {
    /// A generator of your own as a Python class.
    PythonConfig,
    "A class of it with methods `fit`, `sample`, `state`, `load`, and perhaps `log_density`.",
    &["fit", "sample", "state", "load"], &["log_density"], {
        /// Events of one call of `sample`, which decides over the memory that a call needs. Every call has a seed of its own, so
        /// another number gives other events.
        batch: usize = 4096,
        /// Most bytes of a state. Unsaid, a fit of one iteration to all training events tells before each training.
        state_bytes: Option<usize> = None,
    }
}

/// A Python class that learns events and generates others, in interpreters of its own.
///
/// Parameters: segment `state`, the bytes that the class makes of a fit.
pub struct PythonGenerator {
    shared: Arc<Shared>,
}

/// What models and members of the generator have in common.
struct Shared {
    door: Door,
    batch: usize,
    state_bytes: Option<usize>,
    /// Room for a state by the training events that it was tried with.
    tried: Mutex<HashMap<[u8; 32], usize>>,
}

impl Component for PythonGenerator {
    type Config = PythonConfig;
    const NAME: &'static str = "python";
    const ABOUT: &'static str = "A generator of your own as a Python class, in your own interpreter";

    fn new(config: PythonConfig) -> Result<Self> {
        ensure_config(config.batch > 0, "batch", || "expected at least one event, found 0".into())?;
        let door = Door::open(config.script())?;
        let (batch, state_bytes) = (config.batch, config.state_bytes);
        Ok(PythonGenerator { shared: Arc::new(Shared { door, batch, state_bytes, tried: Mutex::default() }) })
    }
}

impl Generator for PythonGenerator {
    fn abilities(&self) -> Abilities {
        let about = &self.shared.door.about;
        Abilities {
            fit: true,
            log_density: about.has("log_density"),
            weights: about.weights,
            ..Abilities::default()
        }
    }

    fn prepare(&self, training: &Batch<'_>, _schema: &Schema) -> Result<Box<dyn Model>> {
        let (shared, events) = (Arc::clone(&self.shared), training.values.to_owned());
        let weights = EventWeights::new(training)?;
        let mut model = PythonModel { shared, events, weights, numbers: 0 };
        model.numbers = model.room()?;
        Ok(Box::new(model))
    }

    fn files(&self) -> Vec<PathBuf> {
        self.shared.door.about.files.clone()
    }
}

/// The class with its training events (n x d).
struct PythonModel {
    shared: Arc<Shared>,
    events: Array2<f64>,
    weights: EventWeights,
    /// Parameters: room for a state.
    numbers: usize,
}

impl PythonModel {
    /// Room for states of fits to these events, from a fit of one iteration if nobody says.
    fn room(&self) -> Result<usize> {
        if let Some(bytes) = self.shared.state_bytes {
            return Ok(room(bytes));
        }
        let mut hasher = blake3::Hasher::new();
        self.events.iter().for_each(|x| _ = hasher.update(&x.to_le_bytes()));
        let key = *hasher.update(&self.events.ncols().to_le_bytes()).finalize().as_bytes();
        let tried = || self.shared.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(numbers) = tried().get(&key) {
            return Ok(*numbers);
        }
        let settings = TrainingSettings { iterations: 1, ..TrainingSettings::default() };
        let rows: Vec<u64> = (0..self.events.nrows() as u64).collect();
        let state = self.state(&rows, &settings, Seed::new(0), &Alone)?;
        Ok(*tried().entry(key).or_insert(room(state.len())))
    }

    /// The state of a fit to these rows.
    fn state(
        &self,
        rows: &[u64],
        settings: &TrainingSettings,
        seed: Seed,
        context: &dyn Context,
    ) -> Result<Vec<u8>> {
        if rows.is_empty() {
            return Err(Error::data("expected at least one training event, found none"));
        }
        let places: Vec<usize> = rows.iter().map(|row| *row as usize).collect();
        let events = self.events.select(Axis(0), &places);
        let message = json!({"call": "fit", "settings": settings, "seed": number(seed)});
        let weights = self.shared.door.about.weights.then(|| rows.iter().map(|row| self.weights.of(*row)));
        let weights: Option<Vec<f64>> = weights.map(Iterator::collect);
        let mut arrays = vec![Array::events(events.view()), Array::Integers(rows)];
        arrays.extend(weights.as_deref().map(Array::Numbers));
        Ok(self.shared.door.enter(None)?.call(message, &arrays, &mut [], Some(context))?.bytes)
    }
}

impl Model for PythonModel {
    fn layout(&self) -> Layout {
        Layout::new([("state", vec![self.numbers])])
    }

    /// No state: a class that was not fitted.
    fn initial(&self, _seed: Seed) -> Result<Vec<f32>> {
        packed(&[], self.numbers)
    }

    fn fit(
        &self,
        rows: &[u64],
        settings: &TrainingSettings,
        seed: Seed,
        context: &dyn Context,
    ) -> Result<Vec<f32>> {
        packed(&self.state(rows, settings, seed, context)?, self.numbers)
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        expect_length("parameters of python", self.numbers, parameters.len())?;
        let state = unpacked(parameters)?;
        if state.is_empty() {
            return Err(Error::data("expected the state of a fit, found none: the class was not fitted"));
        }
        let name = blake3::hash(&state).to_hex()[..16].to_string();
        Ok(Box::new(PythonMember { shared: Arc::clone(&self.shared), name, state }))
    }

    fn max_concurrency(&self) -> Option<usize> {
        Some(self.shared.door.processes())
    }
}

/// The class at a state.
struct PythonMember {
    shared: Arc<Shared>,
    name: String,
    state: Vec<u8>,
}

impl Member for PythonMember {
    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let (batch, columns) = (self.shared.batch, out.ncols());
        let mut visit = self.shared.door.enter(Some(&self.name))?;
        visit.load(&self.name, &self.state)?;
        let mut events = Vec::new();
        for (k, mut part) in out.axis_chunks_iter_mut(Axis(0), batch).enumerate() {
            // Always as many, so that the first events of a chunk do not depend on how many of it are wanted.
            let seed = number(chunk.seed.index(k as u64));
            let message =
                json!({"call": "sample", "member": self.name, "n": batch, "seed": seed, "columns": columns});
            match part.as_slice_mut().filter(|part| part.len() == batch * columns) {
                Some(whole) => visit.call(message, &[], whole, None)?,
                None => {
                    events.resize(batch * columns, 0.0);
                    let answer = visit.call(message, &[], &mut events, None)?;
                    part.iter_mut().zip(&events).for_each(|(x, event)| *x = *event);
                    answer
                }
            };
        }
        Ok(())
    }

    fn log_density(&self, events: ArrayView2<'_, f64>, seed: Seed, out: &mut [f64]) -> Result<()> {
        let batch = self.shared.batch;
        let mut visit = self.shared.door.enter(Some(&self.name))?;
        visit.load(&self.name, &self.state)?;
        let parts = events.axis_chunks_iter(Axis(0), batch).zip(out.chunks_mut(batch));
        for (k, (events, out)) in parts.enumerate() {
            let message =
                json!({"call": "log_density", "member": self.name, "seed": number(seed.index(k as u64))});
            visit.call(message, &[Array::events(events)], out, None)?;
        }
        Ok(())
    }
}

/// A seed as a number of 63 bits: what fits into any random generator of Python.
fn number(seed: Seed) -> u64 {
    let bytes = seed.split("python").bytes();
    bytes.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte)) >> 1
}

register_generator!(PythonGenerator);
