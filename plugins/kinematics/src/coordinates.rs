//! Several columns of an event together.

use amplicast_sdk::{
    Batch, Component, Result, Schema, Summary, SummaryStatistic, config, ensure_config, serde_json,
};

use crate::arguments::value;
use crate::coordinate::check_column;
use crate::rows::events;

config! {
    /// Several columns of an event, as one vector.
    pub struct CoordinatesConfig {
        /// Which columns, counted from 0, such as [0, 1]; each once.
        pub indices: Vec<usize> = vec![0, 1],
    }
}

/// Columns of an event as a vector, for metrics that take one; label `coordinates:0,1`.
#[derive(Debug, Clone)]
pub struct Coordinates {
    indices: Vec<usize>,
}

impl Component for Coordinates {
    type Config = CoordinatesConfig;
    const NAME: &'static str = "coordinates";
    const ABOUT: &'static str = "Several columns of an event as one vector";

    fn new(config: CoordinatesConfig) -> Result<Self> {
        let indices = config.indices;
        ensure_config(!indices.is_empty(), "indices", || "expected at least one column, found none".into())?;
        for (i, index) in indices.iter().enumerate() {
            ensure_config(!indices[..i].contains(index), &format!("indices[{i}]"), || {
                format!("expected each column once, found {index} again")
            })?;
        }
        Ok(Coordinates { indices })
    }
}

impl SummaryStatistic for Coordinates {
    fn label(&self) -> String {
        let indices: Vec<String> = self.indices.iter().map(usize::to_string).collect();
        format!("coordinates:{}", indices.join(","))
    }

    fn numbers(&self, schema: &Schema) -> Vec<String> {
        let names = schema.column_names();
        self.indices
            .iter()
            .map(|&i| names.get(i).cloned().unwrap_or_else(|| format!("x_{}", i + 1)))
            .collect()
    }

    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        let indices: Vec<serde_json::Value> = arguments.iter().map(|index| value(index)).collect();
        (!indices.is_empty()).then(|| serde_json::json!({ "indices": indices }).to_string())
    }

    fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>> {
        for (i, &index) in self.indices.iter().enumerate() {
            check_column(&format!("indices[{i}]"), index, schema)?;
        }
        Ok(Box::new(self.clone()))
    }
}

impl Summary for Coordinates {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        for (out, event) in out.chunks_exact_mut(self.indices.len()).zip(events(batch)?) {
            out.iter_mut().zip(&self.indices).for_each(|(y, &index)| *y = event[index]);
        }
        Ok(())
    }
}

amplicast_sdk::register_summary!(Coordinates);

#[cfg(test)]
mod tests {
    use amplicast_sdk::Origin;
    use amplicast_sdk::ndarray::array;

    use super::*;

    fn of(indices: &[usize]) -> Result<Coordinates> {
        Coordinates::new(CoordinatesConfig { indices: indices.to_vec() })
    }

    #[test]
    fn columns_one_event_after_the_other() {
        let events = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
        let batch = Batch::new(events.view(), Origin::Training, &[0, 1]);
        let schema = Schema::columns(["a", "b", "c"]);
        let summary = of(&[2, 0]).unwrap();
        assert_eq!(
            (summary.label(), summary.numbers(&schema)),
            ("coordinates:2,0".into(), vec!["c".into(), "a".into()])
        );
        let mut out = [0.0; 4];
        summary.prepare(&schema).unwrap().evaluate(&batch, &mut out).unwrap();
        assert_eq!(out, [3.0, 1.0, 6.0, 4.0]);
        let config = |arguments: &[&str]| Coordinates::config_of_arguments(arguments);
        assert_eq!((config(&["2", "0"]).unwrap(), config(&[])), (r#"{"indices":[2,0]}"#.into(), None));
    }

    #[test]
    fn refusals() {
        let error = |indices: &[usize]| of(indices).unwrap_err().to_string();
        assert_eq!(error(&[]), "indices: expected at least one column, found none");
        assert_eq!(error(&[1, 0, 1]), "indices[2]: expected each column once, found 1 again");
        let error = of(&[0, 2]).unwrap().prepare(&Schema::columns(["a", "b"])).err().unwrap();
        assert_eq!(
            error.to_string(),
            "indices[1]: expected a column from 0 to 1, found 2; the columns are: a, b"
        );
    }
}
