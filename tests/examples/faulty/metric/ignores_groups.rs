//! It says that it takes groups of events, and counts every event.

use amplicast_sdk::*;

use crate::honest::{Distance, MetricFault, Sums, fault};

fault!(
    MetricFault,
    IgnoresGroups,
    Distance,
    register_metric,
    "metric-ignores-groups",
    "It says that it takes groups of events, and counts every event",
    {
        fn says_groups(&self) -> bool {
            true
        }

        fn accumulator(&self) -> Box<dyn Accumulator> {
            Box::new(Faulty(Sums::default()))
        }
    }
);

struct Faulty(Sums);

impl Accumulator for Faulty {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        self.0.update(Values { g: None, ..values })
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
