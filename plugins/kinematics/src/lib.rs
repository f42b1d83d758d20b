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
mod coordinates;
mod delta_r;
mod ht;
mod particles;
mod quantities;
mod radius;
mod rows;
mod system;

pub use coordinate::{Coordinate, CoordinateConfig};
pub use coordinates::{Coordinates, CoordinatesConfig};
pub use delta_r::{DeltaR, DeltaRConfig};
pub use ht::{Ht, HtConfig};
pub use quantities::{
    Azimuth, Eta, InvariantMass, Mass, Phi, Pseudorapidity, Transverse, TransverseMomentum,
};
pub use radius::{Radius, RadiusConfig};
pub use system::{OfSystem, Quantity, SystemConfig};

amplicast_sdk::export_plugin!();
