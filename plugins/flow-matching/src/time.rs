//! Time as features of a network, and the scalars of tokens, to which they belong.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use amplicast_nn::{Parameter, Views};
use amplicast_sdk::Seed;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use tch::Tensor;

use crate::graph::linear_parameters;

/// Features of the time.
pub(crate) const FEATURES: usize = 8;

/// Standard deviation of the frequencies.
const SCALE: f64 = 30.0;

/// Four frequencies, drawn once and for all: they are not trained, and all members of a model share them.
static FREQUENCIES: LazyLock<[f64; FEATURES / 2]> = LazyLock::new(|| {
    let mut stream = Seed::new(0).split("flow-matching").split("frequencies").stream();
    std::array::from_fn(|_| SCALE * Distribution::<f64>::sample(&StandardNormal, &mut stream))
});

/// Segments `time.weight` (8 x 8) and `time.bias`.
pub(crate) fn parameters() -> Vec<Parameter> {
    Vec::from(linear_parameters("time", FEATURES, FEATURES))
}

/// sin and cos of 2 pi w t.
pub(crate) fn waves(t: f64) -> [f32; FEATURES] {
    let phase = |k: usize| TAU * FREQUENCIES[k % (FEATURES / 2)] * t;
    std::array::from_fn(|k| if k < FEATURES / 2 { phase(k).sin() } else { phase(k).cos() } as f32)
}

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

/// Numbers in [`scalars`].
pub(crate) fn scalar_count(tokens: usize) -> usize {
    tokens + FEATURES
}
