//! LLoCa (Spinner, Favaro et al. 2505.20280): any network, made equivariant by a local frame for each particle.
//!
//! A small network predicts three four-vectors for each particle ([`FramesNet`]), which make a frame
//! ([`Frames`](crate::transformer::Frames)). The transformer sees each particle in its own frame, and its attention carries
//! vectors from frame to frame.

mod event;
mod frame;
mod frames_net;
mod generator;
mod graph;
mod lanes;
#[cfg(test)]
mod tests;
mod vectors;

pub use generator::{FlowLloca, FlowLlocaConfig};

#[cfg(test)]
pub(crate) use {frames_net::FramesNet, graph::Lloca};
