//! Where a flow lives: coordinates of events, the base distribution, lines between the two; and what coordinates of particles
//! have to do with four-vectors.

mod base;
mod coordinates;
mod kinematics;
mod lines;
mod lorentz;
mod momenta;
mod particles;
mod plain;

pub use coordinates::CoordinateSystem;

pub(crate) use base::Space;
pub(crate) use coordinates::check_columns;
pub(crate) use kinematics::{Angles, Kinematics, Particle};
pub(crate) use lines::{Lines, base, wrap_angles};
pub(crate) use lorentz::{METRIC, REFERENCES, metric, references};
pub(crate) use momenta::{Cuts, Momenta};
