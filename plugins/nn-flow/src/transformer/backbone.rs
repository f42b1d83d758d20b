//! The transformer itself: over tokens of any meaning, in local frames or without.

use amplicast_nn::Parameter;
use amplicast_nn::lanes::EncoderShape;

use crate::parameters::linear_parameters;

/// A pre-layer-norm transformer, all tokens seeing all others.
///
/// Norms have no parameters, and there is none at the end. Segments, in order: `embed.weight`, `.bias`, per block b
/// `block.b.qkv.weight`, `.bias`, `block.b.out.weight`, `.bias`, `block.b.up.weight`, `.bias`, `block.b.down.weight`,
/// `.bias`, then `head.weight`, `.bias`.
pub struct Backbone {
    /// Numbers of a token.
    pub inputs: usize,
    /// Numbers that come out for each.
    pub outputs: usize,
    /// Width of a token inside.
    pub width: usize,
    /// Attention heads.
    pub heads: usize,
    /// Four-vectors at the end of each head, which attention carries from frame to frame.
    pub vectors: usize,
    /// Blocks.
    pub blocks: usize,
    /// Width of the hidden layers over the width.
    pub mlp_factor: usize,
}

impl Backbone {
    /// Its segments.
    pub fn parameters(&self) -> Vec<Parameter> {
        let d = self.width;
        let mut list = Vec::from(linear_parameters("embed", d, self.inputs));
        for b in 0..self.blocks {
            list.extend(linear_parameters(&format!("block.{b}.qkv"), 3 * d, d));
            list.extend(linear_parameters(&format!("block.{b}.out"), d, d));
            list.extend(linear_parameters(&format!("block.{b}.up"), self.mlp_factor * d, d));
            list.extend(linear_parameters(&format!("block.{b}.down"), d, self.mlp_factor * d));
        }
        list.extend(linear_parameters("head", self.outputs, d));
        list
    }

    /// The same network over lanes, for events of so many tokens.
    pub fn in_lanes(&self, tokens: usize) -> EncoderShape {
        let Backbone { inputs, outputs, width, heads, vectors, blocks, mlp_factor } = *self;
        EncoderShape { features: inputs, tokens, width, heads, vectors, blocks, mlp_factor, outputs }
    }
}
