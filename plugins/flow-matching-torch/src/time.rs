//! Time as features of a network, and the scalars of tokens, to which they belong.

use std::f64::consts::TAU;

use amplicast_nn_flow::time::FREQUENCIES;
use amplicast_nn_torch::Views;
use tch::Tensor;

/// The features (B x 8) of the times t (B): a linear layer of sin and cos of 2 pi w t.
pub(crate) fn features(views: &mut Views, t: &Tensor) -> Tensor {
    let (weight, bias) = (views.take(), views.take());
    let frequencies = Tensor::from_slice(&*FREQUENCIES).to_device(t.device()) * TAU;
    let phase = t.unsqueeze(-1) * frequencies;
    Tensor::cat(&[phase.sin(), phase.cos()], -1).to_kind(weight.kind()).linear(&weight, Some(&bias))
}

/// Scalars of tokens, particles or others: identity as one-hot, then the features of the time (B x 8). B x n x (n + 8).
pub(crate) fn scalars(time: &Tensor, tokens: usize) -> Tensor {
    let n = tokens as i64;
    let identity = Tensor::eye(n, (time.kind(), time.device())).expand([time.size()[0], -1, -1], false);
    Tensor::cat(&[identity, time.unsqueeze(1).expand([-1, n, -1], false)], -1)
}
