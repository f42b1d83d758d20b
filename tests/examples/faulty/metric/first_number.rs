//! It says that it takes any numbers, and looks at the first.

use amplicast_sdk::*;

use crate::honest::{Distance, MetricFault, Sums, fault};

fault!(
    MetricFault,
    FirstNumber,
    Distance,
    register_metric,
    "metric-first-number",
    "It says that it takes any numbers, and looks at the first",
    {
        fn takes(&self) -> Takes {
            Takes::Any
        }
        fn accumulator(&self) -> Box<dyn Accumulator> {
            Box::new(Faulty(Sums::default()))
        }
    }
);

struct Faulty(Sums);

impl Accumulator for Faulty {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        self.0.update(Values::single(&values.x.column(0).to_vec()))
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
