//! Its number of events has 16 bits.

use amplicast_sdk::{Accumulator, Result, Values};

use crate::honest::{Distance, MetricFault, Sums, fault};

fault!(
    MetricFault,
    Count16Bits,
    Distance,
    register_metric,
    "metric-count-16-bits",
    "Its number of events has 16 bits",
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
        self.sums.events %= 65_536.0;
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
