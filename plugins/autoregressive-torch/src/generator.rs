//! The component.

use amplicast_nn_autoregressive::{Autoregressive, AutoregressiveConfig, Loss};
use amplicast_nn_torch::parse_device;
use amplicast_sdk::{Abilities, Batch, Component, Generator, Model, Result, Schema, ensure_config};
use tch::{Device, Kind};

use crate::graph::by_graph;

/// The generator `autoregressive-torch`.
#[derive(Debug, Clone)]
pub struct AutoregressiveTorch {
    plain: Autoregressive,
    device: Device,
}

impl Component for AutoregressiveTorch {
    type Config = AutoregressiveConfig;
    const NAME: &'static str = "autoregressive-torch";
    const ABOUT: &'static str = "`autoregressive`, trained by libtorch on a GPU";

    fn new(config: AutoregressiveConfig) -> Result<Self> {
        ensure_config(config.condition.is_empty(), "condition", || {
            format!("expected none: the graph's loss is that of whole events; use `{}`", Autoregressive::NAME)
        })?;
        let device = parse_device(&config.device, tch::Cuda::device_count)?;
        let plain = Autoregressive::new(AutoregressiveConfig { device: "cpu".into(), ..config })?;
        Ok(AutoregressiveTorch { plain, device })
    }
}

impl Generator for AutoregressiveTorch {
    fn abilities(&self) -> Abilities {
        self.plain.abilities()
    }

    fn check(&self, schema: &Schema) -> Result<()> {
        self.plain.check(schema)
    }

    fn prepare(&self, training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>> {
        let device = self.device;
        let step = Box::new(move |loss: Loss<'_>| by_graph(loss, (Kind::Float, device)));
        Ok(Box::new(self.plain.model(training, schema, step)?))
    }
}

amplicast_sdk::register_generator!(AutoregressiveTorch);

#[cfg(test)]
mod tests {
    use amplicast_sdk::read_config;

    use super::*;

    /// At the creation of the component, whatever this machine has.
    #[test]
    fn the_device_is_checked_at_once() {
        let config = read_config(r#"{"device": "cuda:1000"}"#).unwrap();
        let error = AutoregressiveTorch::new(config).unwrap_err().to_string();
        assert!(error.starts_with("device: expected ") && error.contains("found `cuda:1000`"), "{error}");
    }
}
