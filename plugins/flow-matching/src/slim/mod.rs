//! L-GATr-slim (arXiv:2512.17011): a transformer whose channels are four-vectors and scalars.

mod generator;
mod lanes;
mod layers;
mod network;
#[cfg(test)]
mod tests;

pub use generator::{FlowLgatrSlim, FlowLgatrSlimConfig};

#[cfg(test)]
pub(crate) use network::Slim;
