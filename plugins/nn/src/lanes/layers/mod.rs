//! The layers that networks are made of: how they lie in the parameters, and their passes forward and backward.

mod attention;
mod block;
mod dense;
mod gradient;
mod linear;
pub mod norm;
mod segments;
mod weight_sums;

pub use attention::{Attended, Attention};
pub use block::Block;
pub use dense::Dense;
pub use gradient::LayerGradient;
pub use linear::Linear;
pub use segments::{Segments, SegmentsMut};
pub use weight_sums::{Transposed, WeightSums};
