//! The sizes of a network.

use super::algebra::Algebra;
use super::attention::Attention;
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

/// Channels of the network by their place, vectors and scalars each.
pub(crate) struct Channels {
    pub inputs: [usize; 2],
    pub inside: [usize; 2],
    pub head: [usize; 2],
    pub hidden: [usize; 2],
}

impl<A: Algebra> Shape<A> {
    pub fn new([tokens, blocks, heads]: [usize; 3], channels: Channels, algebra: A) -> Self {
        let Channels { inputs, inside, head, hidden } = channels;
        let [inputs, channels, head, hidden] =
            [inputs, inside, head, hidden].map(|channels| Rows::of(A::COMPLEX, channels));
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
