//! A causal transformer over the components of an event: its sizes and its parameters.

use crate::{Initial, Parameter};

/// Added to the variance in a layer norm.
pub const NORM_EPSILON: f64 = 1e-5;

/// A causal pre-layer-norm transformer: position i sees the inputs of positions 0 ..= i.
///
/// Position 0 is the start token: its input is zero (x_0 = 0 of Eq. 6-7 in Bahl et al. 2025), the same in every event.
/// Position i > 0 reads the features of component i, and the outputs of position i are the parameters of the distribution
/// of component i + 1.
///
/// Segments, in order (d the width, norms named `scale` and `shift` so that `*.weight` is every matrix and nothing else):
/// `embed.weight` (d x features), `embed.bias`, `position` (positions x d), per block b `block.b.attention_norm.scale`,
/// `.shift`, `block.b.attention.qkv.weight` (3d x d), `.bias`, `block.b.attention.out.weight`, `.bias`,
/// `block.b.mlp_norm.scale`, `.shift`, `block.b.mlp.up.weight` (factor d x d), `.bias`, `block.b.mlp.down.weight`,
/// `.bias`, then `norm.scale`, `norm.shift`, `head.weight` (outputs x d), `head.bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct CausalTransformer {
    /// Features of an input token.
    pub features: usize,
    /// Positions: the start token and all components but the last.
    pub positions: usize,
    /// Width d of the tokens.
    pub width: usize,
    /// Attention heads; divides the width.
    pub heads: usize,
    /// Blocks.
    pub blocks: usize,
    /// Width of the MLP's hidden layer over d.
    pub mlp_factor: usize,
    /// Outputs at each position.
    pub outputs: usize,
}

impl CausalTransformer {
    /// Its segments; `head_bias` is where the outputs start.
    pub fn parameters(&self, head_bias: Vec<f32>) -> Vec<Parameter> {
        let d = self.width;
        let zeros = |name: String, n: usize| Parameter::new(name, [n], Initial::Constant(0.0));
        let mut list = vec![
            Parameter::matrix("embed.weight", d, self.features),
            Parameter::new("embed.bias", [d], Initial::Uniform(1.0)),
            Parameter::new("position", [self.positions, d], Initial::Uniform(1.0)),
        ];
        let norm = |list: &mut Vec<Parameter>, name: String| {
            list.push(Parameter::new(format!("{name}.scale"), [d], Initial::Constant(1.0)));
            list.push(zeros(format!("{name}.shift"), d));
        };
        let linear = |list: &mut Vec<Parameter>, name: String, outputs: usize, inputs: usize| {
            list.push(Parameter::matrix(format!("{name}.weight"), outputs, inputs));
            list.push(zeros(format!("{name}.bias"), outputs));
        };
        for b in 0..self.blocks {
            norm(&mut list, format!("block.{b}.attention_norm"));
            linear(&mut list, format!("block.{b}.attention.qkv"), 3 * d, d);
            linear(&mut list, format!("block.{b}.attention.out"), d, d);
            norm(&mut list, format!("block.{b}.mlp_norm"));
            linear(&mut list, format!("block.{b}.mlp.up"), self.mlp_factor * d, d);
            linear(&mut list, format!("block.{b}.mlp.down"), d, self.mlp_factor * d);
        }
        norm(&mut list, "norm".into());
        list.push(Parameter::matrix("head.weight", self.outputs, d));
        list.push(Parameter::new("head.bias", [self.outputs], Initial::Values(head_bias)));
        list
    }
}
