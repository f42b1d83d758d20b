//! A transformer all of whose tokens see each other, in frames of their own or without.

mod backward;
mod forward;
mod frames;

pub use backward::{EncoderBackward, EncoderBackwardWorkspace};
pub use forward::{Encoder, EncoderShape, EncoderWorkspace};
pub use frames::FRAME;
