//! A transformer over particles or columns; and its parts, which LLoCa uses in local frames.

mod backbone;
mod frames;
mod generator;
mod graph;
mod lanes;

pub use generator::{FlowTransformer, FlowTransformerConfig};

pub(crate) use backbone::Backbone;
pub(crate) use frames::Frames;

#[cfg(test)]
pub(crate) use graph::Transformer;
