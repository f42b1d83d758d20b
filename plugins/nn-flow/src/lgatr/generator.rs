//! The generator `flow-lgatr`.

use amplicast_nn::check_sizes;
use amplicast_sdk::{Abilities, Batch, Component, Generator, Model, Result, Schema};

use super::network::Lgatr;
use crate::flow::{Architecture, FlowGenerator, Network, Settings, abilities, flow_config};
use crate::space::Kinematics;

flow_config! {
    /// Flow matching with L-GATr over particles. The defaults are the published network.
    pub struct FlowLgatrConfig {
        /// Multivectors of a token.
        pub multivectors: usize = 16,
        /// Scalars of a token.
        pub scalars: usize = 32,
        /// Attention heads.
        pub heads: usize = 8,
        /// Transformer blocks.
        pub blocks: usize = 6,
        /// Width of all heads together over the width of the tokens.
        pub attention_factor: usize = 2,
        /// Width of the hidden layer of each block over the width of the tokens.
        pub mlp_factor: usize = 2,
    }
}

/// Flow matching with the Lorentz-equivariant geometric algebra transformer (Brehmer et al. 2411.00446), for four-momenta.
#[derive(Debug, Clone)]
pub struct FlowLgatr {
    config: FlowLgatrConfig,
    settings: Settings,
}

impl Component for FlowLgatr {
    type Config = FlowLgatrConfig;
    const NAME: &'static str = "flow-lgatr";
    const ABOUT: &'static str = "Flow matching with L-GATr over four-momenta";

    fn new(config: FlowLgatrConfig) -> Result<Self> {
        check_sizes(&[
            ("multivectors", config.multivectors),
            ("scalars", config.scalars),
            ("heads", config.heads),
            ("blocks", config.blocks),
            ("attention_factor", config.attention_factor),
            ("mlp_factor", config.mlp_factor),
        ])?;
        let settings = config.settings(Self::NAME)?;
        Ok(FlowLgatr { config, settings })
    }
}

impl Generator for FlowLgatr {
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

impl FlowGenerator for FlowLgatr {
    type Architecture = Lgatr;

    fn prepare_with(
        &self,
        training: &Batch<'_>,
        schema: &Schema,
        network: impl FnOnce(Lgatr, usize) -> Box<dyn Network>,
    ) -> Result<Box<dyn Model>> {
        let config = &self.config;
        let architecture = |kinematics: Kinematics| Lgatr {
            kinematics,
            channels: [config.multivectors, config.scalars],
            heads: config.heads,
            blocks: config.blocks,
            attention_factor: config.attention_factor,
            mlp_factor: config.mlp_factor,
        };
        self.settings.prepare((training, schema), architecture, network)
    }
}
