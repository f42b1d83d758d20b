//! The generator `flow-transformer`.

use amplicast_nn::{check_sizes, parse_device};
use amplicast_sdk::{Abilities, Batch, Component, Generator, Model, Result, Schema, config, ensure_config};
use tch::Device;

use super::graph::Transformer;
use crate::flow::{self, FlowConfig, abilities};
use crate::space::{CoordinateSystem, Cuts};

config! {
    /// Flow matching with a transformer over particles or columns. The defaults are the published network.
    pub struct FlowTransformerConfig {
        /// Width of the tokens.
        pub width: usize = 104,
        /// Attention heads; must divide the width.
        pub heads: usize = 8,
        /// Transformer blocks.
        pub blocks: usize = 6,
        /// Width of the hidden layer of each block over the width of the tokens.
        pub mlp_factor: usize = 2,
        /// Coordinates in which events flow.
        pub coordinates: CoordinateSystem = CoordinateSystem::Automatic,
        /// Smallest transverse momentum of a particle in GeV, for four-momenta: no event has less, generated ones included.
        pub pt_min: f64 = 22.0,
        /// Smallest distance of two particles in eta and phi, for four-momenta: a cut of the base distribution alone.
        pub delta_r_min: f64 = 0.5,
        /// How the flow is integrated.
        pub flow: FlowConfig = FlowConfig::default(),
        /// Where the network runs: `cpu`, or `cuda:0`, `cuda:1`, ... No GPU was there to be measured.
        pub device: String = "cpu".into(),
    }
}

/// Flow matching with a transformer (Bahl et al. 2025, section 5).
#[derive(Debug, Clone)]
pub struct FlowTransformer {
    config: FlowTransformerConfig,
    device: Device,
}

impl Component for FlowTransformer {
    type Config = FlowTransformerConfig;
    const NAME: &'static str = "flow-transformer";
    const ABOUT: &'static str = "Flow matching with a transformer over particles or columns";

    fn new(config: FlowTransformerConfig) -> Result<Self> {
        check_sizes(&[
            ("width", config.width),
            ("heads", config.heads),
            ("blocks", config.blocks),
            ("mlp_factor", config.mlp_factor),
        ])?;
        ensure_config(config.width.is_multiple_of(config.heads), "heads", || {
            format!("expected a divisor of the width {}, found {}", config.width, config.heads)
        })?;
        Cuts { pt_min: config.pt_min, delta_r_min: config.delta_r_min }.check()?;
        config.flow.solver()?;
        let device = parse_device(&config.device, tch::Cuda::device_count)?;
        Ok(FlowTransformer { config, device })
    }
}

impl Generator for FlowTransformer {
    fn abilities(&self) -> Abilities {
        abilities()
    }

    fn check(&self, schema: &Schema) -> Result<()> {
        self.config.coordinates.momenta(schema).map(|_| ())
    }

    fn prepare(&self, training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>> {
        let config = &self.config;
        let cuts = Cuts { pt_min: config.pt_min, delta_r_min: config.delta_r_min };
        let space = config.coordinates.space(training.values, schema, cuts)?;
        let [tokens, numbers] = space.shape();
        let network = Transformer {
            tokens,
            numbers,
            width: config.width,
            heads: config.heads,
            blocks: config.blocks,
            mlp_factor: config.mlp_factor,
        };
        flow::prepare(space, Box::new(network), (&config.flow, self.device), training.values)
    }
}

amplicast_sdk::register_generator!(FlowTransformer);
