//! The metric and the references as tensors.

use amplicast_nn_flow::space::{METRIC, REFERENCES};
use tch::Tensor;

/// The references, 3 x 4, like `like`.
pub(crate) fn references(like: &Tensor) -> Tensor {
    Tensor::from_slice(&REFERENCES.concat()).view([3, 4]).to_device(like.device()).to_kind(like.kind())
}

/// The metric's diagonal, like `like`.
pub(crate) fn metric(like: &Tensor) -> Tensor {
    Tensor::from_slice(&METRIC).to_device(like.device()).to_kind(like.kind())
}
