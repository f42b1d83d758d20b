//! One column of an event.

use amplicast_sdk::{Batch, Component, Error, Result, Schema, Summary, SummaryStatistic, config, serde_json};

use crate::arguments::value;
use crate::rows::for_each_event;

config! {
    /// One column of an event.
    pub struct CoordinateConfig {
        /// Which column, counted from 0.
        pub index: usize = 0,
    }
}

/// Column number `index` (from 0) of an event; label `coordinate:INDEX`.
#[derive(Debug, Clone)]
pub struct Coordinate {
    index: usize,
}

impl Component for Coordinate {
    type Config = CoordinateConfig;
    const NAME: &'static str = "coordinate";
    const ABOUT: &'static str = "One column of an event";

    fn new(config: CoordinateConfig) -> Result<Self> {
        Ok(Coordinate { index: config.index })
    }
}

impl SummaryStatistic for Coordinate {
    fn label(&self) -> String {
        format!("coordinate:{}", self.index)
    }

    fn axis(&self) -> String {
        format!("x_{}", self.index + 1)
    }

    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        match arguments {
            [index] => Some(serde_json::json!({ "index": value(index) }).to_string()),
            _ => None,
        }
    }

    fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>> {
        if self.index >= schema.dimension() {
            return Err(Error::config(
                "index",
                format!(
                    "expected a column from 0 to {}, found {}; the columns are: {}",
                    schema.dimension().saturating_sub(1),
                    self.index,
                    schema.column_names().join(", ")
                ),
            ));
        }
        Ok(Box::new(self.clone()))
    }
}

impl Summary for Coordinate {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        for_each_event(batch, out, |event| event[self.index])
    }
}

amplicast_sdk::register_summary!(Coordinate);
