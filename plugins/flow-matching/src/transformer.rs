//! The generator `flow-transformer`.

use amplicast_nn::{Initial, Parameter, Views, parse_device};
use amplicast_sdk::{Abilities, Batch, Component, Generator, Model, Result, Schema, config, ensure_config};
use tch::{Device, Kind, Tensor};

use crate::flow::FlowConfig;
use crate::lorentz::{abilities, check_sizes};
use crate::network::Network;
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

/// A pre-layer-norm transformer, all tokens seeing all others.
///
/// A token has its numbers, its identity as one-hot and the features of the time; norms have no parameters, and there is
/// none at the end. Segments, in order: the time's, `embed.weight`, `.bias`, per block b `block.b.qkv.weight`, `.bias`,
/// `block.b.out.weight`, `.bias`, `block.b.up.weight`, `.bias`, `block.b.down.weight`, `.bias`, then `head.weight`, `.bias`.
///
/// The published network has two outputs more for each token, which nothing reads.
pub(crate) struct Transformer {
    pub tokens: usize,
    pub numbers: usize,
    pub width: usize,
    pub heads: usize,
    pub blocks: usize,
    pub mlp_factor: usize,
}

/// Added to the variance in a layer norm.
const NORM_EPSILON: f64 = 1e-5;

/// A linear layer's segments, uniform on +-1/sqrt(inputs).
pub(crate) fn linear_parameters(name: &str, outputs: usize, inputs: usize) -> [Parameter; 2] {
    let bound = 1.0 / (inputs as f32).sqrt();
    [
        Parameter::matrix(format!("{name}.weight"), outputs, inputs),
        Parameter::new(format!("{name}.bias"), [outputs], Initial::Uniform(bound)),
    ]
}

/// W x + b with the next two views.
pub(crate) fn linear(views: &mut Views, x: &Tensor) -> Tensor {
    let (weight, bias) = (views.take(), views.take());
    x.linear(&weight, Some(&bias))
}

impl Network for Transformer {
    fn parameters(&self) -> Vec<Parameter> {
        let d = self.width;
        let mut list = time::parameters();
        list.extend(linear_parameters("embed", d, self.numbers + self.tokens + time::FEATURES));
        for b in 0..self.blocks {
            list.extend(linear_parameters(&format!("block.{b}.qkv"), 3 * d, d));
            list.extend(linear_parameters(&format!("block.{b}.out"), d, d));
            list.extend(linear_parameters(&format!("block.{b}.up"), self.mlp_factor * d, d));
            list.extend(linear_parameters(&format!("block.{b}.down"), d, self.mlp_factor * d));
        }
        list.extend(linear_parameters("head", self.numbers, d));
        list
    }

    fn velocity(&self, views: &mut Views, x: &Tensor, t: &Tensor) -> Tensor {
        let [n, tokens, numbers, width] =
            [x.size()[0], self.tokens as i64, self.numbers as i64, self.width as i64];
        let time = time::features(views, t);
        let kind = time.kind();
        let time = time.unsqueeze(1).expand([-1, tokens, -1], false);
        let identity = Tensor::eye(tokens, (kind, x.device())).expand([n, -1, -1], false);
        let numbers_in = x.view([n, tokens, numbers]).to_kind(kind);
        let mut h = linear(views, &Tensor::cat(&[numbers_in, identity, time], -1));
        let norm = |h: &Tensor| h.layer_norm([width], None::<&Tensor>, None::<&Tensor>, NORM_EPSILON, false);
        for _ in 0..self.blocks {
            h = &h + self.attention(views, &norm(&h));
            let hidden = linear(views, &norm(&h)).gelu("none");
            h = &h + linear(views, &hidden);
        }
        linear(views, &h).to_kind(Kind::Double).reshape([n, tokens * numbers])
    }
}

impl Transformer {
    fn attention(&self, views: &mut Views, x: &Tensor) -> Tensor {
        let (heads, tokens, width) = (self.heads as i64, self.tokens as i64, self.width as i64);
        // Query, key and value, each n x heads x tokens x (width of a head).
        let qkv = linear(views, x).view([-1, tokens, 3, heads, width / heads]).permute([2, 0, 3, 1, 4]);
        let [query, key, value] = [0, 1, 2].map(|part| qkv.select(0, part));
        let attended = Tensor::scaled_dot_product_attention::<Tensor>(
            &query, &key, &value, None, 0.0, false, None, false,
        );
        linear(views, &attended.transpose(1, 2).reshape([-1, tokens, width]))
    }
}
