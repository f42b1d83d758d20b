//! A merge into an empty accumulator fails.

use amplicast_sdk::{Accumulator, Error, Result, Values};

use crate::honest::{Distance, MetricFault, Sums, fault};

fault!(
    MetricFault,
    MergeEmpty,
    Distance,
    register_metric,
    "metric-merge-empty",
    "A merge into an empty accumulator fails",
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
        if self.0.events == 0.0 {
            return Err(Error::data("nothing to merge with"));
        }
        self.0.merge(state)
    }
    fn values(&self) -> Result<Vec<f64>> {
        self.0.values()
    }
}
