//! A transformer whose tokens see those before them, position by position.

mod backward;
mod decoder;
mod weights;
mod workspace;

pub use backward::{Backward, BackwardWorkspace};
pub use decoder::Decoder;
pub use workspace::Workspace;
