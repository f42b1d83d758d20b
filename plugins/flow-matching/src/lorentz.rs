//! What the equivariant networks share: the beams as references, the metric, scalars, and the velocity of momenta.

use amplicast_nn::Views;
use tch::{Kind, Tensor};

use crate::kinematics::Kinematics;
use crate::time;

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

/// Scalars of tokens, particles or others: identity as one-hot, then the features of the time (B x 8). B x n x (n + 8).
pub(crate) fn scalars(time: &Tensor, particles: usize) -> Tensor {
    let n = particles as i64;
    let identity = Tensor::eye(n, (time.kind(), time.device())).expand([time.size()[0], -1, -1], false);
    Tensor::cat(&[identity, time.unsqueeze(1).expand([-1, n, -1], false)], -1)
}

/// Numbers in [`scalars`].
pub(crate) fn scalar_count(particles: usize) -> usize {
    particles + time::FEATURES
}

/// Velocities of the coordinates x at times t, from a network's vectors and scalars.
///
/// The network gets momenta (B x n x 4) and references (3 x 4) in double precision and scalars (B x n x ..) in its own, and
/// gives a vector (B x n x 4) and two scalars (B x n x 2) for each particle.
pub(crate) fn velocity(
    kinematics: &Kinematics,
    views: &mut Views,
    (x, t): (&Tensor, &Tensor),
    network: impl FnOnce(&mut Views, &Tensor, &Tensor, &Tensor) -> [Tensor; 2],
) -> Tensor {
    let scalars = scalars(&time::features(views, t), kinematics.particles());
    let particles = kinematics.particles_at(x);
    let momenta = particles.momenta();
    let [w, scalars] = network(views, &momenta, &references(&momenta), &scalars);
    particles.velocity(&w.to_kind(Kind::Double), &scalars.to_kind(Kind::Double))
}
