//! One pass over each member's events and over true ones, and what it leaves: curves.

mod assembled;
mod curve;
mod length;
mod members;
mod order;
mod pass;
mod plane;
mod speaker;
mod truth;

pub use assembled::Assembled;
pub use curve::{MemberCurve, RowCurves, mean_count};
pub use members::{Sampling, shared_keys};
pub use truth::Truth;
