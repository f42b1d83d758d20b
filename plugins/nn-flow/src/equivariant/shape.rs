//! The sizes of a network.

use super::algebra::Algebra;
use super::attention::Attention;
use super::channels::input_channels;
use super::features::Rows;

/// The channels at every place of the network, and its algebra.
#[derive(Debug, Clone)]
pub(crate) struct Shape<A> {
    pub tokens: usize,
    pub blocks: usize,
    pub inputs: Rows,
    pub channels: Rows,
    pub attention: Attention,
    /// Of all heads together.
    pub attended: Rows,
    pub hidden: Rows,
    pub algebra: A,
}

impl<A: Algebra> Shape<A> {
    /// With these channels, vectors and scalars each, between blocks, in a head, and in a hidden layer.
    pub fn new([tokens, blocks, heads]: [usize; 3], channels: [[usize; 2]; 3]) -> Self {
        let rows = |channels| Rows::of(A::COMPLEX, channels);
        let algebra = A::new(channels[0], channels[2]);
        let (inputs, [channels, head, hidden]) = (rows(input_channels(tokens)), channels.map(rows));
        let scale = (head.numbers() as f32).sqrt().recip();
        Shape {
            tokens,
            blocks,
            inputs,
            channels,
            attention: Attention { tokens, heads, hidden: head, scale },
            attended: head.times(heads),
            hidden,
            algebra,
        }
    }

    /// Of the queries, keys and values of all heads.
    pub fn parts(&self) -> Rows {
        self.attended.times(3)
    }

    /// Of the vector and the two scalars that come out.
    pub fn outputs(&self) -> Rows {
        Rows::of(A::COMPLEX, [1, 2])
    }
}
