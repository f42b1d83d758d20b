//! A transformer over particles or columns; and its parts, which LLoCa uses in local frames.

mod architecture;
mod backbone;
mod generator;
mod lanes;

pub use architecture::Transformer;
pub use backbone::Backbone;
pub use generator::{FlowTransformer, FlowTransformerConfig};
