//! The metric `python`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use amplicast_sdk::ndarray::{Array2, ArrayView2, s};
use amplicast_sdk::serde_json::{Value, json};
use amplicast_sdk::*;

use crate::config::class_config;
use crate::door::Door;
use crate::effective::size_of_mean;
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

/// How pairs of true samples are made of the true events that are there.
#[derive(Debug, Clone, Copy)]
enum Pairs {
    /// Of disjoint parts of them.
    Split,
    /// Drawn with replacement, with their weights.
    Weighted,
    /// The same, but the events of the second sample count alike.
    Alike,
}

impl Pairs {
    fn text(self) -> &'static str {
        match self {
            Pairs::Split => "split",
            Pairs::Weighted => "weighted",
            Pairs::Alike => "alike",
        }
    }
}

/// Events with their weights, if they have some.
fn arrays<'a>(events: Values<'a>) -> Vec<Array<'a>> {
    [Array::events(events.x)].into_iter().chain(events.w.map(Array::Numbers)).collect()
}

impl Shared {
    /// The same events; refuses what the class does not know of.
    fn known<'a>(&self, events: Values<'a>) -> Result<Values<'a>> {
        match self.door.about.weights {
            true => events.ungrouped(),
            false => events.unweighted().map(Values::new),
        }
    }

    /// The first events that the class may be given.
    fn first<'a>(&self, events: Values<'a>) -> Values<'a> {
        let n = events.events().min(self.events);
        Values { x: events.x.slice_move(s![..n, ..]), w: events.w.map(|w| &w[..n]), g: None }
    }

    /// The class's distance.
    fn value(&self, reference: Values<'_>, sample: Values<'_>) -> Result<f64> {
        let mut value = [0.0];
        let ones = |events: Values<'_>| vec![1.0; events.events()];
        let (first, second) = (ones(reference), ones(sample));
        let mut arrays = vec![Array::events(reference.x), Array::events(sample.x)];
        if reference.w.is_some() || sample.w.is_some() {
            arrays.push(Array::Numbers(reference.w.unwrap_or(&first)));
            arrays.push(Array::Numbers(sample.w.unwrap_or(&second)));
        }
        self.door.enter(None)?.call(json!({"call": "value"}), &arrays, &mut value, None)?;
        Ok(value[0])
    }

    /// Distances of pairs of `m` and `n` events that are made of these.
    fn trials(&self, events: Values<'_>, m: usize, n: usize, pairs: Pairs, count: usize) -> Result<Trials> {
        let mut distances = vec![0.0; count];
        let message: Value = json!({"call": "law", "m": m, "n": n, "trials": count, "pairs": pairs.text()});
        self.door.enter(None)?.call(message, &arrays(events), &mut distances, None)?;
        Ok(Trials::new(distances))
    }

    /// The mean distance of all of these events from `n` that are drawn from them: with their weights, or so that they count alike.
    fn mean_of_all(&self, events: Values<'_>, n: usize, alike: bool) -> Result<f64> {
        let mut distances = vec![0.0; self.trials];
        let message: Value = json!({"call": "from_all", "n": n, "trials": self.trials, "alike": alike});
        self.door.enter(None)?.call(message, &arrays(events), &mut distances, None)?;
        Ok(Trials::new(distances).mean)
    }

    /// How many events that count alike are as far from the truth in the mean as so many with their weights. The class is given the first
    /// ones, which stand for the truth and for the events that are drawn from it.
    fn effective(&self, events: Values<'_>) -> Result<f64> {
        let all = self.first(events);
        let distance = self.mean_of_all(all, all.events(), false)?;
        let size = size_of_mean(distance, all.effective_size(), |n| self.mean_of_all(all, n, true));
        let size = size.map_err(|error| error.at(self.door.place()))?;
        Ok(size * events.events() as f64 / all.events() as f64)
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

    fn weights(&self) -> bool {
        self.shared.door.about.weights
    }

    /// The distance in units of the mean of independent samples, which are drawn from the training events.
    fn simulate(&self, training: Values<'_>, generated: Values<'_>) -> Result<Option<f64>> {
        let [training, generated] = [training.unweighted()?, generated.unweighted()?].map(Values::new);
        let shared = &self.shared;
        let (reference, sample) = (shared.first(training), shared.first(generated));
        let [m, n] = [reference, sample].map(|events| events.events());
        let independent = shared.trials(training, m, n, Pairs::Weighted, LEAST_TRIALS)?;
        Ok(Some(shared.value(reference, sample)? / independent.mean))
    }

    fn compare(&self, reference: &Reference<'_>) -> Result<Box<dyn Comparison>> {
        let shared = &self.shared;
        let all = shared.known(reference.values)?;
        if all.numbers() != 1 && self.takes() == Takes::One {
            reference.values.list()?;
        }
        if all.events() < 2 * SMALLEST {
            let found = all.events();
            return Err(Error::data(format!(
                "expected at least {} reference events, found {found}",
                2 * SMALLEST
            )));
        }
        let half = (all.events() / 2).min(shared.events);
        let [drawn, split] =
            [Pairs::Weighted, Pairs::Split].map(|pairs| shared.trials(all, half, half, pairs, shared.trials));
        expect_resampled(&drawn?, &split?).map_err(|error| error.at(shared.door.place()))?;
        let simulated = reference.simulated;
        let scale = match simulated.len() {
            0 => 1.0,
            n => simulated.iter().sum::<f64>() / n as f64,
        };
        Ok(Box::new(Against(Arc::new(Comparing {
            shared: Arc::clone(shared),
            reference: all.x.to_owned(),
            weights: all.w.map(<[f64]>::to_vec),
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
    weights: Option<Vec<f64>>,
    sizes: Vec<usize>,
    /// Of the law, where samples are not independent.
    scale: f64,
    /// At the first of the sizes.
    trials: Mutex<Vec<Trials>>,
}

struct Against(Arc<Comparing>);

impl Comparing {
    fn all(&self) -> Values<'_> {
        Values { w: self.weights.as_deref(), ..Values::new(self.reference.view()) }
    }

    fn first(&self) -> Values<'_> {
        self.shared.first(self.all())
    }

    /// The law for `n` events, of which no more than the largest size are looked at.
    fn law(&self, n: f64, probabilities: &[f64]) -> Result<NullLaw> {
        let mut trials = self.trials.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = (place(n, &self.sizes).max(1) + 1).min(self.sizes.len());
        for size in self.sizes.iter().take(wanted).skip(trials.len()) {
            let (m, count) = (self.first().events(), self.shared.trials);
            trials.push(self.shared.trials(self.all(), m, *size, Pairs::Alike, count)?);
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
        Box::new(Kept { comparing: Arc::clone(&self.0), numbers: Vec::new(), weights: Vec::new() })
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

    fn effective_events(&self, events: Values<'_>) -> Result<f64> {
        let shared = &self.0.shared;
        let events = shared.known(events)?;
        if events.are_alike() { Ok(events.events() as f64) } else { shared.effective(events) }
    }
}

/// The first events of a sample.
struct Kept {
    comparing: Arc<Comparing>,
    /// Row by row.
    numbers: Vec<f64>,
    /// One an event, 1 where events count alike; none for a class that does not take them.
    weights: Vec<f64>,
}

impl Kept {
    fn width(&self) -> usize {
        self.comparing.reference.ncols()
    }

    fn keep(&mut self, numbers: impl Iterator<Item = f64>, weights: impl Iterator<Item = f64>) {
        let shared = &self.comparing.shared;
        self.numbers.extend(numbers.take(shared.events * self.width() - self.numbers.len()));
        if shared.door.about.weights {
            self.weights.extend(weights.take(shared.events - self.weights.len()));
        }
    }
}

impl Accumulator for Kept {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let events = self.comparing.shared.known(values)?;
        expect_length("numbers of an event", self.width(), events.numbers())?;
        let weight = |event: usize| events.w.map_or(1.0, |weights| weights[event]);
        self.keep(events.x.iter().copied(), (0..events.events()).map(weight));
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        let events = (self.numbers.len() / self.width()) as f64;
        Ok([&[events], &self.numbers[..], &self.weights].concat())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        let (events, list) =
            state.split_first().ok_or_else(|| Error::plugin("expected a state, found none"))?;
        let numbers = *events as usize * self.width();
        let weights = if self.comparing.shared.door.about.weights { *events as usize } else { 0 };
        expect_length("kept events", numbers + weights, list.len())?;
        let (numbers, weights) = list.split_at(numbers);
        self.keep(numbers.iter().copied(), weights.iter().copied());
        Ok(())
    }

    fn values(&self) -> Result<Vec<f64>> {
        let (width, comparing) = (self.width(), &self.comparing);
        let sample = ArrayView2::from_shape((self.numbers.len() / width, width), &self.numbers);
        let sample = Values::new(sample.map_err(|error| Error::plugin(error.to_string()))?);
        // Weights of 1 are none.
        let differ = self.weights.iter().any(|weight| *weight != 1.0);
        let sample = Values { w: differ.then_some(&self.weights[..]), ..sample };
        Ok(vec![comparing.shared.value(comparing.first(), sample)?])
    }
}

register_metric!(PythonMetric);
