//! L-GATr as a graph. Its layers, and how it keeps multivectors, are described in `amplicast_nn_flow::lgatr`.

mod attention;
mod features;
mod linear;
mod mlp;
mod network;
mod norm;
mod product;
#[cfg(test)]
mod tests;
