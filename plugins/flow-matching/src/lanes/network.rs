//! What every network over lanes is.

use amplicast_nn::lanes::{Segments, SegmentsMut};

use crate::space::Lines;

/// A network over SIMD lanes.
pub(crate) trait LaneNetwork {
    /// Its velocity with these parameters, for many calls.
    fn field(&self, parameters: Segments<'_>) -> LaneField;

    /// The [`Loss`](super::Loss) of points on lines with weights that sum up to 1, and its gradient.
    fn loss_and_gradient(
        &self,
        parameters: Segments<'_>,
        lines: &Lines,
        weights: &[f64],
        gradient: SegmentsMut<'_>,
    ) -> f64;
}

/// Writes the velocities of events, one after the other, at a time.
pub(crate) type LaneField = Box<dyn Fn(f64, &[f64], &mut [f64])>;
