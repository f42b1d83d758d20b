//! The generator `flow-transformer`.

use amplicast_nn::lanes::EncoderShape;
use amplicast_nn::{Parameter, Views, check_sizes, parse_device};
use amplicast_sdk::{Abilities, Batch, Component, Generator, Model, Result, Schema, config, ensure_config};
use tch::{Device, Kind, Tensor};

use crate::backbone::Backbone;
use crate::flow::FlowConfig;
use crate::lanes::{LaneNetwork, LaneTransformer};
use crate::lorentz::{scalar_count, scalars};
use crate::network::Network;
use crate::settings::abilities;
use crate::space::{CoordinateSystem, Cuts};
use crate::{model, time};

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
        model::prepare(space, Box::new(network), (&config.flow, self.device), training.values)
    }
}

amplicast_sdk::register_generator!(FlowTransformer);

/// A transformer whose tokens have their numbers, their identity as one-hot and the features of the time.
///
/// Segments, in order: the time's, then those of the [`Backbone`]. The published network has two outputs more for each
/// token, which nothing reads.
pub(crate) struct Transformer {
    pub tokens: usize,
    pub numbers: usize,
    pub width: usize,
    pub heads: usize,
    pub blocks: usize,
    pub mlp_factor: usize,
}

impl Transformer {
    fn backbone(&self) -> Backbone {
        Backbone {
            inputs: self.numbers + scalar_count(self.tokens),
            outputs: self.numbers,
            width: self.width,
            heads: self.heads,
            vectors: 0,
            blocks: self.blocks,
            mlp_factor: self.mlp_factor,
        }
    }
}

impl Network for Transformer {
    fn parameters(&self) -> Vec<Parameter> {
        [time::parameters(), self.backbone().parameters()].concat()
    }

    fn velocity(&self, views: &mut Views, x: &Tensor, t: &Tensor) -> Tensor {
        let scalars = scalars(&time::features(views, t), self.tokens);
        let numbers = x.unflatten(1, [self.tokens as i64, self.numbers as i64]).to_kind(scalars.kind());
        let tokens = Tensor::cat(&[numbers, scalars], -1);
        self.backbone().forward(views, &tokens, None).to_kind(Kind::Double).flatten(1, 2)
    }

    fn in_lanes(&self) -> Option<Box<dyn LaneNetwork>> {
        let shape = EncoderShape {
            features: self.numbers + self.tokens + time::FEATURES,
            tokens: self.tokens,
            width: self.width,
            heads: self.heads,
            vectors: 0,
            blocks: self.blocks,
            mlp_factor: self.mlp_factor,
            outputs: self.numbers,
        };
        Some(Box::new(LaneTransformer { shape }))
    }
}
