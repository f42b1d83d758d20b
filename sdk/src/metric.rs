//! Metrics: a value of a sample's summaries, with its law when the sample is true (the null law).
//!
//! The amplification factor is solved by the host alone, once for every metric: it finds the size n_equiv at which
//! the null law equals the metric's limit for n_gen -> infinity (Bahl et al. 2025, Eq. 3).

use std::path::PathBuf;

use ndarray::ArrayView3;

use crate::{Component, Error, Result, Values};

/// How many numbers an event may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// One.
    One,
    /// Any number of numbers.
    Any,
}

/// What a metric needs of the reference.
#[derive(Debug, Clone, PartialEq)]
pub enum ReferenceUse {
    /// Every value of the reference sample.
    Values,
    /// Only these quantiles of the summary (probabilities between 0 and 1); possibly none.
    Quantiles(Vec<f64>),
}

/// The reference of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'a> {
    /// The summaries of the reference events; no event if the metric asked for quantiles only.
    pub values: Values<'a>,
    /// The quantiles that the metric asked for, in its order.
    pub quantiles: &'a [f64],
    /// What [`Metric::simulate`] made of each pseudo-experiment, for a reference whose summaries are not independent; empty
    /// otherwise.
    pub simulated: &'a [f64],
    /// Whether true events have weights: accumulators of the comparison will see some with weights, and others without.
    pub weighted: bool,
    /// Whether some true events belong together ([`Values::g`]): accumulators of the comparison will see such with their groups, whole ones
    /// in one [`Accumulator::update`], and others without.
    pub grouped: bool,
}

impl<'a> Reference<'a> {
    /// A sample of independent events.
    pub fn sample(values: Values<'a>) -> Self {
        Reference {
            values,
            quantiles: &[],
            simulated: &[],
            weighted: values.w.is_some(),
            grouped: values.g.is_some(),
        }
    }

    /// Quantiles alone, for events of so many numbers.
    pub fn quantiles(numbers: usize, quantiles: &'a [f64]) -> Self {
        Reference { quantiles, ..Reference::sample(Values::none(numbers)) }
    }
}

/// How a metric is shown in figures and in the report.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shown {
    /// The label of its axis with its symbol. What stands between two `$` is set in italics, and what in `_{}` below the line.
    pub axis: String,
    /// What the figure of a curve shows, in sentences.
    pub caption: String,
    /// Whether its values are squares, such as variances, of which figures show the roots.
    pub root: bool,
    /// Whether its curve has a statistical and a model part ([`Measured`]), which figures show beside the whole.
    pub parts: bool,
}

impl Shown {
    /// A value, such as a distance, that figures show as it is, with its spread over members and the bands of its law.
    pub fn value(name: &str) -> Self {
        Shown {
            axis: name.into(),
            caption: "The metric against the size of the generated sample: mean and standard deviation over members. Black \
                      line and gray bands: the law of the metric for true events."
                .into(),
            root: false,
            parts: false,
        }
    }

    /// The variance of a quantity in its two parts, shown as standard deviations.
    pub fn variance(name: &str) -> Self {
        Shown {
            axis: format!("uncertainty $σ$ of the {name}"),
            caption: format!(
                "Standard deviations of the {name} against the size of the generated sample. Where the subtraction gives a \
                 negative model part, no point is drawn."
            ),
            root: true,
            parts: true,
        }
    }
}

/// A way to compare a sample's summaries with a reference.
pub trait Metric: Component {
    /// How many numbers the summaries that it compares may have.
    ///
    /// Quantiles are those of one number: a metric that asks for some takes one.
    fn takes(&self) -> Takes {
        Takes::One
    }

    /// What it needs of the reference.
    fn reference(&self) -> ReferenceUse {
        ReferenceUse::Values
    }

    /// Fewest members without which it has no value.
    fn least_members(&self) -> u64 {
        1
    }

