//! The backward pass of a [`CausalTransformer`], position by position from the last to the first.
//!
//! Causality makes that order possible: when a position is reached, all tokens that attend to it have already sent their
//! gradients to its keys and values, in every block.

use amplicast_sdk::Layout;
use pulp::{Simd, WithSimd};

use super::decoder::Decoder;
use super::weights::Weights;
use super::workspace::Workspace;
use crate::CausalTransformer;
use crate::lanes::layers::norm::add_gradient;
use crate::lanes::layers::{
    Attended, Attention, Block, LayerGradient, Segments, SegmentsMut, Transposed, WeightSums,
};
use crate::lanes::rows::functions::{mul, total};
use crate::lanes::rows::{Rows, Slots, rows_of};

/// The transposed weights of a causal transformer, and the gradient summed so far.
///
/// The start token is the same in every event. So its forward and backward pass run once, on a block of their own, and
/// what other blocks send back to its keys and values is summed ([`Backward::end_block`]).
pub struct Backward {
    shape: CausalTransformer,
    attention: Attention,
    embed: Vec<WeightSums>,
    blocks: Vec<Block<LayerGradient>>,
    head: LayerGradient,
    /// The gradient of the start token's queries, keys and values, for each block of the network.
    start_tokens: Vec<f32>,
}

/// Gradients with respect to the activations of one block of events.
pub struct BackwardWorkspace {
    x: Rows,
    /// With respect to a layer's inputs.
    inputs: Rows,
    hidden: Rows,
    tokens: Slots,
    transposed: Transposed,
}

impl BackwardWorkspace {
    /// Memory for blocks of `events`.
    pub fn new<S: Simd>(shape: &CausalTransformer, events: usize) -> Self {
        let (width, hidden) = (shape.width, shape.mlp_factor * shape.width);
        BackwardWorkspace {
            x: Rows::new(width, events),
            inputs: Rows::new(width, events),
            hidden: Rows::new(hidden, events),
            tokens: Slots::new(shape.blocks * shape.positions, 3 * width, events),
            transposed: Transposed::new::<S>(hidden.max(width).max(shape.features), events),
        }
    }

    /// Makes the gradients that steps add to zero: before a block of events.
    pub fn clear(&mut self) {
        self.tokens.clear();
    }
}

impl Backward {
    /// A decoder of these parameters that keeps what the backward pass needs, and its backward pass.
    pub fn new<S: Simd>(
        shape: &CausalTransformer,
        layout: &Layout,
        parameters: &[f32],
    ) -> (Decoder, Backward) {
        let weights = Weights::new(shape, Segments::new(layout, parameters));
        let backward = Backward {
            shape: shape.clone(),
            attention: Attention::new(shape.width, shape.heads),
            embed: weights.embed.iter().map(|e| WeightSums::new::<S>(e.inputs, e.outputs)).collect(),
            blocks: weights.blocks.iter().map(|b| b.map(LayerGradient::new::<S>)).collect(),
            head: LayerGradient::new::<S>(&weights.head),
            start_tokens: vec![0.0; shape.blocks * 3 * shape.width],
        };
        (Decoder::packed(shape, &weights), backward)
    }

