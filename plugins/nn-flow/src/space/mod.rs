//! Where a flow lives: coordinates of events, the base distribution, lines between the two; and what coordinates of particles
//! have to do with four-vectors.

mod base;
mod conditional;
mod coordinates;
mod kinematics;
mod lines;
mod lorentz;
mod momenta;
mod plain;

pub use coordinates::CoordinateSystem;

pub(crate) use base::Space;
pub(crate) use coordinates::check_columns;
pub use kinematics::{Angles, Kinematics, Particle};
pub use lines::Lines;
pub(crate) use lines::{base, wrap_angles};
pub use lorentz::{METRIC, REFERENCES};
pub(crate) use momenta::{Cuts, Momenta};
