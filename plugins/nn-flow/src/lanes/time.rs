//! The time's layer, in front of every network.

use amplicast_nn::lanes::{Segments, SegmentsMut};

use crate::time::FEATURES;

/// The time's linear layer (8 x 8 and a bias).
pub(crate) struct TimeLayer {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl TimeLayer {
    pub fn new(segments: &mut Segments<'_>) -> Self {
        TimeLayer { weight: segments.take().to_vec(), bias: segments.take().to_vec() }
    }

    /// Of the waves of a time.
    pub fn features(&self, waves: &[f32; FEATURES]) -> [f32; FEATURES] {
        std::array::from_fn(|o| {
            let row = &self.weight[o * FEATURES..(o + 1) * FEATURES];
            self.bias[o] + row.iter().zip(waves).map(|(w, z)| w * z).sum::<f32>()
        })
    }
}

/// The gradient of its parameters.
#[derive(Default)]
pub(crate) struct TimeSums {
    weight: [[f32; FEATURES]; FEATURES],
    bias: [f32; FEATURES],
}

impl TimeSums {
    /// Adds that of a time by these waves and the gradient of its features.
    pub fn add(&mut self, waves: &[f32; FEATURES], features: [f32; FEATURES]) {
        for ((row, bias), slope) in self.weight.iter_mut().zip(&mut self.bias).zip(features) {
            *bias += slope;
            row.iter_mut().zip(waves).for_each(|(sum, z)| *sum += slope * z);
        }
    }

    /// Writes it as the next segments.
    pub fn write(&self, gradient: &mut SegmentsMut<'_>) {
        gradient.put(self.weight.as_flattened());
        gradient.put(&self.bias);
    }
}
