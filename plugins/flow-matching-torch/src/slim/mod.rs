//! L-GATr-slim as a graph.

mod layers;
mod network;
#[cfg(test)]
mod tests;
