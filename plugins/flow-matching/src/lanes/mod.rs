//! Networks over SIMD lanes, in plain Rust and single precision, without libtorch: several times faster on a CPU.

mod attention;
mod blocks;
mod features;
mod interval;
mod linear;
mod momenta;
mod scalars;
mod time;
mod transformer;

use amplicast_sdk::Layout;

use crate::flow::Lines;

pub(crate) use attention::{Attended, Attention};
pub(crate) use blocks::{Work, get, over_blocks, put};
pub(crate) use features::{Features, Group, GroupMut, Rows, Slot, SlotMut, View, ViewMut};
pub(crate) use interval::interval;
pub(crate) use linear::{Inputs, Layer, Linear, Matrices, matrix};
pub(crate) use momenta::{Gradient, LaneMomenta, Momenta, Streams};
pub(crate) use scalars::Scalars;
pub(crate) use time::{TimeLayer, TimeSums};
pub(crate) use transformer::LaneTransformer;

/// A network over SIMD lanes.
pub(crate) trait LaneNetwork {
    /// Its velocity with these parameters, for many calls.
    fn field(&self, layout: &Layout, parameters: &[f32]) -> Box<dyn LaneField>;

    /// The loss, half of the mean squared error of the velocity's numbers with weights that sum up to 1, and its gradient.
    fn loss_and_gradient(
        &self,
        layout: &Layout,
        parameters: &[f32],
        lines: &Lines,
        weights: &[f64],
        gradient: &mut [f32],
    ) -> f64;
}

/// A velocity field at fixed parameters.
pub(crate) trait LaneField {
    /// Writes the velocities of events, one after the other, at time `t`.
    fn velocity(&self, t: f64, x: &[f64], out: &mut [f64]);
}
