//! A merge takes any state.

use amplicast_sdk::{Accumulator, Result, Values};

use crate::honest::{Distance, MetricFault, Sums, fault};

fault!(
    MetricFault,
    MergeUnchecked,
    Distance,
    register_metric,
    "metric-merge-unchecked",
    "A merge takes any state",
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
        self.0.events += state.first().unwrap_or(&0.0);
        self.0.sum += state.get(1).unwrap_or(&0.0);
        Ok(())
    }
    fn values(&self) -> Result<Vec<f64>> {
        self.0.values()
    }
}
