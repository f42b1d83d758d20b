//! The generator `flow-lgatr-slim`.

use amplicast_nn::check_sizes;
use amplicast_sdk::{Abilities, Batch, Component, Generator, Model, Result, Schema};

use super::network::Slim;
use crate::flow::{Architecture, FlowGenerator, Network, Settings, abilities, flow_config};
use crate::space::Kinematics;

flow_config! {
    /// Flow matching with L-GATr-slim over particles. The defaults are the published network.
    pub struct FlowLgatrSlimConfig {
        /// Four-vectors of a token.
        pub vectors: usize = 16,
        /// Scalars of a token.
        pub scalars: usize = 32,
        /// Attention heads.
        pub heads: usize = 8,
        /// Transformer blocks.
        pub blocks: usize = 6,
        /// Width of all heads together over the width of the tokens.
        pub attention_factor: usize = 1,
        /// Width of the hidden layer of each block over the width of the tokens.
        pub mlp_factor: usize = 2,
    }
}

/// Flow matching with the Lorentz-equivariant transformer of vectors and scalars (arXiv:2512.17011), for
/// four-momenta.
#[derive(Debug, Clone)]
pub struct FlowLgatrSlim {
    config: FlowLgatrSlimConfig,
    settings: Settings,
}

impl Component for FlowLgatrSlim {
    type Config = FlowLgatrSlimConfig;
    const NAME: &'static str = "flow-lgatr-slim";
    const ABOUT: &'static str = "Flow matching with L-GATr-slim over four-momenta";

    fn new(config: FlowLgatrSlimConfig) -> Result<Self> {
        check_sizes(&[
            ("vectors", config.vectors),
            ("scalars", config.scalars),
            ("heads", config.heads),
            ("blocks", config.blocks),
            ("attention_factor", config.attention_factor),
            ("mlp_factor", config.mlp_factor),
        ])?;
        let settings = config.settings(Self::NAME)?;
        Ok(FlowLgatrSlim { config, settings })
    }
}

impl Generator for FlowLgatrSlim {
    fn abilities(&self) -> Abilities {
        abilities()
    }

    fn check(&self, schema: &Schema) -> Result<()> {
        self.settings.check(schema)
    }

    fn prepare(&self, training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>> {
        self.prepare_with(training, schema, |architecture, _| architecture.in_lanes())
    }
}

impl FlowGenerator for FlowLgatrSlim {
    type Architecture = Slim;

    fn prepare_with(
        &self,
        training: &Batch<'_>,
        schema: &Schema,
        network: impl FnOnce(Slim, usize) -> Box<dyn Network>,
    ) -> Result<Box<dyn Model>> {
        let config = &self.config;
        let architecture = |kinematics: Kinematics| Slim {
            kinematics,
            channels: [config.vectors, config.scalars],
            heads: config.heads,
            blocks: config.blocks,
            attention_factor: config.attention_factor,
            mlp_factor: config.mlp_factor,
        };
        self.settings.prepare((training, schema), architecture, network)
    }
}
