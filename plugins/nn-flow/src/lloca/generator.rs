//! The generator `flow-lloca`.

use amplicast_nn::{check_heads, check_sizes};
use amplicast_sdk::{Abilities, Batch, Component, Generator, Model, Result, Schema, ensure_config};

use super::architecture::Lloca;
use super::frames_net::{FramesNet, pair_moments};
use crate::flow::{Architecture, FlowGenerator, Network, Settings, abilities, flow_config};
use crate::space::Kinematics;
use crate::time::scalar_count;
use crate::transformer::Backbone;

flow_config! {
    /// Flow matching with a transformer in local frames over particles. The defaults are the published network.
    pub struct FlowLlocaConfig {
        /// Width of the tokens.
        pub width: usize = 104,
        /// Attention heads; must divide the width.
        pub heads: usize = 8,
        /// Four-vectors in a head, the rest of which are scalars; 0 leaves the attention as it is without frames.
        pub vectors: usize = 2,
        /// Transformer blocks.
        pub blocks: usize = 6,
        /// Width of the hidden layer of each block over the width of the tokens.
        pub mlp_factor: usize = 2,
        /// Width of the two hidden layers of the network that predicts the frames.
        pub frames_width: usize = 128,
    }
}

/// Flow matching with a transformer in local frames (Favaro et al. 2508.14898), for four-momenta.
#[derive(Debug, Clone)]
pub struct FlowLloca {
    config: FlowLlocaConfig,
    settings: Settings,
}

impl Component for FlowLloca {
    type Config = FlowLlocaConfig;
    const NAME: &'static str = "flow-lloca";
    const ABOUT: &'static str = "Flow matching with LLoCa over four-momenta";

    fn new(config: FlowLlocaConfig) -> Result<Self> {
        check_sizes(&[
            ("width", config.width),
            ("heads", config.heads),
            ("blocks", config.blocks),
            ("mlp_factor", config.mlp_factor),
            ("frames_width", config.frames_width),
        ])?;
        check_heads(config.width, config.heads)?;
        let head = config.width / config.heads;
        ensure_config(config.vectors <= head / 4, "vectors", || {
            format!("expected at most {} in a head of {head} numbers, found {}", head / 4, config.vectors)
        })?;
        let settings = config.settings(Self::NAME)?;
        Ok(FlowLloca { config, settings })
    }
}

impl Generator for FlowLloca {
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

impl FlowGenerator for FlowLloca {
    type Architecture = Lloca;

    fn prepare_with(
        &self,
        training: &Batch<'_>,
        schema: &Schema,
        network: impl FnOnce(Lloca, usize) -> Box<dyn Network>,
    ) -> Result<Box<dyn Model>> {
        let config = &self.config;
        let architecture = |kinematics: Kinematics| {
            let particles = kinematics.particles();
            Lloca {
                frames: FramesNet {
                    particles,
                    width: config.frames_width,
                    pairs: pair_moments(training.values),
                },
                transformer: Backbone {
                    inputs: 4 + scalar_count(particles),
                    outputs: 6,
                    width: config.width,
                    heads: config.heads,
                    vectors: config.vectors,
                    blocks: config.blocks,
                    mlp_factor: config.mlp_factor,
                },
                kinematics,
            }
        };
        self.settings.prepare((training, schema), architecture, network)
    }
}
