//! Time as features of a network, and the scalars of tokens, to which they belong.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use crate::parameters::linear_parameters;
use amplicast_nn::Parameter;
use amplicast_sdk::Seed;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

/// Features of the time.
pub const FEATURES: usize = 8;

/// Standard deviation of the frequencies.
const SCALE: f64 = 30.0;

/// Four frequencies, drawn once and for all: they are not trained, and all members of a model share them.
pub static FREQUENCIES: LazyLock<[f64; FEATURES / 2]> = LazyLock::new(|| {
    let mut stream = Seed::new(0).split("flow-matching").split("frequencies").stream();
    std::array::from_fn(|_| SCALE * Distribution::<f64>::sample(&StandardNormal, &mut stream))
});

/// Segments `time.weight` (8 x 8) and `time.bias`.
pub fn parameters() -> Vec<Parameter> {
    Vec::from(linear_parameters("time", FEATURES, FEATURES))
}

/// sin and cos of 2 pi w t.
pub(crate) fn waves(t: f64) -> [f32; FEATURES] {
    let phase = |k: usize| TAU * FREQUENCIES[k % (FEATURES / 2)] * t;
    std::array::from_fn(|k| if k < FEATURES / 2 { phase(k).sin() } else { phase(k).cos() } as f32)
}

/// Scalars of a token: its identity as one-hot, then the features of the time.
pub fn scalar_count(tokens: usize) -> usize {
    tokens + FEATURES
}
