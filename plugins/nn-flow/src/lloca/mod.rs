//! LLoCa (Spinner, Favaro et al. 2505.20280): any network, made equivariant by a local frame for each particle.
//!
//! A small network predicts three four-vectors for each particle ([`FramesNet`]), which make a
//! frame. The transformer sees each particle in its own frame, and its attention carries
//! vectors from frame to frame.

mod architecture;
mod event;
mod frame;
mod frames_net;
mod generator;
mod lanes;
mod vectors;

pub use architecture::Lloca;
pub use event::{ByParticles, Event, Sight};
pub use frame::{COLLINEAR, FLOOR, SLOWEST};
pub use frames_net::FramesNet;
pub use generator::{FlowLloca, FlowLlocaConfig};
pub use vectors::{LENGTH_FLOOR, PAIR_FLOOR, SQUARE_FLOOR};
