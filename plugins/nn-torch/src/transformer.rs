//! The causal transformer as a graph.

use amplicast_nn::{CausalTransformer, NORM_EPSILON};
use tch::Tensor;

use crate::Views;

/// The outputs (n x positions x outputs) for the features (n x positions x features) of n events, those of the start
/// token zeros.
pub fn causal_transformer(shape: &CausalTransformer, views: &mut Views, features: &Tensor) -> Tensor {
    let mut x = linear(views, features) + views.take();
    for _ in 0..shape.blocks {
        let normed = norm(shape, views, &x);
        // Not in place: the backward pass of the norm still needs the old x.
        x = &x + attention(shape, views, &normed);
        let normed = norm(shape, views, &x);
        let hidden = linear(views, &normed).gelu("tanh");
        x = &x + linear(views, &hidden);
    }
    let normed = norm(shape, views, &x);
    linear(views, &normed)
}

fn norm(shape: &CausalTransformer, views: &mut Views, x: &Tensor) -> Tensor {
    let (scale, shift) = (views.take(), views.take());
    x.layer_norm([shape.width as i64], Some(&scale), Some(&shift), NORM_EPSILON, false)
}

fn attention(shape: &CausalTransformer, views: &mut Views, x: &Tensor) -> Tensor {
    let (heads, positions, width) = (shape.heads as i64, shape.positions as i64, shape.width as i64);
    // Query, key and value, each n x heads x positions x (width of a head).
    let qkv = linear(views, x).view([-1, positions, 3, heads, width / heads]).permute([2, 0, 3, 1, 4]);
    let [query, key, value] = [0, 1, 2].map(|part| qkv.select(0, part));
    let attended =
        Tensor::scaled_dot_product_attention::<Tensor>(&query, &key, &value, None, 0.0, true, None, false);
    linear(views, &attended.transpose(1, 2).reshape([-1, positions, width]))
}

/// W x + b with the next two views.
pub fn linear(views: &mut Views, x: &Tensor) -> Tensor {
    let (weight, bias) = (views.take(), views.take());
    x.linear(&weight, Some(&bias))
}
