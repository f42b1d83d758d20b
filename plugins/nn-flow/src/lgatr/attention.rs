//! Attention by the inner products of multivectors.

use amplicast_nn::Parameter;

use super::linear::{DEFAULT, Linear, SMALL};
use crate::equivariant::head_channels;

/// Attention over the tokens of an event: scores (sum over channels of <q, k>, plus q.k of scalars) / sqrt(16 C + S).
#[derive(Debug, Clone, Copy)]
pub struct Attention {
    /// Multivectors and scalars of the network.
    pub channels: [usize; 2],
    /// Heads.
    pub heads: usize,
    /// Multivectors and scalars of a head.
    pub hidden: [usize; 2],
}

impl Attention {
    /// With heads of `factor` times their share of the channels.
    pub fn new(channels: [usize; 2], heads: usize, factor: usize) -> Self {
        Attention { channels, heads, hidden: head_channels(channels, heads, factor) }
    }

    /// The maps to queries, keys and values, and back.
    pub fn layers(&self) -> [Linear; 2] {
        let inner = self.hidden.map(|width| self.heads * width);
        [
            Linear { inputs: self.channels, outputs: inner.map(|width| 3 * width), start: DEFAULT },
            Linear { inputs: inner, outputs: self.channels, start: SMALL },
        ]
    }

    /// Segments `.qkv` and `.out`.
    pub fn parameters(&self, name: &str) -> Vec<Parameter> {
        let [qkv, out] = self.layers();
        [qkv.parameters(&format!("{name}.qkv")), out.parameters(&format!("{name}.out"))].concat()
    }
}
