//! The layers that networks are made of: how they lie in the parameters, and their passes forward and backward.

mod attention;
mod block;
mod block_gradient;
mod dense;
mod linear;
pub mod norm;
mod segments;
mod weight_sums;

pub use attention::{Attended, Attention};
pub use block::{Block, BlockWeights};
pub use block_gradient::{BlockGradient, LayerGradient};
pub use dense::Dense;
pub use linear::{Linear, padded};
pub use segments::{Segments, SegmentsMut};
pub use weight_sums::{Transposed, WeightSums};
