//! Local frames of three four-vectors, by polar decomposition.

use amplicast_nn_flow::lloca::{COLLINEAR, FLOOR, SLOWEST};
use tch::{Kind, Tensor};

use crate::lorentz::metric;

/// A Lorentz transformation L for each particle, from the global to its local frame, in double precision:
/// L -> L Lambda^-1 if all vectors that it is made of go to Lambda times themselves.
pub(crate) struct Frames {
    /// L: B x n x 4 x 4.
    pub local: Tensor,
    /// L^-1 = g L^T g.
    pub global: Tensor,
    /// Which frames have no direction of their own and are not turned, B x n: for them alone the rule fails for rotations.
    pub collinear: Tensor,
}

/// The same linear map of vectors (B x n x c x 4) for each particle, with matrices (B x n x 4 x 4).
fn apply(matrices: &Tensor, vectors: &Tensor) -> Tensor {
    vectors.matmul(&matrices.transpose(2, 3))
}

/// Sum over the last dimension, which stays with length 1.
fn sum(x: &Tensor) -> Tensor {
    x.sum_dim_intlist([-1_i64].as_slice(), true, None::<Kind>)
}

/// A vector over its length.
fn unit(x: &Tensor) -> Tensor {
    x / sum(&x.square()).sqrt().clamp_min(FLOOR)
}

impl Frames {
    /// Of three vectors (B x n x 3 x 4) for each particle: L = (1, rows e1, e2, e3) B.
    ///
    /// B is the boost into the rest frame of the first one, which must be timelike. There e1 is along the second vector,
    /// e2 in the plane of the second and third, and e3 = e1 x e2.
    pub fn new(vectors: &Tensor) -> Self {
        let [first, second, third] = [0, 1, 2].map(|k| vectors.select(2, k));
        let boost = rest_frame(&first);
        let spatial = |v: &Tensor| boost.matmul(&v.unsqueeze(-1)).squeeze_dim(-1).narrow(-1, 1, 3);
        let (w1, w2) = (spatial(&second), spatial(&third));
        let lengths = sum(&w1.square()) * sum(&w2.square());
        let least = lengths * COLLINEAR[0] + COLLINEAR[1];
        let collinear = sum(&w1.linalg_cross(&w2, -1).square()).lt_tensor(&least);
        // Then any axes will do, always the same ones.
        let axes = Tensor::eye(3, (Kind::Double, vectors.device()));
        let e1 = unit(&axes.get(0).where_self(&collinear, &w1));
        let w2 = unit(&axes.get(1).where_self(&collinear, &w2));
        let e2 = unit(&(&w2 - sum(&(&w2 * &e1)) * &e1));
        let e3 = e1.linalg_cross(&e2, -1);
        let rotation = Tensor::stack(&[e1, e2, e3], -2);
        let time = boost.narrow(-2, 0, 1);
        let local = Tensor::cat(&[&time, &rotation.matmul(&boost.narrow(-2, 1, 3))], -2);
        let g = metric(&local);
        let global = local.transpose(-1, -2) * &g * g.unsqueeze(-1);
        Frames { local, global, collinear: collinear.squeeze_dim(-1) }
    }

    /// The same in another precision.
    pub fn to_kind(&self, kind: Kind) -> Frames {
        let [local, global] = [&self.local, &self.global].map(|matrices| matrices.to_kind(kind));
        Frames { local, global, collinear: self.collinear.shallow_clone() }
    }

    /// Vectors (B x n x c x 4) into the frames of their particles.
    pub fn to_local(&self, vectors: &Tensor) -> Tensor {
        apply(&self.local, vectors)
    }

    /// A momentum of each particle (B x n x 4) into its frame.
    pub fn momenta_to_local(&self, momenta: &Tensor) -> Tensor {
        self.to_local(&momenta.unsqueeze(2)).squeeze_dim(2)
    }

    /// Vectors (B x n x c x 4) out of the frames of their particles.
    pub fn to_global(&self, vectors: &Tensor) -> Tensor {
        apply(&self.global, vectors)
    }
}

/// The boost (.. x 4 x 4) into the rest frame of a vector: rows (gamma, -gamma beta) and
/// (-gamma beta, 1 + (gamma - 1) beta beta^T / beta^2).
fn rest_frame(vector: &Tensor) -> Tensor {
    let beta = vector.narrow(-1, 1, 3) / vector.narrow(-1, 0, 1).clamp_min(SLOWEST);
    let square = sum(&beta.square());
    let gamma = (-&square + 1.0).clamp_min(SLOWEST).rsqrt();
    let scaled = -(&beta * &gamma);
    let outer = beta.unsqueeze(-1) * beta.unsqueeze(-2);
    let stretch = ((&gamma - 1.0) / square.clamp_min(SLOWEST)).unsqueeze(-1);
    let spatial = Tensor::eye(3, (beta.kind(), beta.device())) + outer * stretch;
    let time = Tensor::cat(&[&gamma, &scaled], -1).unsqueeze(-2);
    Tensor::cat(&[time, Tensor::cat(&[scaled.unsqueeze(-1), spatial], -1)], -2)
}
