//! The values depend on how they are cut into updates.

use amplicast_sdk::{Accumulator, Result, Values};

use crate::honest::{Distance, MetricFault, Sums, fault};

fault!(
    MetricFault,
    UpdateOrder,
    Distance,
    register_metric,
    "metric-update-order",
    "The values depend on how they are cut into updates",
    {
        fn accumulator(&self) -> Box<dyn Accumulator> {
            Box::new(Faulty(Sums::default()))
        }
    }
);

struct Faulty(Sums);

impl Accumulator for Faulty {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let before = self.0.sum;
        self.0.update(values)?;
        self.0.sum += 1e-3 * before;
        Ok(())
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
