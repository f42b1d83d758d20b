//! The parameters of a causal transformer as layers, and the gradient of the layers as that of the parameters.

use crate::CausalTransformer;
use crate::lanes::layers::{Block, Dense, Segments, SegmentsMut};

/// The layers of a transformer, with norms' scales and shifts folded into the layers after them, the attention's
/// 1/sqrt(d / heads) into the queries, and the embedding's bias into the positions; or a gradient with respect to them.
pub struct Weights {
    /// The embedding at each position: one matrix, different biases.
    pub embed: Vec<Dense>,
    pub blocks: Vec<Block<Dense>>,
    pub head: Dense,
}

fn dense_after_norm(segments: &mut Segments<'_>) -> Dense {
    let (scale, shift) = (segments.take(), segments.take());
    Dense::after_norm(segments.take(), segments.take(), scale, shift)
}

impl Weights {
    /// From the flat parameters.
    pub fn new(shape: &CausalTransformer, mut segments: Segments<'_>) -> Self {
        let embed = segments.dense();
        let at_position = |position: &[f32]| {
            let mut embed = embed.clone();
            embed.bias.iter_mut().zip(position).for_each(|(b, p)| *b += p);
            embed
        };
        let embed = segments.take().chunks_exact(shape.width).map(at_position).collect();
        let block = |_| {
            let mut qkv = dense_after_norm(&mut segments);
            qkv.scale_queries(shape.heads);
            let out = segments.dense();
            Block { qkv, out, up: dense_after_norm(&mut segments), down: segments.dense() }
        };
        let blocks = (0..shape.blocks).map(block).collect();
        Weights { embed, blocks, head: dense_after_norm(&mut segments) }
    }

    /// Reads `self` as the gradient of the layers at these parameters, and writes the gradient of the parameters.
    pub fn unfold(mut self, shape: &CausalTransformer, parameters: Segments<'_>, gradient: SegmentsMut<'_>) {
        let mut out = Unfolded { parameters, gradient };
        let (first, others) = self.embed.split_first_mut().expect("at least the start token's position");
        let positions: Vec<f32> =
            first.bias.iter().chain(others.iter().flat_map(|e| &e.bias)).copied().collect();
        for other in others {
            first.weight.iter_mut().zip(&other.weight).for_each(|(sum, w)| *sum += w);
            first.bias.iter_mut().zip(&other.bias).for_each(|(sum, b)| *sum += b);
        }
        out.dense(first);
        out.put(&positions);
        for block in &mut self.blocks {
            block.qkv.scale_queries(shape.heads);
            out.dense_after_norm(&mut block.qkv);
            out.dense(&block.out);
            out.dense_after_norm(&mut block.up);
            out.dense(&block.down);
        }
        out.dense_after_norm(&mut self.head);
    }
}

/// A flat gradient as it is written, beside the parameters.
struct Unfolded<'a, 'g> {
    parameters: Segments<'a>,
    gradient: SegmentsMut<'g>,
}

impl<'a> Unfolded<'a, '_> {
    /// Writes a segment; returns its parameters.
    fn put(&mut self, numbers: &[f32]) -> &'a [f32] {
        self.gradient.put(numbers);
        self.parameters.take()
    }

    fn dense(&mut self, gradient: &Dense) {
        self.put(&gradient.weight);
        self.put(&gradient.bias);
    }

    fn dense_after_norm(&mut self, gradient: &mut Dense) {
        let [scale, shift, weight, _] = [(); 4].map(|()| self.parameters.take());
        let (by_scale, by_shift) = gradient.unfold_norm(weight, scale, shift);
        for numbers in [&by_scale, &by_shift, &gradient.weight, &gradient.bias] {
            self.gradient.put(numbers);
        }
    }
}
