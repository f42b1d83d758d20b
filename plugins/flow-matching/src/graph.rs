//! What the networks' graphs share: linear layers and the loss.

use amplicast_nn::{Initial, Parameter, Views};
use tch::{Kind, Tensor};

/// A linear layer's segments, uniform on +-1/sqrt(inputs).
pub(crate) fn linear_parameters(name: &str, outputs: usize, inputs: usize) -> [Parameter; 2] {
    let bound = 1.0 / (inputs as f32).sqrt();
    [
        Parameter::matrix(format!("{name}.weight"), outputs, inputs),
        Parameter::new(format!("{name}.bias"), [outputs], Initial::Uniform(bound)),
    ]
}

/// W x + b with the next two views.
pub(crate) fn linear(views: &mut Views, x: &Tensor) -> Tensor {
    let (weight, bias) = (views.take(), views.take());
    x.linear(&weight, Some(&bias))
}

/// Half of the mean squared error of the velocities (B x d), with weights (B) that sum up to 1.
pub(crate) fn loss(velocity: &Tensor, wanted: &Tensor, weights: &Tensor) -> Tensor {
    let each = (velocity - wanted).square().mean_dim([1_i64].as_slice(), false, Kind::Double) * 0.5;
    (each * weights).sum(Kind::Double)
}
