//! What is counted of the values of a summary under a selection.

use amplicast_sdk::{Accumulator, Comparison, Result, Values, WeightedFractions, expect_length};
use serde::{Deserialize, Serialize};

use crate::inspection::Runs;

/// What a column counts.
#[derive(Clone, Copy)]
pub enum Counter<'a> {
    /// A metric.
    Metric(&'a dyn Comparison),
    /// A histogram with these edges, of true events that have weights or not.
    Histogram(&'a [f64], bool),
    /// Neighbors on different sides of this threshold.
    Runs(f64),
}

/// One accumulator of the pass: a summary of the events that pass a selection.
#[derive(Clone, Copy)]
pub struct Column<'a> {
    /// Number of the summary.
    pub summary: usize,
    /// Number of the selection.
    pub selection: usize,
    /// What is counted.
    pub counter: Counter<'a>,
}

impl Column<'_> {
    /// An empty accumulator of this column.
    pub fn accumulator(&self) -> Box<dyn Accumulator> {
        match &self.counter {
            Counter::Metric(comparison) => comparison.accumulator(),
            Counter::Histogram(edges, false) => Box::new(Histogram::new(edges)),
            Counter::Histogram(edges, true) => Box::new(WeightedHistogram::new(edges)),
            Counter::Runs(threshold) => Box::new(Runs::new(*threshold)),
        }
    }
}

/// Bins [edge, next edge) of equal width.
struct Bins {
    edges: Vec<f64>,
}

impl Bins {
    fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// The bin of a value; none if it is outside of all.
    fn of(&self) -> impl Fn(f64) -> Option<usize> + use<> {
        let (low, bins) = (self.edges[0], self.len());
        let scale = bins as f64 / (self.edges[bins] - low);
        move |x| {
            let bin = (x - low) * scale;
            (bin >= 0.0 && bin < bins as f64).then_some(bin as usize)
        }
    }
}

/// Events in bins; others are left out.
pub struct Histogram {
    bins: Bins,
    counts: Vec<u64>,
}

impl Histogram {
    /// An empty histogram with equally spaced edges.
    pub fn new(edges: &[f64]) -> Self {
        Histogram { bins: Bins { edges: edges.to_vec() }, counts: vec![0; edges.len() - 1] }
    }
}

impl Accumulator for Histogram {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let bin = self.bins.of();
        values.one()?.iter().filter_map(|x| bin(*x)).for_each(|bin| self.counts[bin] += 1);
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(self.counts.iter().map(|&c| c as f64).collect())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        expect_length("bins", self.counts.len(), state.len())?;
        self.counts.iter_mut().zip(state).for_each(|(c, &s)| *c += s as u64);
        Ok(())
    }

    fn values(&self) -> Result<Vec<f64>> {
        self.state()
    }
}

/// The same of events that may have weights: the sums of [`WeightedFractions`].
pub struct WeightedHistogram {
    bins: Bins,
    sums: WeightedFractions,
}

impl WeightedHistogram {
    /// An empty histogram with equally spaced edges.
    pub fn new(edges: &[f64]) -> Self {
        let bins = Bins { edges: edges.to_vec() };
        WeightedHistogram { sums: WeightedFractions::new(bins.len()), bins }
    }

    /// The sums of its bins.
    pub fn sums(&self) -> &WeightedFractions {
        &self.sums
    }
}

impl Accumulator for WeightedHistogram {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let (x, weights) = values.one_weighted()?;
        let bin = self.bins.of();
        self.sums.add(weights, x.len());
        for (i, x) in x.iter().enumerate() {
            if let Some(bin) = bin(*x) {
                self.sums.add_one_to(bin, weights.map_or(1.0, |weights| weights[i]));
            }
        }
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(self.sums.numbers())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        self.sums.merge(state)
    }

    fn values(&self) -> Result<Vec<f64>> {
        self.state()
    }
}

/// The true events behind a column, as a member's view counts them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TrueCounts {
    /// Reference events that pass the selection.
    pub n_reference: u64,
    /// Training events that pass the selection; for a histogram only those that it counts.
    pub n_train: u64,
    /// How many events that count alike these are worth to a metric, if they have weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<f64>,
    /// For a histogram, training events in its bins.
    pub training: Vec<f64>,
    /// For a histogram of events with weights, the fractions of these in its bins, with their errors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub training_fractions: Vec<[f64; 2]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_leave_out_what_is_outside() {
        let mut histogram = Histogram::new(&[0.0, 1.0, 2.0]);
        histogram.update(Values::single(&[-0.1, 0.0, 0.99, 1.0, 2.0, 5.0])).unwrap();
        assert_eq!(histogram.values().unwrap(), vec![2.0, 1.0]);
    }
}
