//! The linear layers of a transformer's block.

/// One thing for each layer: its weights or their gradient, the packed layer, its backward pass.
#[derive(Debug, Clone)]
pub struct Block<T> {
    /// Queries, keys and values.
    pub qkv: T,
    /// After the attention.
    pub out: T,
    /// Into the MLP's hidden layer.
    pub up: T,
    /// Out of it.
    pub down: T,
}

impl<T> Block<T> {
    /// Something else for each layer.
    pub fn map<U>(&self, f: impl Fn(&T) -> U) -> Block<U> {
        let Block { qkv, out, up, down } = self;
        Block { qkv: f(qkv), out: f(out), up: f(up), down: f(down) }
    }
}
