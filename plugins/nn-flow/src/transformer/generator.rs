//! The generator `flow-transformer`.

use amplicast_nn::{check_heads, check_sizes};
use amplicast_sdk::{Abilities, Batch, Component, Generator, Model, Result, Schema, given_columns};

use super::architecture::Transformer;
use crate::flow::{Architecture, FlowGenerator, Network, Settings, abilities, flow_config};
use crate::space::CoordinateSystem;

flow_config! {
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
        /// Columns, or particles of four-momenta, that are given and not generated: they stay for all times of the flow, and the
        /// others flow beside them. As four-momenta whole particles are given.
        pub condition: Vec<String> = Vec::new(),
    }
}

/// Flow matching with a transformer (Bahl et al. 2025, section 5).
#[derive(Debug, Clone)]
pub struct FlowTransformer {
    config: FlowTransformerConfig,
    settings: Settings,
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
        check_heads(config.width, config.heads)?;
        let settings = config.settings(Self::NAME)?;
        Ok(FlowTransformer { config, settings })
    }
}

impl Generator for FlowTransformer {
    fn abilities(&self) -> Abilities {
        // A density is one of whole events, which a conditional flow does not generate.
        Abilities { log_density: self.config.condition.is_empty(), ..abilities() }
    }

    fn check(&self, schema: &Schema) -> Result<()> {
        self.config.coordinates.momenta(schema)?;
        self.conditions(schema).map(drop)
    }

    fn conditions(&self, schema: &Schema) -> Result<Vec<usize>> {
        given_columns(&self.config.condition, schema)
    }

    fn prepare(&self, training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>> {
        self.prepare_with(training, schema, |architecture, _| architecture.in_lanes())
    }
}

impl FlowGenerator for FlowTransformer {
    type Architecture = Transformer;

    fn prepare_with(
        &self,
        training: &Batch<'_>,
        schema: &Schema,
        network: impl FnOnce(Transformer, usize) -> Box<dyn Network>,
    ) -> Result<Box<dyn Model>> {
        let config = &self.config;
        let given = self.conditions(schema)?;
        let space = config.coordinates.space(training.values, schema, &given, self.settings.cuts)?;
        let [tokens, numbers] = space.shape();
        let architecture = Transformer {
            tokens,
            numbers,
            given: space.given(),
            width: config.width,
            heads: config.heads,
            blocks: config.blocks,
            mlp_factor: config.mlp_factor,
        };
        self.settings.model(space, architecture, network, training)
    }
}
