//! The generators by flow matching as graphs in libtorch: `flow-transformer-torch`, `flow-lgatr-torch`,
//! `flow-lgatr-slim-torch` and `flow-lloca-torch`.
//!
//! Each has the configuration and the parameters of the one without `-torch`, and runs on the device of its configuration.
//! On a CPU the others are several times faster; these are for a GPU, and the graphs are what the others are tested against.

#[cfg(test)]
mod agreement;
mod device;
mod equivariant;
mod generators;
mod graph;
mod kinematics;
mod lgatr;
mod lloca;
mod lorentz;
#[cfg(test)]
mod published;
mod slim;
#[cfg(test)]
mod symmetry;
mod time;
mod transformer;

pub use generators::{FlowLgatrSlimTorch, FlowLgatrTorch, FlowLlocaTorch, FlowTransformerTorch};

amplicast_sdk::export_plugin!();
