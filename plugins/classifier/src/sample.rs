//! What a classifier is trained on: standardized events of one kind, a part of them kept for validation.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::rand::seq::SliceRandom;
use amplicast_sdk::{Error, Result, Seed};

/// Fewest events of a kind.
const LEAST: usize = 10;

/// Events of one kind, one a row, with a weight for each; without, all count alike.
pub type Kind<'a> = (ArrayView2<'a, f64>, Option<&'a [f64]>);

/// Mean and inverse standard deviation of each column over both samples, each sample with the same weight and its events alike.
pub fn scale(kinds: [ArrayView2<'_, f64>; 2]) -> Result<Vec<(f64, f64)>> {
    let moment = |column: usize, f: &dyn Fn(f64) -> f64| {
        let mean = |events: &ArrayView2<'_, f64>| {
            events.column(column).iter().map(|x| f(*x)).sum::<f64>() / events.nrows() as f64
        };
        0.5 * kinds.iter().map(mean).sum::<f64>()
    };
    let scale = |column: usize| {
        let mean = moment(column, &|x| x);
        let variance = moment(column, &|x| (x - mean).powi(2));
        // A constant column tells nothing, and becomes 0.
        (mean, if variance > 0.0 { variance.sqrt().recip() } else { 1.0 })
    };
    let found: Vec<(f64, f64)> = (0..kinds[0].ncols()).map(scale).collect();
    let varies = |events: &ArrayView2<'_, f64>| {
        events.columns().into_iter().any(|x| x.iter().any(|value| *value != x[0]))
    };
    if kinds.iter().any(varies) {
        return Ok(found);
    }
    Err(Error::data(
        "a classifier cannot be trained: expected events that differ, found the same numbers in all of them",
    ))
}

/// Events of one kind.
pub struct Sample {
    /// Standardized, event by event.
    numbers: Vec<f32>,
    /// Of each event, with the mean 1 over the events to train on and over the others; none if all count alike.
    weights: Option<Vec<f64>>,
    dimension: usize,
    /// Places of the events to train on, in an order that changes with every pass.
    training: Vec<usize>,
    next: usize,
    /// Places of the others.
    pub validation: Vec<usize>,
}

impl Sample {
    /// Standardizes the events and parts them at random.
    pub fn new(
        what: &str,
        (events, weights): Kind<'_>,
        scale: &[(f64, f64)],
        validation: f64,
        seed: Seed,
    ) -> Result<Self> {
        let n = events.nrows();
        if n < LEAST {
            return Err(Error::data(format!(
                "a classifier cannot be trained: expected at least {LEAST} {what} events, found {n}"
            )));
        }
        let standardized = |((_, column), x): ((usize, usize), &f64)| {
            let (mean, inverse) = scale[column];
            ((x - mean) * inverse) as f32
        };
        let numbers = events.indexed_iter().map(standardized).collect();
        let mut places: Vec<usize> = (0..n).collect();
        places.shuffle(&mut seed.stream());
        let kept = ((n as f64 * validation) as usize).clamp(1, n - 1);
        let training = places.split_off(kept);
        let weights = weights.map(|weights| normalized(what, weights, [&training, &places])).transpose()?;
        Ok(Sample {
            numbers,
            weights,
            dimension: scale.len(),
            next: training.len(),
            training,
            validation: places,
        })
    }

    /// Events to train on, `n` of them; every pass is a fresh permutation.
    pub fn next_batch(&mut self, n: usize, stream: &mut amplicast_sdk::Stream) -> Vec<usize> {
        let mut batch = Vec::with_capacity(n);
        while batch.len() < n {
            if self.next == self.training.len() {
                self.training.shuffle(stream);
                self.next = 0;
            }
            let end = (self.next + n - batch.len()).min(self.training.len());
            batch.extend_from_slice(&self.training[self.next..end]);
            self.next = end;
        }
        batch
    }

    /// Appends the numbers of these events, and their weights.
    pub fn extend(&self, places: &[usize], numbers: &mut Vec<f32>, weights: &mut Vec<f64>) {
        for place in places {
            numbers.extend_from_slice(&self.numbers[place * self.dimension..(place + 1) * self.dimension]);
            weights.push(self.weights.as_ref().map_or(1.0, |weights| weights[*place]));
        }
    }
}

/// Weights with the mean 1 over each of these parts, so that the logit has no offset.
fn normalized(what: &str, weights: &[f64], parts: [&[usize]; 2]) -> Result<Vec<f64>> {
    let mut found = weights.to_vec();
    for part in parts {
        let sum: f64 = part.iter().map(|place| weights[*place]).sum();
        if sum <= 0.0 {
            return Err(Error::data(format!(
                "a classifier cannot be trained: expected {what} events whose weights have a positive sum, found {sum} of {} events",
                part.len()
            )));
        }
        part.iter().for_each(|place| found[*place] *= part.len() as f64 / sum);
    }
    Ok(found)
}
