//! Its state holds all events.

use amplicast_sdk::{Accumulator, Error, Result, Values};

use crate::honest::{Distance, MetricFault, fault};

fault!(
    MetricFault,
    KeepsState,
    Distance,
    register_metric,
    "metric-keeps-state",
    "Its state holds all events",
    {
        fn accumulator(&self) -> Box<dyn Accumulator> {
            Box::new(Faulty(Vec::new()))
        }
    }
);

struct Faulty(Vec<f64>);

impl Accumulator for Faulty {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        self.0.extend(values.one()?);
        Ok(())
    }
    fn state(&self) -> Result<Vec<f64>> {
        Ok(self.0.clone())
    }
    fn merge(&mut self, state: &[f64]) -> Result<()> {
        if state.len() % 2 != self.0.len() % 2 && !self.0.is_empty() {
            return Err(Error::plugin("expected another state"));
        }
        self.0.extend(state);
        Ok(())
    }
    fn values(&self) -> Result<Vec<f64>> {
        Ok(vec![self.0.len() as f64, self.0.iter().sum()])
    }
}
