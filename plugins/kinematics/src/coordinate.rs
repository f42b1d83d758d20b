//! One column of an event.

use amplicast_sdk::{
    Batch, Component, Result, Schema, Summary, SummaryStatistic, config, ensure_config, serde_json,
};

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
        check_column("index", self.index, schema)?;
        Ok(Box::new(self.clone()))
    }
}

/// Refuses a column that the events do not have; `field` of the configuration names it.
pub fn check_column(field: &str, index: usize, schema: &Schema) -> Result<()> {
    ensure_config(index < schema.dimension(), field, || {
        format!(
            "expected a column from 0 to {}, found {index}; the columns are: {}",
            schema.dimension().saturating_sub(1),
            schema.column_names().join(", ")
        )
    })
}

impl Summary for Coordinate {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        for_each_event(batch, out, |event| event[self.index])
    }
}

amplicast_sdk::register_summary!(Coordinate);

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::array;
    use amplicast_sdk::{Origin, read_config};

    use super::*;

    #[test]
    fn a_column() {
        let events = array![[1.0, 2.0], [3.0, 4.0]];
        let batch = Batch::new(events.view(), Origin::Training, &[0, 1]);
        let summary = Coordinate { index: 1 }.prepare(&Schema::columns(["a", "b"])).unwrap();
        let mut out = [0.0; 2];
        summary.evaluate(&batch, &mut out).unwrap();
        assert_eq!(out, [2.0, 4.0]);
    }

    #[test]
    fn a_missing_column_is_refused_with_what_there_is() {
        let error = Coordinate { index: 2 }.prepare(&Schema::columns(["a", "b"])).err().unwrap();
        assert_eq!(error.to_string(), "index: expected a column from 0 to 1, found 2; the columns are: a, b");
    }

    #[test]
    fn arguments() {
        let config = |arguments: &[&str]| Coordinate::config_of_arguments(arguments);
        assert_eq!(config(&["3"]).unwrap(), r#"{"index":3}"#);
        let error = read_config::<CoordinateConfig>(&config(&["first"]).unwrap()).unwrap_err().to_string();
        assert!(error.starts_with(r#"index: invalid type: string "first""#), "{error}");
        assert_eq!(config(&["1", "2"]), None);
    }
}
