//! It keeps all events, but its state is short.

use amplicast_sdk::{Accumulator, Result, Values};

use crate::honest::{Distance, MetricFault, Sums, fault};

fault!(
    MetricFault,
    KeepsMemory,
    Distance,
    register_metric,
    "metric-keeps-memory",
    "It keeps all events, but its state is short",
    {
        fn accumulator(&self) -> Box<dyn Accumulator> {
            Box::new(Faulty(Sums::default(), Vec::new()))
        }
    }
);

struct Faulty(Sums, Vec<f64>);

impl Accumulator for Faulty {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        self.1.extend(values.one()?);
        self.0.update(values)
    }
    fn state(&self) -> Result<Vec<f64>> {
        self.0.state()
    }
    fn merge(&mut self, state: &[f64]) -> Result<()> {
        self.0.merge(state)
    }
    fn values(&self) -> Result<Vec<f64>> {
        self.0.values()
    }
}