    /// How it is shown.
    fn shown(&self) -> Shown {
        Shown::value(Self::NAME)
    }

    /// Whether it can compare true events that have weights ([`Reference::weighted`]).
    fn weights(&self) -> bool {
        false
    }

    /// Whether it can compare true events of which some belong together ([`Reference::grouped`]). It then takes their weights as well.
    fn groups(&self) -> bool {
        false
    }

    /// Files that the metric reads; their contents enter the hash of every stage that depends on it.
    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// A number of its own for one pseudo-experiment, from which it knows its law where summaries are not independent; `None` if
    /// it has no use for these.
    ///
    /// Given are the summaries of pseudo-true events, scored as training events are, and of generated ones
    /// ([`PseudoExperiments`](crate::PseudoExperiments)). The host hands the numbers of all of them to [`Metric::compare`].
    fn simulate(&self, _training: Values<'_>, _generated: Values<'_>) -> Result<Option<f64>> {
        Ok(None)
    }

    /// The comparison with one reference.
    fn compare(&self, reference: &Reference<'_>) -> Result<Box<dyn Comparison>>;
}

/// What the accumulators of all members held at all checkpoints.
#[derive(Debug, Clone, Copy)]
pub struct Curves<'a> {
    /// Events generated by each member up to each checkpoint.
    pub generated: &'a [u64],
    /// Of these, events that passed the selection (member x checkpoint, row-major).
    pub passed: &'a [u64],
    /// [`Accumulator::values`] (member x checkpoint x value).
    pub values: ArrayView3<'a, f64>,
    /// How many independent members they are worth.
    pub n_effective: f64,
}

impl Curves<'_> {
    /// Number of members.
    pub fn members(&self) -> usize {
        self.values.shape()[0]
    }

    /// Number of checkpoints.
    pub fn checkpoints(&self) -> usize {
        self.values.shape()[1]
    }

    /// Events of member `i` that passed the selection up to checkpoint `k`.
    pub fn passed(&self, i: usize, k: usize) -> u64 {
        self.passed[i * self.checkpoints() + k]
    }
}

/// The metric at one checkpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The metric averaged over members.
    pub value: f64,
    /// The part that is due to the finite number of generated events, if the metric knows it.
    pub statistical: Option<f64>,
    /// The part that remains for n_gen -> infinity, if the metric knows it; may fluctuate below zero.
    pub model: Option<f64>,
}

/// The metric for n_gen -> infinity, with its interval at the level asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Best estimate; not positive when it cannot be told from zero.
    pub value: f64,
    /// Lower end of the interval; not positive when zero cannot be excluded.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Whether the n_gen dependence was removed; if not, the limit is the last checkpoint and holds only for n_gen >= 10 n_equiv.
    pub extrapolated: bool,
}

/// The law of the metric for a true sample of a given size.
#[derive(Debug, Clone, PartialEq)]
pub struct NullLaw {
    /// Its mean.
    pub mean: f64,
    /// Its quantiles at the probabilities asked for.
    pub quantiles: Vec<f64>,
}

/// The mean squared deviation from the truth, for n_gen -> infinity, in one replica.
///
/// Both versions of the true amplification are made from the replicas' means of these (finite sample terms subtracted).
#[derive(Debug, Clone, PartialEq)]
pub struct Deviation {
    /// Of the mean over members: what Eq. 18 forecasts.
    pub posterior_mean: f64,
    /// Of a single member (Eq. 11): half the amplification when the posterior is calibrated.
    pub single_member: f64,
    /// The null law's mean times n: I (1 - I), summed over regions, at the true integrals.
    pub null_scale: f64,
    /// `(<I> - I_true) / (sigma_model sqrt(1 + 1/N))`, one a region; Student's t with N - 1 degrees of freedom if calibrated.
    pub pulls: Vec<f64>,
}

