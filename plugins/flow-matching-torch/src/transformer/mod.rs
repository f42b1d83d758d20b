//! The transformer as a graph; and its parts, which LLoCa uses in local frames.

mod backbone;
mod frames;
mod network;
#[cfg(test)]
mod tests;

pub(crate) use frames::Frames;
