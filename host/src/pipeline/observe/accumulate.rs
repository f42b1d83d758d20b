//! What is counted of the values of a summary under a selection.

use amplicast_sdk::{Accumulator, Comparison, Result, Values, expect_length};
use serde::{Deserialize, Serialize};

use crate::inspection::Runs;

/// What a column counts.
#[derive(Clone, Copy)]
pub enum Counter<'a> {
    /// A metric.
    Metric(&'a dyn Comparison),
    /// A histogram with these edges.
    Histogram(&'a [f64]),
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
            Counter::Histogram(edges) => Box::new(Histogram::new(edges)),
            Counter::Runs(threshold) => Box::new(Runs::new(*threshold)),
        }
    }
}

/// Events in bins [edge, next edge); others are left out.
pub struct Histogram {
    edges: Vec<f64>,
    counts: Vec<u64>,
}

impl Histogram {
    /// An empty histogram with equally spaced edges.
    pub fn new(edges: &[f64]) -> Self {
        Histogram { edges: edges.to_vec(), counts: vec![0; edges.len() - 1] }
    }
}

impl Accumulator for Histogram {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let (low, bins) = (self.edges[0], self.counts.len());
        let scale = bins as f64 / (self.edges[bins] - low);
        for &x in values.one()? {
            let bin = (x - low) * scale;
            if bin >= 0.0 && bin < bins as f64 {
                self.counts[bin as usize] += 1;
            }
        }
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

/// The true events behind a column, as a member's view counts them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TrueCounts {
    /// Reference events that pass the selection.
    pub n_reference: u64,
    /// Training events that pass the selection; for a histogram only those that it counts.
    pub n_train: u64,
    /// For a histogram, training events in its bins.
    pub training: Vec<f64>,
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
