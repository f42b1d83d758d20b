//! What differs from one of these networks to another.

use amplicast_nn::lanes::{Segments, SegmentsMut};
use amplicast_nn::pulp::Simd;

use super::features::{Features, Slot, SlotMut};
use super::linear::{Inputs, Layer, Linear, Matrices};
use super::norm::Norm;

/// The channels, and the hidden layer of a block: all between its second norm and its last map.
pub(crate) trait Algebra: Norm + Clone + Send + Sync + 'static {
    /// Whether vectors have a real and an imaginary part, which are neighbors, and bivectors and pseudoscalars beside them.
    const COMPLEX: bool;

    /// Activations of the hidden layer.
    type Hidden;

    /// Gradients with respect to them, of one token.
    type HiddenGradients;

    /// With these channels, vectors and scalars each, between blocks and in the hidden layer.
    fn new(channels: [usize; 2], hidden: [usize; 2]) -> Self;

    /// A linear map from the next segments.
    fn read(segments: &mut Segments<'_>) -> Matrices;

    /// Writes the gradient of a linear map as the next segments.
    fn write(matrices: &Matrices, gradient: &mut SegmentsMut<'_>);

    /// The linear maps of the hidden layer from the next segments.
    fn read_hidden(segments: &mut Segments<'_>) -> Vec<Matrices>;

    /// Writes their gradient as the next segments.
    fn write_hidden(matrices: &[Matrices], gradient: &mut SegmentsMut<'_>);

    /// Memory for so many slots of blocks of `events`.
    fn hidden(&self, slots: usize, events: usize) -> Self::Hidden;

    /// Memory for blocks of `events`.
    fn hidden_gradients(&self, events: usize) -> Self::HiddenGradients;

    /// The hidden layer of normed channels; its activations go to a slot.
    fn forward<S: Simd>(
        &self,
        simd: S,
        maps: &[Linear],
        normed: Slot<'_>,
        hidden: (&mut Self::Hidden, usize),
        out: SlotMut<'_>,
    );

    /// Adds the gradient of the maps, and writes that of the normed channels.
    fn backward<S: Simd>(
        &self,
        simd: S,
        maps: &mut [Layer],
        kept: Kept<'_, Self::Hidden>,
        gradients: &mut Self::HiddenGradients,
        back: Back<'_>,
    );
}

/// What a hidden layer read and left in a slot.
pub(crate) struct Kept<'a, H> {
    pub normed: Slot<'a>,
    pub hidden: &'a H,
    pub slot: usize,
}

/// Where a hidden layer's backward pass reads and writes, each of one slot.
pub(crate) struct Back<'a> {
    /// The gradient of the layer; anything afterwards.
    pub by_active: &'a mut Features,
    /// Gets the layer itself, which is quicker to compute anew than to keep.
    pub active: &'a mut Features,
    /// Gets the gradient of the normed channels.
    pub by_normed: &'a mut Features,
    pub inputs: &'a mut Inputs,
}
