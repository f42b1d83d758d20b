//! The network.

use amplicast_nn::Parameter;

use super::backbone::Backbone;
use super::lanes::LaneTransformer;
use crate::flow::{Architecture, Network};
use crate::time::{self, scalar_count};

/// A transformer whose tokens have their numbers, their identity as one-hot and the features of the time.
///
/// Segments, in order: the time's, then those of the [`Backbone`]. The published network has two outputs more for each
/// token, which nothing reads.
pub struct Transformer {
    /// Tokens of an event.
    pub tokens: usize,
    /// Numbers of each.
    pub numbers: usize,
    /// Numbers of an event, the first ones, that are given and no part of the loss.
    pub given: usize,
    /// Width of a token inside.
    pub width: usize,
    /// Attention heads.
    pub heads: usize,
    /// Blocks.
    pub blocks: usize,
    /// Width of the hidden layers over the width.
    pub mlp_factor: usize,
}

impl Transformer {
    /// What works on the tokens.
    pub fn backbone(&self) -> Backbone {
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

impl Architecture for Transformer {
    fn parameters(&self) -> Vec<Parameter> {
        [time::parameters(), self.backbone().parameters()].concat()
    }

    fn in_lanes(&self) -> Box<dyn Network> {
        Box::new(LaneTransformer { shape: self.backbone().in_lanes(self.tokens), given: self.given })
    }
}
