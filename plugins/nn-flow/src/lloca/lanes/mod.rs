//! LLoCa: both of its networks over lanes; the frames between them, a small part of the work, in double precision.

mod network;
mod scores;
mod tokens;

pub(crate) use network::LaneLloca;
