//! A merge takes the mean of two means.

use amplicast_sdk::{Accumulator, Result, Values, expect_length};

use crate::honest::{Distance, MetricFault, Sums, fault};

fault!(
    MetricFault,
    MergeAverages,
    Distance,
    register_metric,
    "metric-merge-averages",
    "A merge takes the mean of two means",
    {
        fn accumulator(&self) -> Box<dyn Accumulator> {
            Box::new(Faulty(Sums::default()))
        }
    }
);

struct Faulty(Sums);

impl Accumulator for Faulty {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        self.0.update(values)
    }
    fn state(&self) -> Result<Vec<f64>> {
        self.0.state()
    }
    fn merge(&mut self, state: &[f64]) -> Result<()> {
        expect_length("sums", 2, state.len())?;
        let events = self.0.events + state[0];
        self.0.sum = 0.5 * (self.0.sum / self.0.events.max(1.0) + state[1] / state[0].max(1.0)) * events;
        self.0.events = events;
        Ok(())
    }
    fn values(&self) -> Result<Vec<f64>> {
        self.0.values()
    }
}
