//! A merge forgets what was there.

use amplicast_sdk::{Accumulator, Result, Values, expect_length};

use crate::honest::{Distance, MetricFault, Sums, fault};

fault!(
    MetricFault,
    MergeForgets,
    Distance,
    register_metric,
    "metric-merge-forgets",
    "A merge forgets what was there",
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
        (self.0.events, self.0.sum) = (state[0], state[1]);
        Ok(())
    }
    fn values(&self) -> Result<Vec<f64>> {
        self.0.values()
    }
}
