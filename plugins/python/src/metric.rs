//! The metric `python`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use amplicast_sdk::ndarray::{Array2, ArrayView2, s};
use amplicast_sdk::serde_json::{Value, json};
use amplicast_sdk::*;

use crate::config::class_config;
use crate::door::Door;
use crate::law::{SMALLEST, Trials, expect_resampled, law, place, sizes};
use crate::wire::Array;

class_config! {
    /// A metric of your own as a Python class.
    PythonMetricConfig,
    "A class of it with a method `value`, and perhaps `names` and `vectors`.",
    &["value"], &[], {
        /// Most events of a sample, and of the reference, that the class is given: the first ones. It decides over time and memory, and no
        /// n_equiv beyond it can be told.
        events: usize = 10_000,
        /// Pairs of true samples of each size from which the law is simulated.
        trials: usize = 200,
    }
}

/// Fewest trials of which a law can be made.
const LEAST_TRIALS: usize = 20;
/// Events that must be compared for each n_equiv, as the host asks of a metric that does not remove the dependence on n_gen itself.
const PLATEAU: f64 = 10.0;

/// A Python class that measures a distance of two samples, whose law is simulated.
pub struct PythonMetric {
    shared: Arc<Shared>,
}

struct Shared {
    door: Door,
    events: usize,
    trials: usize,
}

impl Component for PythonMetric {
    type Config = PythonMetricConfig;
    const NAME: &'static str = "python";
    const ABOUT: &'static str = "A distance of your own as a Python class, in your own interpreter";

    fn new(config: PythonMetricConfig) -> Result<Self> {
        ensure_config(config.events >= 2 * SMALLEST, "events", || {
            format!("expected at least {}, found {}", 2 * SMALLEST, config.events)
        })?;
        ensure_config(config.trials >= LEAST_TRIALS, "trials", || {
            format!("expected at least {LEAST_TRIALS}, found {}", config.trials)
        })?;
        let door = Door::open(config.script())?;
        Ok(PythonMetric { shared: Arc::new(Shared { door, events: config.events, trials: config.trials }) })
    }
}

impl Shared {
    /// The first events that the class may be given.
    fn first<'a>(&self, events: ArrayView2<'a, f64>) -> ArrayView2<'a, f64> {
        let n = events.nrows().min(self.events);
        events.slice_move(s![..n, ..])
    }

    /// The class's distance.
    fn value(&self, reference: ArrayView2<'_, f64>, sample: ArrayView2<'_, f64>) -> Result<f64> {
        let mut value = [0.0];
        let arrays = [Array::events(reference), Array::events(sample)];
        self.door.enter(None)?.call(json!({"call": "value"}), &arrays, &mut value, None)?;
        Ok(value[0])
    }

    /// Distances of pairs of `m` and `n` events from a reference, with what else is said of how they are drawn.
    fn trials(
        &self,
        reference: ArrayView2<'_, f64>,
        m: usize,
        n: usize,
        split: bool,
        count: usize,
    ) -> Result<Trials> {
        let mut distances = vec![0.0; count];
        let message: Value = json!({"call": "law", "m": m, "n": n, "trials": count, "split": split});
        self.door.enter(None)?.call(message, &[Array::events(reference)], &mut distances, None)?;
        Ok(Trials::new(distances))
    }
}

impl Metric for PythonMetric {
    fn takes(&self) -> Takes {
        if self.shared.door.about.vectors { Takes::Any } else { Takes::One }
    }

    fn shown(&self) -> Shown {
        Shown::value(&self.shared.door.about.names.join(", "))
    }

    fn files(&self) -> Vec<PathBuf> {
        self.shared.door.about.files.clone()
    }

    /// The distance in units of the mean of independent samples, which are drawn from the training events.
    fn simulate(&self, training: Values<'_>, generated: Values<'_>) -> Result<Option<f64>> {
        let (training, shared) = (training.unweighted()?, &self.shared);
        let (reference, sample) = (shared.first(training), shared.first(generated.unweighted()?));
        let independent = shared.trials(training, reference.nrows(), sample.nrows(), false, LEAST_TRIALS)?;
        Ok(Some(shared.value(reference, sample)? / independent.mean))
    }

