//! The default network's arithmetic in libtorch, from parameters that come one by one.

use amplicast_nn::{CausalTransformer, MixtureHead};
use tch::{Device, Kind, Tensor};

/// log p of each event (n x d); `take` gives the segments in the order of [`CausalTransformer::parameters`].
pub fn log_density(
    shape: &CausalTransformer,
    head: &MixtureHead,
    take: &mut dyn FnMut() -> Tensor,
    x: &Tensor,
) -> Tensor {
    let (n, positions) = (x.size()[0], shape.positions as i64);
    let start = Tensor::zeros([n, 1], (Kind::Float, Device::Cpu));
    let inputs = Tensor::cat(&[start, x.narrow(1, 0, positions - 1)], 1).unsqueeze(2);
    let mut h = linear(take, &inputs) + take();
    for _ in 0..shape.blocks {
        let normed = norm(shape, take, &h);
        h = &h + attention(shape, take, &normed, n);
        let normed = norm(shape, take, &h);
        let hidden = linear(take, &normed).gelu("tanh");
        h = &h + linear(take, &hidden);
    }
    let normed = norm(shape, take, &h);
    head.log_density(&linear(take, &normed), x)
}

fn attention(shape: &CausalTransformer, take: &mut dyn FnMut() -> Tensor, x: &Tensor, n: i64) -> Tensor {
    let (heads, positions, width) = (shape.heads as i64, shape.positions as i64, shape.width as i64);
    let qkv = linear(take, x).view([n, positions, 3, heads, width / heads]).permute([2, 0, 3, 1, 4]);
    let (query, key, value) = (qkv.select(0, 0), qkv.select(0, 1), qkv.select(0, 2));
    let attended =
        Tensor::scaled_dot_product_attention::<Tensor>(&query, &key, &value, None, 0.0, true, None, false);
    linear(take, &attended.transpose(1, 2).reshape([n, positions, width]))
}

fn norm(shape: &CausalTransformer, take: &mut dyn FnMut() -> Tensor, x: &Tensor) -> Tensor {
    let (scale, shift) = (take(), take());
    x.layer_norm([shape.width as i64], Some(&scale), Some(&shift), 1e-5, false)
}

fn linear(take: &mut dyn FnMut() -> Tensor, x: &Tensor) -> Tensor {
    let (weight, bias) = (take(), take());
    x.linear(&weight, Some(&bias))
}
