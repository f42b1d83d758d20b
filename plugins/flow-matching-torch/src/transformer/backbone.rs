//! The transformer itself: over tokens of any meaning, in local frames or without.

use amplicast_nn::NORM_EPSILON;
use amplicast_nn_flow::space::METRIC;
use amplicast_nn_flow::transformer::Backbone;
use amplicast_nn_torch::{Views, linear};
use tch::Tensor;

use super::frames::Frames;
use crate::graph::Forward;

impl Forward<(&Tensor, Option<&Frames>)> for Backbone {
    type Output = Tensor;

    /// Of tokens (B x n x inputs), B x n x outputs.
    fn forward(&self, views: &mut Views, (tokens, frames): (&Tensor, Option<&Frames>)) -> Tensor {
        let width = self.width as i64;
        let norm = |h: &Tensor| h.layer_norm([width], None::<&Tensor>, None::<&Tensor>, NORM_EPSILON, false);
        let mut h = linear(views, tokens);
        let frames = frames.filter(|_| self.vectors > 0).map(|frames| frames.to_kind(h.kind()));
        for _ in 0..self.blocks {
            h = &h + attention(self, views, &norm(&h), frames.as_ref());
            let hidden = linear(views, &norm(&h)).gelu("none");
            h = &h + linear(views, &hidden);
        }
        linear(views, &h)
    }
}

/// With frames, queries, keys and values meet in the global frame, and what is attended to goes back into the token's.
fn attention(net: &Backbone, views: &mut Views, x: &Tensor, frames: Option<&Frames>) -> Tensor {
    let heads = net.heads as i64;
    // B x n x (query, key and value) x heads x (width of a head).
    let mut qkv = linear(views, x).unflatten(-1, [3, heads, -1]);
    if let Some(frames) = frames {
        qkv = vectors_by(net, &qkv, |vectors| frames.to_global(vectors));
    }
    let qkv = qkv.permute([2, 0, 3, 1, 4]);
    let [query, key, value] = [0, 1, 2].map(|part| qkv.select(0, part));
    let query = if frames.is_some() { query * signs(net, &key) } else { query };
    let attended =
        Tensor::scaled_dot_product_attention::<Tensor>(&query, &key, &value, None, 0.0, false, None, false);
    let mut attended = attended.transpose(1, 2);
    if let Some(frames) = frames {
        attended = vectors_by(net, &attended, |vectors| frames.to_local(vectors));
    }
    linear(views, &attended.flatten(2, 3))
}

/// Tokens (B x n x .. x width of a head) with their vectors mapped as B x n x c x 4.
fn vectors_by(net: &Backbone, x: &Tensor, map: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let vectors = 4 * net.vectors as i64;
    let parts = x.split_with_sizes([x.size()[x.dim() - 1] - vectors, vectors], -1);
    let rows = parts[1].reshape([x.size()[0], x.size()[1], -1, 4]);
    Tensor::cat(&[&parts[0], &map(&rows).view_as(&parts[1])], -1)
}

/// What makes the scores Minkowski products.
fn signs(net: &Backbone, like: &Tensor) -> Tensor {
    let mut signs = vec![1.0; net.width / net.heads - 4 * net.vectors];
    signs.extend(METRIC.repeat(net.vectors));
    Tensor::from_slice(&signs).to_device(like.device()).to_kind(like.kind())
}
