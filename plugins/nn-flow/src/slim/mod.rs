//! L-GATr-slim (arXiv:2512.17011): a transformer whose channels are four-vectors and scalars.

mod generator;
mod lanes;
mod layers;
mod network;

pub use generator::{FlowLgatrSlim, FlowLgatrSlimConfig};
pub use layers::{Attention, FLOOR, Linear, Mlp};
pub use network::Slim;
