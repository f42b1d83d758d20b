//! What every network over lanes is.

use amplicast_nn::lanes::{Segments, SegmentsMut};

use crate::space::Lines;

/// A network over SIMD lanes.
pub(crate) trait LaneNetwork {
    /// Its velocity with these parameters, for many calls.
    fn field(&self, parameters: Segments<'_>) -> Box<dyn LaneField>;

    /// The [`Loss`](super::Loss) of points on lines with weights that sum up to 1, and its gradient.
    fn loss_and_gradient(
        &self,
        parameters: Segments<'_>,
        lines: &Lines,
        weights: &[f64],
        gradient: SegmentsMut<'_>,
    ) -> f64;
}

/// A velocity field at fixed parameters.
pub(crate) trait LaneField {
    /// Writes the velocities of events, one after the other, at time `t`.
    fn velocity(&self, t: f64, x: &[f64], out: &mut [f64]);
}
