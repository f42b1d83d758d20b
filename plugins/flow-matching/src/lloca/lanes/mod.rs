//! LLoCa: both of its networks over lanes; frames and kinematics, a small part of the work, stay with libtorch in double
//! precision.

mod network;
mod pairs;
mod tokens;

pub(crate) use network::LaneLloca;
