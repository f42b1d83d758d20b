//! L-GATr over SIMD lanes: forward and backward pass by hand, in the complex components of [`super`].

mod gate;
mod matrices;
mod multivectors;
mod norm;
mod product;

pub(crate) use multivectors::Multivectors;
pub use norm::FLOOR;
