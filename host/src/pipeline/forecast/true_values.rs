//! True events from which pseudo-experiments are drawn.

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::rand_distr::Distribution;
use amplicast_sdk::rand_distr::weighted::WeightedAliasIndex;
use amplicast_sdk::{Error, Result, Seed, Stream};

use crate::moments::{open_end, quantile};
use crate::pipeline::observe::{Kept, Sorted};

/// Many true values of a summary, which count alike.
#[derive(Debug, Clone)]
pub struct TrueValues {
    /// In rising order if an event has one number; otherwise the numbers of one event after the other.
    pub list: Vec<f64>,
    /// Numbers of an event.
    pub numbers: usize,
}

impl TrueValues {
    /// Of these events. Of those with weights as many others: the quantiles of one number, and what is drawn of events of several.
    pub fn new(kept: Kept, numbers: usize, seed: Seed) -> Result<Self> {
        if numbers == 1 {
            return Ok(TrueValues { list: Sorted::new(kept.values(1))?.alike(), numbers });
        }
        let Kept { numbers: list, weights, .. } = kept;
        let Some(weights) = weights.filter(|weights| !weights.is_empty()) else {
            return Ok(TrueValues { list, numbers });
        };
        let drawn = WeightedAliasIndex::new(weights).map_err(|_| {
            Error::unsupported(
                "expected weights of 0 or more, to draw events of several numbers from them, found negative ones",
            )
        })?;
        let mut stream = seed.stream();
        let events = list.len() / numbers;
        let event = |_| {
            let event: usize = drawn.sample(&mut stream);
            list[event * numbers..(event + 1) * numbers].to_vec()
        };
        Ok(TrueValues { list: (0..events).flat_map(event).collect(), numbers })
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        self.list.len() / self.numbers
    }

    /// Quantiles of one number.
    pub fn quantiles(&self, probabilities: &[f64]) -> Vec<f64> {
        let edge = |&p: &f64| open_end(p).unwrap_or_else(|| quantile(&self.list, p));
        probabilities.iter().map(edge).collect()
    }

    /// `n` of these events, drawn with replacement, appended to `to`.
    pub fn draw(&self, n: usize, stream: &mut Stream, to: &mut Vec<f64>) {
        for _ in 0..n {
            let event = stream.random_range(0..self.events());
            to.extend_from_slice(&self.list[event * self.numbers..(event + 1) * self.numbers]);
        }
    }
}
