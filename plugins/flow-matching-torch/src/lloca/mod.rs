//! LLoCa as a graph.

mod frames_net;
mod network;
#[cfg(test)]
mod tests;
