//! The linear layers of a transformer's block.

use super::dense::Dense;
use super::linear::Linear;

/// The layers of a block, or their gradient.
pub struct BlockWeights {
    /// Queries, keys and values.
    pub qkv: Dense,
    /// After the attention.
    pub out: Dense,
    /// Into the MLP's hidden layer.
    pub up: Dense,
    /// Out of it.
    pub down: Dense,
}

/// The layers of a block, packed.
#[derive(Debug, Clone)]
pub struct Block {
    /// Queries, keys and values.
    pub qkv: Linear,
    /// After the attention.
    pub out: Linear,
    /// Into the MLP's hidden layer.
    pub up: Linear,
    /// Out of it.
    pub down: Linear,
}

impl Block {
    /// Of these weights.
    pub fn new(weights: &BlockWeights) -> Self {
        let BlockWeights { qkv, out, up, down } = weights;
        let [qkv, out, up, down] = [qkv, out, up, down].map(Linear::new);
        Block { qkv, out, up, down }
    }
}