/// What an averaging metric is made of: expectation values in a sample, and how much they scatter.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectations {
    /// The sample's mean of each quantity, such as the fraction of events in each region.
    pub means: Vec<f64>,
    /// Their covariance from one event to another (quantity x quantity, row by row); that of the means, times `events`.
    pub covariance: Vec<f64>,
    /// The unit in which each quantity enters a sum over quantities. Those of the training events are used for all samples.
    pub units: Vec<f64>,
    /// Relative standard error of the sum of the quantities' variances in these units, as this sample knows it.
    pub error: f64,
    /// How the error of each mean goes with that of the sum: their covariance, relative for the sum and in the mean's own unit, times
    /// the number of events. Zero where the two have nothing to do with each other.
    pub with_error: Vec<f64>,
    /// How many events that all count alike know the expectation values as well, the quantities' variances added up in these units: the
    /// number of events, unless they have weights or belong together.
    pub events: f64,
}

/// A comparison with one reference.
pub trait Comparison: Send + Sync {
    /// What the numbers of [`Accumulator::values`] are.
    fn value_names(&self) -> Vec<String>;

    /// What its [`Expectations`] are of, in their order.
    fn quantities(&self) -> Vec<String> {
        self.value_names()
    }

    /// An empty accumulator.
    fn accumulator(&self) -> Box<dyn Accumulator>;

    /// The metric at checkpoint `k`.
    fn measure(&self, curves: &Curves<'_>, k: usize) -> Result<Measured>;

    /// The metric for n_gen -> infinity with its central interval at `level` (0.68, 0.95).
    fn limit(&self, curves: &Curves<'_>, level: f64) -> Result<Limit>;

    /// The law of the metric for a true sample of `n` events (`n` may be infinite), at these probabilities.
    ///
    /// Mean and quantiles fall monotonically with n.
    fn null(&self, curves: &Curves<'_>, n: f64, probabilities: &[f64]) -> Result<NullLaw>;

    /// The expectation values of a sample of so many events, given the accumulator's values on it.
    ///
    /// From those of members and of the events that they were fitted to, the host measures how far a generator is from the truth, its bias
    /// included. `None` of a metric that averages nothing.
    fn expectations(&self, _values: &[f64], _events: u64) -> Result<Option<Expectations>> {
        Ok(None)
    }

    /// How many true events that all count alike, each by itself, tell the metric as much as these, which have weights or belong together.
    ///
    /// Of [`Expectations`] their `events`; otherwise, unless the metric knows better, [`Values::effective_size`].
    fn effective_events(&self, events: Values<'_>) -> Result<f64> {
        if events.are_alike() {
            return Ok(events.events() as f64);
        }
        let mut accumulator = self.accumulator();
        accumulator.update(events)?;
        let found = self.expectations(&accumulator.values()?, events.events() as u64)?;
        Ok(found.map_or_else(|| events.effective_size(), |found| found.events))
    }

    /// The deviation from the truth, given the accumulator's values on `n_truth` true events.
    ///
    /// `None` if the metric has no true value to be compared with.
    fn deviation(&self, _curves: &Curves<'_>, _truth: &[f64], _n_truth: u64) -> Result<Option<Deviation>> {
        Ok(None)
    }
}

/// A stream's running state: memory independent of the number of events.
pub trait Accumulator: Send {
    /// Takes the summaries of further events: of those that belong together, all of a group, next to each other.
    fn update(&mut self, values: Values<'_>) -> Result<()>;

    /// Everything that another accumulator of the same comparison needs to go on from here.
    fn state(&self) -> Result<Vec<f64>>;

    /// Adds the state of an accumulator that saw the events after this one's.
    fn merge(&mut self, state: &[f64]) -> Result<()>;

    /// The numbers that a checkpoint records.
    fn values(&self) -> Result<Vec<f64>>;
}

/// An error unless two lengths agree; for [`Accumulator::merge`] and other callers of foreign vectors.
pub fn expect_length(what: &str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::plugin(format!("{what}: expected {expected} numbers, found {found}")))
    }
}
