//! It ignores a fourth state.

use amplicast_sdk::{Accumulator, Result, Values};

use crate::honest::{Distance, MetricFault, Sums, fault};

fault!(
    MetricFault,
    FourthMerge,
    Distance,
    register_metric,
    "metric-fourth-merge",
    "It ignores a fourth state",
    {
        fn accumulator(&self) -> Box<dyn Accumulator> {
            Box::new(Faulty::default())
        }
    }
);

#[derive(Default)]
struct Faulty {
    sums: Sums,
    merged: usize,
}

impl Accumulator for Faulty {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        self.sums.update(values)?;
        Ok(())
    }
    fn state(&self) -> Result<Vec<f64>> {
        self.sums.state()
    }
    fn merge(&mut self, state: &[f64]) -> Result<()> {
        self.merged += 1;
        if self.merged > 3 { Ok(()) } else { self.sums.merge(state) }
    }
    fn values(&self) -> Result<Vec<f64>> {
        self.sums.values()
    }
}
