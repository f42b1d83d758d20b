//! The parameters of a causal transformer as layers, and the gradient of the layers as that of the parameters.

use amplicast_sdk::{Layout, Segment};

use super::dense::Dense;
use crate::CausalTransformer;

/// The layers of a transformer, with norms' scales and shifts folded into the layers after them, the attention's
/// 1/sqrt(d / heads) into the queries, and the embedding's bias into the positions; or a gradient with respect to them.
pub struct Weights {
    /// The embedding at each position: one matrix, different biases.
    pub embed: Vec<Dense>,
    /// The blocks.
    pub blocks: Vec<BlockWeights>,
    /// The head.
    pub head: Dense,
}

/// The layers of a block.
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

/// The segments of a flat vector, taken one after the other in the order of the layout.
struct Segments<'a> {
    segments: std::slice::Iter<'a, Segment>,
    rest: &'a [f32],
}

impl<'a> Segments<'a> {
    fn new(layout: &'a Layout, vector: &'a [f32]) -> Self {
        assert_eq!(vector.len(), layout.len(), "length of the parameters");
        Segments { segments: layout.segments().iter(), rest: vector }
    }

    fn take(&mut self) -> &'a [f32] {
        let segment = self.segments.next().expect("a network read more segments than its layout has");
        self.rest.split_off(..segment.len()).expect("as many numbers as the layout says")
    }

    fn dense(&mut self) -> Dense {
        Dense::new(self.take(), self.take())
    }

    fn dense_after_norm(&mut self) -> Dense {
        let (scale, shift) = (self.take(), self.take());
        Dense::after_norm(self.take(), self.take(), scale, shift)
    }
}

fn query_factor(shape: &CausalTransformer) -> f32 {
    ((shape.width / shape.heads) as f32).sqrt().recip()
}

impl Weights {
    /// From the flat parameters.
    pub fn new(shape: &CausalTransformer, layout: &Layout, parameters: &[f32]) -> Self {
        let mut segments = Segments::new(layout, parameters);
        let embed = segments.dense();
        let at_position = |position: &[f32]| {
            let mut embed = embed.clone();
            embed.bias.iter_mut().zip(position).for_each(|(b, p)| *b += p);
            embed
        };
        let embed = segments.take().chunks_exact(shape.width).map(at_position).collect();
        let block = |_| {
            let mut qkv = segments.dense_after_norm();
            qkv.scale_first(shape.width, query_factor(shape));
            let out = segments.dense();
            BlockWeights { qkv, out, up: segments.dense_after_norm(), down: segments.dense() }
        };
        let blocks = (0..shape.blocks).map(block).collect();
        Weights { embed, blocks, head: segments.dense_after_norm() }
    }

    /// Reads `self` as the gradient of the layers at these parameters, and writes the gradient of the parameters.
    pub fn unfold(
        mut self,
        shape: &CausalTransformer,
        layout: &Layout,
        parameters: &[f32],
        gradient: &mut [f32],
    ) {
        let mut out = Unfolded { parameters: Segments::new(layout, parameters), rest: gradient };
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
            block.qkv.scale_first(shape.width, query_factor(shape));
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
    rest: &'g mut [f32],
}

impl Unfolded<'_, '_> {
    fn put(&mut self, numbers: &[f32]) {
        let segment = self.rest.split_off_mut(..numbers.len()).expect("a gradient as long as the parameters");
        segment.copy_from_slice(numbers);
        self.parameters.take();
    }

    fn dense(&mut self, gradient: &Dense) {
        self.put(&gradient.weight);
        self.put(&gradient.bias);
    }

    fn dense_after_norm(&mut self, gradient: &mut Dense) {
        let Segments { segments, rest } = &self.parameters;
        let mut ahead = Segments { segments: segments.clone(), rest };
        let (scale, shift, weight) = (ahead.take(), ahead.take(), ahead.take());
        let (by_scale, by_shift) = gradient.unfold_norm(weight, scale, shift);
        self.put(&by_scale);
        self.put(&by_shift);
        self.dense(gradient);
    }
}