    fn compare(&self, reference: &Reference<'_>) -> Result<Box<dyn Comparison>> {
        let (all, shared) = (reference.values.unweighted()?, &self.shared);
        if all.ncols() != 1 && self.takes() == Takes::One {
            reference.values.one()?;
        }
        if all.nrows() < 2 * SMALLEST {
            let found = all.nrows();
            return Err(Error::data(format!(
                "expected at least {} reference events, found {found}",
                2 * SMALLEST
            )));
        }
        let half = (all.nrows() / 2).min(shared.events);
        let [drawn, split] = [false, true].map(|split| shared.trials(all, half, half, split, shared.trials));
        expect_resampled(&drawn?, &split?).map_err(|error| error.at(shared.door.place()))?;
        let simulated = reference.simulated;
        let scale = match simulated.len() {
            0 => 1.0,
            n => simulated.iter().sum::<f64>() / n as f64,
        };
        Ok(Box::new(Against(Arc::new(Comparing {
            shared: Arc::clone(shared),
            reference: all.to_owned(),
            sizes: sizes(shared.events),
            scale,
            trials: Mutex::default(),
        }))))
    }
}

/// A reference, and what was simulated of the law.
struct Comparing {
    shared: Arc<Shared>,
    /// All of its events; the class is given the first ones.
    reference: Array2<f64>,
    sizes: Vec<usize>,
    /// Of the law, where samples are not independent.
    scale: f64,
    /// At the first of the sizes.
    trials: Mutex<Vec<Trials>>,
}

struct Against(Arc<Comparing>);

impl Comparing {
    fn first(&self) -> ArrayView2<'_, f64> {
        self.shared.first(self.reference.view())
    }

    /// The law for `n` events, of which no more than the largest size are looked at.
    fn law(&self, n: f64, probabilities: &[f64]) -> Result<NullLaw> {
        let mut trials = self.trials.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = (place(n, &self.sizes).max(1) + 1).min(self.sizes.len());
        for size in self.sizes.iter().take(wanted).skip(trials.len()) {
            let (m, count) = (self.first().nrows(), self.shared.trials);
            trials.push(self.shared.trials(self.reference.view(), m, *size, false, count)?);
        }
        let mut law = law(n, &self.sizes, &trials[..wanted], probabilities);
        law.mean *= self.scale;
        law.quantiles.iter_mut().for_each(|q| *q *= self.scale);
        Ok(law)
    }
}

impl Comparison for Against {
    fn value_names(&self) -> Vec<String> {
        vec!["value".into()]
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Kept { comparing: Arc::clone(&self.0), numbers: Vec::new() })
    }

    fn measure(&self, curves: &Curves<'_>, k: usize) -> Result<Measured> {
        let sum: f64 = (0..curves.members()).map(|i| curves.values[[i, k, 0]]).sum();
        Ok(Measured { value: sum / curves.members() as f64, statistical: None, model: None })
    }

    fn limit(&self, curves: &Curves<'_>, _level: f64) -> Result<Limit> {
        let last = curves.checkpoints().checked_sub(1);
        let last = last.ok_or_else(|| Error::data("expected a checkpoint, found none"))?;
        // Members share one reference, whose fluctuation averaging them does not reduce: its spread is in the null law.
        let value = self.measure(curves, last)?.value;
        let least = (0..curves.members()).map(|i| curves.passed(i, last)).min().unwrap_or(0);
        let most = self.0.shared.events as u64;
        // The host knows of all events that were generated, and not that no more than these were compared.
        let unknown = least > most && self.0.law(most as f64 / PLATEAU, &[])?.mean > value;
        Ok(Limit {
            value,
            low: if unknown { value.min(0.0) } else { value },
            high: value,
            extrapolated: false,
        })
    }

    fn null(&self, _curves: &Curves<'_>, n: f64, probabilities: &[f64]) -> Result<NullLaw> {
        self.0.law(n, probabilities)
    }
}

/// The first events of a sample.
struct Kept {
    comparing: Arc<Comparing>,
    /// Row by row.
    numbers: Vec<f64>,
}

impl Kept {
    fn width(&self) -> usize {
        self.comparing.reference.ncols()
    }

    fn keep(&mut self, numbers: impl Iterator<Item = f64>) {
        let most = self.comparing.shared.events * self.width();
        self.numbers.extend(numbers.take(most - self.numbers.len()));
    }
}

impl Accumulator for Kept {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let events = values.unweighted()?;
        expect_length("numbers of an event", self.width(), events.ncols())?;
        self.keep(events.iter().copied());
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok([self.numbers.len() as f64].into_iter().chain(self.numbers.iter().copied()).collect())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        let (length, numbers) =
            state.split_first().ok_or_else(|| Error::plugin("expected a state, found none"))?;
        expect_length("kept events", *length as usize, numbers.len())?;
        self.keep(numbers.iter().copied());
        Ok(())
    }

    fn values(&self) -> Result<Vec<f64>> {
        let (width, comparing) = (self.width(), &self.comparing);
        let sample = ArrayView2::from_shape((self.numbers.len() / width, width), &self.numbers);
        let sample = sample.map_err(|error| Error::plugin(error.to_string()))?;
        Ok(vec![comparing.shared.value(comparing.first(), sample)?])
    }
}

register_metric!(PythonMetric);
