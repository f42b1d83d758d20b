//! What the graphs of networks over four-vectors share.

use amplicast_nn::Views;
use tch::{Kind, Tensor};

use crate::space::{Kinematics, REFERENCES, references};
use crate::time::{self, scalar_count, scalars};

/// Vectors and scalars that enter for each particle: its momentum and the references, its identity and the time.
pub(crate) fn input_channels(particles: usize) -> [usize; 2] {
    [1 + REFERENCES.len(), scalar_count(particles)]
}

/// Channels of a head: the whole's over the heads, `factor` times; of scalars, the second, at least 4.
pub(crate) fn head_channels(channels: [usize; 2], heads: usize, factor: usize) -> [usize; 2] {
    [(factor * channels[0] / heads).max(1), (factor * channels[1] / heads).max(4)]
}

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
    let particles = kinematics.particles_at(x);
    let momenta = particles.momenta();
    let [w, scalars] = network(views, [&momenta, &references(&momenta), &scalars]);
    particles.velocity(&w.to_kind(Kind::Double), &scalars.to_kind(Kind::Double))
}
