//! The metric, and the beams as references.

use tch::Tensor;

/// The vectors that break the Lorentz group down to rotations around the beam: both beams and the time, in the units of
/// the momenta.
pub(crate) const REFERENCES: [[f64; 4]; 3] =
    [[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, -1.0], [1.0, 0.0, 0.0, 0.0]];

/// The references, 3 x 4, like `like`.
pub(crate) fn references(like: &Tensor) -> Tensor {
    Tensor::from_slice(&REFERENCES.concat()).view([3, 4]).to_device(like.device()).to_kind(like.kind())
}

/// diag(1, -1, -1, -1).
pub(crate) const METRIC: [f64; 4] = [1.0, -1.0, -1.0, -1.0];

/// The metric's diagonal, like `like`.
pub(crate) fn metric(like: &Tensor) -> Tensor {
    Tensor::from_slice(&METRIC).to_device(like.device()).to_kind(like.kind())
}
