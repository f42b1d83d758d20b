//! It counts up to a million events.

use amplicast_sdk::{Accumulator, Result, Values};

use crate::honest::{Distance, MetricFault, Sums, fault};

fault!(
    MetricFault,
    CountMillion,
    Distance,
    register_metric,
    "metric-count-million",
    "It counts up to a million events",
    {
        fn accumulator(&self) -> Box<dyn Accumulator> {
            Box::new(Faulty::default())
        }
    }
);

#[derive(Default)]
struct Faulty {
    sums: Sums,
}

impl Accumulator for Faulty {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        self.sums.update(values)?;
        self.sums.events = self.sums.events.min(1e6);
        Ok(())
    }
    fn state(&self) -> Result<Vec<f64>> {
        self.sums.state()
    }
    fn merge(&mut self, state: &[f64]) -> Result<()> {
        self.sums.merge(state)
    }
    fn values(&self) -> Result<Vec<f64>> {
        self.sums.values()
    }
}
