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
mod radius;
mod rows;

pub use coordinate::{Coordinate, CoordinateConfig};
pub use radius::{Radius, RadiusConfig};

amplicast_sdk::export_plugin!();
