//! The generator `autoregressive-torch`: `autoregressive`, whose training runs in libtorch on the device of its configuration.
//!
//! Sampling and densities are those of `autoregressive`. At the size of the defaults its training on a CPU is several times
//! faster; this one is for a GPU, and the graph is what the other one is tested against.

mod generator;
mod graph;
#[cfg(test)]
mod tests;

pub use generator::AutoregressiveTorch;

amplicast_sdk::export_plugin!();
