//! L-GATr-slim over SIMD lanes: forward and backward pass by hand.

mod gate;
mod norm;
mod vectors;

pub(crate) use vectors::Vectors;