    /// Goes back through the step at a position, from the gradient of its outputs, a row each.
    ///
    /// `work` holds what the steps of a block left, `events` of which count; `features` are those of the step. Both are numbers, row by row.
    #[inline(always)]
    pub fn step<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        at: (usize, usize),
        features: &[f32],
        outputs: &[f32],
        work: (&Workspace, &mut BackwardWorkspace),
    ) {
        simd.vectorize(Step::<V> { backward: self, at, features, outputs, work });
    }

    #[inline(always)]
    fn back<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        (position, events): (usize, usize),
        features: &[f32],
        outputs: &[f32],
        (work, backward): (&Workspace, &mut BackwardWorkspace),
    ) {
        let (features, outputs) = (rows_of::<S, V>(features), rows_of::<S, V>(outputs));
        let d = self.shape.width;
        let BackwardWorkspace { x, inputs, hidden, tokens, transposed } = backward;
        let (x, inputs) = (x.rows_mut::<S, V>(), inputs.rows_mut::<S, V>());
        let hidden = hidden.rows_mut::<S, V>();
        let normed = work.head_norm.at::<S, V>(position);
        self.head.step(simd, outputs, (&normed[..d], transposed, events), inputs);
        x.fill([simd.splat_f32s(0.0); V]);
        add_gradient(simd, normed, inputs, x);
        for (b, block) in self.blocks.iter_mut().enumerate().rev() {
            let first = b * self.shape.positions;
            let slot = first + position;
            block.down.transposed.apply::<S, V, false>(simd, x, hidden);
            for (gradient, slope) in hidden.iter_mut().zip(work.hidden.at::<S, V>(slot)) {
                *gradient = mul(simd, *gradient, *slope);
            }
            block.down.add(simd, x, (work.active.at::<S, V>(slot), transposed, events));
            let normed = work.mlp_norm.at::<S, V>(slot);
            block.up.step(simd, hidden, (&normed[..d], transposed, events), inputs);
            add_gradient(simd, normed, inputs, x);

            let attended = work.attended.at::<S, V>(slot);
            block.out.step(simd, x, (attended, transposed, events), inputs);
            let (seen, weights) =
                (work.tokens.range::<S, V>(first, position + 1), work.weights.at::<S, V>(slot));
            let kept = Attended { tokens: seen, query: position, weights, attended };
            let gradients = tokens.range_mut::<S, V>(first, position + 1);
            self.attention.add_gradient(simd, kept, inputs, gradients);
            let normed = work.attention_norm.at::<S, V>(slot);
            block.qkv.step(simd, tokens.at::<S, V>(slot), (&normed[..d], transposed, events), inputs);
            add_gradient(simd, normed, inputs, x);
        }
        transposed.set(simd, features);
        self.embed[position].add(simd, x, transposed, events);
    }

    /// Ends a block of events: collects what has arrived at the start token.
    #[inline(always)]
    pub fn end_block<S: Simd, const V: usize>(&mut self, simd: S, backward: &BackwardWorkspace) {
        let (positions, width) = (self.shape.positions, 3 * self.shape.width);
        for (b, sums) in self.start_tokens.chunks_exact_mut(width).enumerate() {
            for (sum, row) in sums.iter_mut().zip(backward.tokens.at::<S, V>(b * positions)) {
                *sum += total(simd, *row);
            }
        }
    }

    /// Goes back through the start token's step, on a block of one event, after all other blocks.
    #[inline(always)]
    pub fn step_start<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        outputs: &[f32],
        work: (&Workspace, &mut BackwardWorkspace),
    ) {
        let (work, backward) = work;
        let (positions, width, lanes) = (self.shape.positions, 3 * self.shape.width, V * S::F32_LANES);
        for (b, sums) in self.start_tokens.chunks_exact(width).enumerate() {
            let token = backward.tokens.at_mut::<S, V>(b * positions);
            let numbers = pulp::bytemuck::cast_slice_mut::<S::f32s, f32>(token.as_flattened_mut());
            numbers.iter_mut().step_by(lanes).zip(sums).for_each(|(first, sum)| *first = *sum);
        }
        let features = vec![0.0; self.shape.features * lanes];
        self.step::<S, V>(simd, (0, 1), &features, outputs, (work, backward));
    }

    /// Writes the gradient of the parameters that this was made from.
    #[inline(always)]
    pub fn finish<S: Simd>(self, simd: S, layout: &Layout, parameters: &[f32], gradient: &mut [f32]) {
        // Loops, as closures would be compiled without the instruction set.
        let (mut embed, mut blocks) = (Vec::new(), Vec::new());
        for sums in &self.embed {
            embed.push(sums.totals(simd));
        }
        for block in &self.blocks {
            blocks.push(block.totals(simd));
        }
        let gradients = Weights { embed, blocks, head: self.head.totals(simd) };
        let parameters = Segments::new(layout, parameters);
        gradients.unfold(&self.shape, parameters, SegmentsMut::new(layout, gradient));
    }
}

/// Compiled once for all who call it.
struct Step<'a, const V: usize> {
    backward: &'a mut Backward,
    at: (usize, usize),
    features: &'a [f32],
    outputs: &'a [f32],
    work: (&'a Workspace, &'a mut BackwardWorkspace),
}

impl<const V: usize> WithSimd for Step<'_, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Step { backward, at, features, outputs, work } = self;
        backward.back::<S, V>(simd, at, features, outputs, work);
    }
}
