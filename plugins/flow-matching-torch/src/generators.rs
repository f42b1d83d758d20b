//! The components.

use std::sync::Arc;

use amplicast_nn_flow::flow::FlowGenerator;
use amplicast_nn_flow::lgatr::{FlowLgatr, FlowLgatrConfig};
use amplicast_nn_flow::lloca::{FlowLloca, FlowLlocaConfig};
use amplicast_nn_flow::slim::{FlowLgatrSlim, FlowLgatrSlimConfig};
use amplicast_nn_flow::transformer::{FlowTransformer, FlowTransformerConfig};
use amplicast_nn_torch::parse_device;
use amplicast_sdk::{Abilities, Batch, Component, Generator, Model, Result, Schema, ensure_config};
use tch::{Device, Kind};

use crate::device::OnDevice;

/// A generator whose network is that of another as a graph.
macro_rules! on_torch {
    ($torch:ident, $plain:ident, $config:ident, $name:literal, $about:literal) => {
        #[doc = concat!("The generator `", $name, "`.")]
        #[derive(Debug, Clone)]
        pub struct $torch {
            plain: $plain,
            device: Device,
        }

        impl Component for $torch {
            type Config = $config;
            const NAME: &'static str = $name;
            const ABOUT: &'static str = $about;

            fn new(config: $config) -> Result<Self> {
                let device = parse_device(&config.device, tch::Cuda::device_count)?;
                let plain = $plain::new($config { device: "cpu".into(), ..config })?;
                Ok($torch { plain, device })
            }
        }

        impl Generator for $torch {
            fn abilities(&self) -> Abilities {
                self.plain.abilities()
            }

            fn check(&self, schema: &Schema) -> Result<()> {
                self.plain.check(schema)?;
                expect_whole_events(&self.plain, schema)
            }

            fn prepare(&self, training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>> {
                expect_whole_events(&self.plain, schema)?;
                self.plain.prepare_with(training, schema, |architecture, numbers| {
                    Box::new(OnDevice::new(Arc::new(architecture), numbers, (Kind::Float, self.device)))
                })
            }
        }

        amplicast_sdk::register_generator!($torch);
    };
}

/// Refuses conditions: the loss of a graph is that of whole events.
fn expect_whole_events(plain: &impl Generator, schema: &Schema) -> Result<()> {
    ensure_config(plain.conditions(schema)?.is_empty(), "condition", || {
        "expected none: the graph's loss is that of whole events; use `flow-transformer`".into()
    })
}

on_torch! {
    FlowTransformerTorch, FlowTransformer, FlowTransformerConfig,
    "flow-transformer-torch", "`flow-transformer` in libtorch, for a GPU"
}

on_torch! {
    FlowLgatrTorch, FlowLgatr, FlowLgatrConfig,
    "flow-lgatr-torch", "`flow-lgatr` in libtorch, for a GPU"
}

on_torch! {
    FlowLgatrSlimTorch, FlowLgatrSlim, FlowLgatrSlimConfig,
    "flow-lgatr-slim-torch", "`flow-lgatr-slim` in libtorch, for a GPU"
}

on_torch! {
    FlowLlocaTorch, FlowLloca, FlowLlocaConfig,
    "flow-lloca-torch", "`flow-lloca` in libtorch, for a GPU"
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::{Array2, arr2};
    use amplicast_sdk::{Chunk, Origin, Seed};

    use super::*;

    /// On a CPU: the same start, loss, events and densities as without libtorch, to single precision.
    #[test]
    fn both_are_the_same_generator() {
        let config = FlowTransformerConfig { width: 16, heads: 2, blocks: 1, ..Default::default() };
        let events = arr2(&[[0.1, 0.2], [1.0, -0.5], [-0.8, 0.9], [0.3, 0.3]]);
        let rows = [0, 1, 2, 3];
        let batch = Batch::new(events.view(), Origin::Training, &rows);
        let schema = Schema::columns(["x", "y"]);
        let models = [
            FlowTransformer::new(config.clone()).unwrap().prepare(&batch, &schema).unwrap(),
            FlowTransformerTorch::new(config).unwrap().prepare(&batch, &schema).unwrap(),
        ];
        let [expected, found] = models.map(|model| {
            assert!(model.max_concurrency().is_none());
            let theta = model.initial(Seed::new(1)).unwrap();
            let member = model.at(&theta).unwrap();
            let mut sample = Array2::zeros((20, 2));
            let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(2) };
            member.sample(chunk, sample.view_mut()).unwrap();
            let mut density = vec![0.0; 4];
            member.log_density(events.view(), Seed::new(3), &mut density).unwrap();
            let loss = model.gradients().unwrap().loss(&theta, &rows, Seed::new(4)).unwrap();
            let theta = theta.into_iter().map(f64::from);
            theta.chain(sample).chain(density).chain([loss]).collect::<Vec<f64>>()
        });
        assert_eq!(expected.len(), found.len());
        for (e, f) in expected.iter().zip(&found) {
            assert!((e - f).abs() < 1e-4 * (1.0 + e.abs()), "{e} {f}");
        }
    }

    /// At the creation of the component, whatever this machine has.
    #[test]
    fn the_device_is_checked_at_once() {
        let config = FlowLgatrConfig { device: "cuda:1000".into(), ..Default::default() };
        let error = FlowLgatrTorch::new(config).unwrap_err().to_string();
        assert!(error.starts_with("device: expected ") && error.contains("found `cuda:1000`"), "{error}");
    }
}
