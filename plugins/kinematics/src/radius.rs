//! The Euclidean norm of an event.

use amplicast_sdk::{Batch, Component, Result, Schema, Summary, SummaryStatistic, config};

use crate::rows::for_each_event;

config! {
    /// The Euclidean norm of an event.
    pub struct RadiusConfig {}
}

/// The Euclidean norm of all columns of an event; label `radius`.
#[derive(Debug, Clone)]
pub struct Radius;

impl Component for Radius {
    type Config = RadiusConfig;
    const NAME: &'static str = "radius";
    const ABOUT: &'static str = "The Euclidean norm of all columns of an event";

    fn new(_config: RadiusConfig) -> Result<Self> {
        Ok(Radius)
    }
}

impl SummaryStatistic for Radius {
    fn label(&self) -> String {
        "radius".into()
    }

    fn axis(&self) -> String {
        "R".into()
    }

    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        arguments.is_empty().then(|| "{}".into())
    }

    fn prepare(&self, _schema: &Schema) -> Result<Box<dyn Summary>> {
        Ok(Box::new(Radius))
    }
}

impl Summary for Radius {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        for_each_event(batch, out, |event| event.iter().map(|x| x * x).sum::<f64>().sqrt())
    }
}

amplicast_sdk::register_summary!(Radius);

#[cfg(test)]
mod tests {
    use amplicast_sdk::Origin;
    use amplicast_sdk::ndarray::array;

    use super::*;

    #[test]
    fn the_norm_of_all_columns() {
        let events = array![[3.0, -4.0, 12.0], [0.0, 0.0, 0.0]];
        let batch = Batch::new(events.view(), Origin::Training, &[0, 1]);
        let mut out = [0.0; 2];
        Radius.evaluate(&batch, &mut out).unwrap();
        assert_eq!(out, [13.0, 0.0]);
    }
}
