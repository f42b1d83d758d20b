//! The transformer itself: over tokens of any meaning, in local frames or without.

use amplicast_nn::lanes::EncoderShape;
use amplicast_nn::{Parameter, Views};
use tch::Tensor;

use super::frames::Frames;
use crate::graph::{linear, linear_parameters};
use crate::space::METRIC;

/// A pre-layer-norm transformer, all tokens seeing all others.
///
/// Norms have no parameters, and there is none at the end. Segments, in order: `embed.weight`, `.bias`, per block b
/// `block.b.qkv.weight`, `.bias`, `block.b.out.weight`, `.bias`, `block.b.up.weight`, `.bias`, `block.b.down.weight`,
/// `.bias`, then `head.weight`, `.bias`.
pub(crate) struct Backbone {
    pub inputs: usize,
    pub outputs: usize,
    pub width: usize,
    pub heads: usize,
    /// Four-vectors at the end of each head, which attention carries from frame to frame.
    pub vectors: usize,
    pub blocks: usize,
    pub mlp_factor: usize,
}

/// Added to the variance in a layer norm.
const NORM_EPSILON: f64 = 1e-5;

impl Backbone {
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

    /// Of tokens (B x n x inputs), B x n x outputs.
    pub fn forward(&self, views: &mut Views, tokens: &Tensor, frames: Option<&Frames>) -> Tensor {
        let width = self.width as i64;
        let norm = |h: &Tensor| h.layer_norm([width], None::<&Tensor>, None::<&Tensor>, NORM_EPSILON, false);
        let mut h = linear(views, tokens);
        let frames = frames.filter(|_| self.vectors > 0).map(|frames| frames.to_kind(h.kind()));
        for _ in 0..self.blocks {
            h = &h + self.attention(views, &norm(&h), frames.as_ref());
            let hidden = linear(views, &norm(&h)).gelu("none");
            h = &h + linear(views, &hidden);
        }
        linear(views, &h)
    }

    /// With frames, queries, keys and values meet in the global frame, and what is attended to goes back into the token's.
    fn attention(&self, views: &mut Views, x: &Tensor, frames: Option<&Frames>) -> Tensor {
        let heads = self.heads as i64;
        // B x n x (query, key and value) x heads x (width of a head).
        let mut qkv = linear(views, x).unflatten(-1, [3, heads, -1]);
        if let Some(frames) = frames {
            qkv = self.vectors_by(&qkv, |vectors| frames.to_global(vectors));
        }
        let qkv = qkv.permute([2, 0, 3, 1, 4]);
        let [query, key, value] = [0, 1, 2].map(|part| qkv.select(0, part));
        let query = if frames.is_some() { query * self.signs(&key) } else { query };
        let attended = Tensor::scaled_dot_product_attention::<Tensor>(
            &query, &key, &value, None, 0.0, false, None, false,
        );
        let mut attended = attended.transpose(1, 2);
        if let Some(frames) = frames {
            attended = self.vectors_by(&attended, |vectors| frames.to_local(vectors));
        }
        linear(views, &attended.flatten(2, 3))
    }

    /// Tokens (B x n x .. x width of a head) with their vectors mapped as B x n x c x 4.
    fn vectors_by(&self, x: &Tensor, map: impl Fn(&Tensor) -> Tensor) -> Tensor {
        let vectors = 4 * self.vectors as i64;
        let parts = x.split_with_sizes([x.size()[x.dim() - 1] - vectors, vectors], -1);
        let rows = parts[1].reshape([x.size()[0], x.size()[1], -1, 4]);
        Tensor::cat(&[&parts[0], &map(&rows).view_as(&parts[1])], -1)
    }

    /// What makes the scores Minkowski products.
    fn signs(&self, like: &Tensor) -> Tensor {
        let mut signs = vec![1.0; self.width / self.heads - 4 * self.vectors];
        signs.extend(METRIC.repeat(self.vectors));
        Tensor::from_slice(&signs).to_device(like.device()).to_kind(like.kind())
    }
}
