//! Summary statistics of an event's numbers and of its particles' four-momenta.
//!
//! ```
//! use amplicast_kinematics::{Coordinate, CoordinateConfig};
//! use amplicast_sdk::{Component, SummaryStatistic};
//!
//! let second = Coordinate::new(CoordinateConfig { index: 1 }).unwrap();
//! assert_eq!(second.label(), "coordinate:1");
//! assert_eq!(second.axis(), "x_2");
//! ```

mod arguments;
mod coordinate;
mod invariant_mass;
mod particles;
mod radius;
mod rows;
mod transverse_momentum;

pub use coordinate::{Coordinate, CoordinateConfig};
pub use invariant_mass::{InvariantMass, InvariantMassConfig};
pub use radius::{Radius, RadiusConfig};
pub use transverse_momentum::{TransverseMomentum, TransverseMomentumConfig};

amplicast_sdk::export_plugin!();
