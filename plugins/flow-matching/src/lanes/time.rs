//! The time's layer, in front of every network.

use amplicast_sdk::Layout;

use crate::time::FEATURES;

/// The time's linear layer (8 x 8 and a bias).
pub(super) struct TimeLayer<'a> {
    pub weight: &'a [f32],
    pub bias: &'a [f32],
}

impl<'a> TimeLayer<'a> {
    pub fn new(layout: &Layout, parameters: &'a [f32]) -> Self {
        let get = |name| &parameters[layout.range(name).expect("the time's segments come first")];
        TimeLayer { weight: get("time.weight"), bias: get("time.bias") }
    }

    /// Of the waves of a time.
    pub fn features(&self, waves: &[f32; FEATURES]) -> [f32; FEATURES] {
        std::array::from_fn(|o| {
            let row = &self.weight[o * FEATURES..(o + 1) * FEATURES];
            self.bias[o] + row.iter().zip(waves).map(|(w, z)| w * z).sum::<f32>()
        })
    }
}

/// Adds the gradient of the time's weight and bias from that of the features of events with these waves.
pub(super) fn add_gradient(
    [weight, bias]: &mut [Vec<f32>; 2],
    waves: &[[f32; FEATURES]],
    features: &[[f32; FEATURES]],
) {
    for (waves, slopes) in waves.iter().zip(features) {
        for (o, slope) in slopes.iter().enumerate() {
            bias[o] += slope;
            let row = &mut weight[o * FEATURES..(o + 1) * FEATURES];
            row.iter_mut().zip(waves).for_each(|(sum, z)| *sum += slope * z);
        }
    }
}
