//! The linear maps of a network.

use amplicast_nn::lanes::{Segments, SegmentsMut};

use super::algebra::Algebra;
use super::linear::Matrices;

/// One thing for each linear map of the network: a packed map, a backward pass, or matrices.
pub(super) struct Maps<T> {
    pub embed: T,
    pub blocks: Vec<Block<T>>,
    pub head: T,
}

/// One thing for each linear map of a block.
pub(super) struct Block<T> {
    pub qkv: T,
    pub out: T,
    /// Those of the hidden layer.
    pub hidden: Vec<T>,
    pub down: T,
}

impl<T> Maps<T> {
    /// Something else for each map.
    pub fn map<U>(&self, f: impl Fn(&T) -> U) -> Maps<U> {
        let block = |Block { qkv, out, hidden, down }: &Block<T>| Block {
            qkv: f(qkv),
            out: f(out),
            hidden: hidden.iter().map(&f).collect(),
            down: f(down),
        };
        Maps { embed: f(&self.embed), blocks: self.blocks.iter().map(block).collect(), head: f(&self.head) }
    }
}

impl Maps<Matrices> {
    /// From the next segments.
    pub fn read<A: Algebra>(blocks: usize, segments: &mut Segments<'_>) -> Self {
        let embed = A::read(segments);
        let block = |_| Block {
            qkv: A::read(segments),
            out: A::read(segments),
            hidden: A::read_hidden(segments),
            down: A::read(segments),
        };
        let blocks = (0..blocks).map(block).collect();
        Maps { embed, blocks, head: A::read(segments) }
    }

    /// Reads `self` as a gradient, and writes that of the parameters.
    pub fn write<A: Algebra>(&self, gradient: &mut SegmentsMut<'_>) {
        A::write(&self.embed, gradient);
        for Block { qkv, out, hidden, down } in &self.blocks {
            A::write(qkv, gradient);
            A::write(out, gradient);
            A::write_hidden(hidden, gradient);
            A::write(down, gradient);
        }
        A::write(&self.head, gradient);
    }
}
