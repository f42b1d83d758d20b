//! What a graph is.

use amplicast_nn_flow::flow::Architecture;
use amplicast_nn_torch::Views;
use tch::Tensor;

/// The velocity of the flow as a graph.
pub(crate) trait Graph: Architecture {
    /// The velocities (B x d) at these coordinates (B x d) and times (B), in double precision; the network itself has the
    /// precision of its parameters.
    fn velocity(&self, views: &mut Views, x: &Tensor, t: &Tensor) -> Tensor;
}

/// A layer or a network as a graph.
pub(crate) trait Forward<X> {
    type Output;

    /// Of this input, with the next views.
    fn forward(&self, views: &mut Views, x: X) -> Self::Output;
}
