//! What the graphs of networks over four-vectors share.

use amplicast_nn_flow::space::Kinematics;
use amplicast_nn_torch::Views;
use tch::{Kind, Tensor};

use crate::kinematics::particles_at;
use crate::lorentz::references;
use crate::time::{self, scalars};

/// Velocities of the coordinates x at times t, from a network's vectors and scalars.
///
/// The network gets momenta (B x n x 4) and references (3 x 4) in double precision and scalars (B x n x ..) in its own, and
/// gives a vector (B x n x 4) and two scalars (B x n x 2) for each particle.
pub(crate) fn velocity(
    kinematics: &Kinematics,
    views: &mut Views,
    (x, t): (&Tensor, &Tensor),
    network: impl FnOnce(&mut Views, [&Tensor; 3]) -> [Tensor; 2],
) -> Tensor {
    let scalars = scalars(&time::features(views, t), kinematics.particles());
    let particles = particles_at(kinematics, x);
    let momenta = particles.momenta();
    let [w, scalars] = network(views, [&momenta, &references(&momenta), &scalars]);
    particles.velocity(&w.to_kind(Kind::Double), &scalars.to_kind(Kind::Double))
}
