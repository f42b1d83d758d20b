//! Norms and gates.

use amplicast_nn_flow::lgatr::FLOOR;
use tch::{Kind, Tensor};

use super::features::Features;

/// Added to the variance of scalars.
const EPSILON: f64 = 1e-5;

/// Sum over channels of the square of a multivector, grade by grade in absolute value; all tensors end in 2 C.
pub(crate) fn square(complex: &Tensor, vectors: &Tensor, bivectors: &Tensor) -> Tensor {
    let total = |x: Tensor| x.sum_dim_intlist([-1_i64].as_slice(), false, None::<Kind>);
    let over_components = |x: Tensor| x.square().sum_dim_intlist([0_i64].as_slice(), false, None::<Kind>);
    let interval = vectors.select(0, 0).square() - over_components(vectors.narrow(0, 1, 3));
    let pairs = over_components(bivectors.shallow_clone()).unflatten(-1, [-1, 2]);
    let field = pairs.select(-1, 0) - pairs.select(-1, 1);
    total(complex.square()) + total(interval.abs()) + total(field.abs())
}

/// One over the root of the mean square over channels, with a last dimension of 1.
pub(crate) fn inverse_norm(square: &Tensor, channels: i64) -> Tensor {
    (square / channels as f64).clamp_min(FLOOR).rsqrt().unsqueeze(-1)
}

/// Scalars with mean 0 and variance 1.
pub(crate) fn normal(scalars: &Tensor) -> Tensor {
    let width = scalars.size()[scalars.dim() - 1];
    scalars.layer_norm([width], None::<&Tensor>, None::<&Tensor>, EPSILON, false)
}

/// Multivectors over the root of their mean square, scalars by a layer norm; nothing is learned.
pub(crate) fn layer_norm(x: &Features) -> Features {
    let square = square(&x.complex(), &x.vectors, &x.bivectors);
    x.scaled(&inverse_norm(&square, x.channels), &normal(&x.scalars()))
}

/// Multivectors times GELU of their scalar part, in the form with tanh as in the published code, and GELU of the scalars.
pub(crate) fn gate(x: &Features) -> Features {
    let gate = x.complex().unflatten(-1, [-1, 2]).select(-1, 0).gelu("tanh");
    let both = gate.unsqueeze(-1).expand([-1, -1, 2], false).flatten(-2, -1);
    x.scaled(&both, &x.scalars().gelu("none"))
}
