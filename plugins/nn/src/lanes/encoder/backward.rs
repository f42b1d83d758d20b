//! The backward pass.

use pulp::{Simd, WithSimd};

use super::forward::{Encoder, EncoderShape, EncoderWeights, EncoderWorkspace};
use super::frames::HeadVectors;
use crate::lanes::layers::norm::add_gradient;
use crate::lanes::layers::{
    Attended, Attention, Block, Dense, LayerGradient, Segments, SegmentsMut, Transposed,
};
use crate::lanes::rows::functions::mul;
use crate::lanes::rows::special::exact_gelu_and_slope;
use crate::lanes::rows::{Rows, Slots};

/// The transposed weights of an encoder, and the gradient summed so far.
pub struct EncoderBackward {
    shape: EncoderShape,
    attention: Attention,
    vectors: HeadVectors,
    embed: LayerGradient,
    blocks: Vec<Block<LayerGradient>>,
    head: LayerGradient,
}

/// Gradients with respect to the activations of one block of events.
pub struct EncoderBackwardWorkspace {
    x: Slots,
    tokens: Slots,
    /// With respect to a layer's inputs.
    inputs: Rows,
    hidden: Rows,
    active: Rows,
    /// What was attended to, in the token's frame.
    local: Rows,
    transposed: Transposed,
}

impl EncoderBackwardWorkspace {
    /// Memory for blocks of `events`.
    pub fn new<S: Simd>(shape: &EncoderShape, events: usize) -> Self {
        let (width, hidden) = (shape.width, shape.mlp_factor * shape.width);
        EncoderBackwardWorkspace {
            x: Slots::new(shape.tokens, width, events),
            tokens: Slots::new(shape.tokens, 3 * width, events),
            inputs: Rows::new(width, events),
            hidden: Rows::new(hidden, events),
            active: Rows::new(hidden, events),
            local: Rows::new(width, events),
            transposed: Transposed::new::<S>(hidden.max(width).max(shape.features), events),
        }
    }
}

impl EncoderBackward {
    /// An encoder from the next segments, and its backward pass.
    pub fn new<S: Simd>(shape: &EncoderShape, segments: &mut Segments<'_>) -> (Encoder, EncoderBackward) {
        EncoderBackward::with(shape, segments, LayerGradient::new::<S>)
    }

    /// The same, for the gradient of the features and frames alone: the parameters' is not summed.
    pub fn of_inputs(shape: &EncoderShape, segments: &mut Segments<'_>) -> (Encoder, EncoderBackward) {
        EncoderBackward::with(shape, segments, LayerGradient::of_inputs)
    }

    fn with(
        shape: &EncoderShape,
        segments: &mut Segments<'_>,
        layer: fn(&Dense) -> LayerGradient,
    ) -> (Encoder, EncoderBackward) {
        let weights = EncoderWeights::new(shape, segments);
        let backward = EncoderBackward {
            shape: shape.clone(),
            attention: Attention::new(shape.width, shape.heads),
            vectors: shape.head_vectors(),
            embed: layer(&weights.embed),
            blocks: weights.blocks.iter().map(|b| b.map(layer)).collect(),
            head: layer(&weights.head),
        };
        (Encoder::packed(shape, &weights), backward)
    }

    /// Adds the gradient of a block of events, `events` of which count, from that of its outputs, which is zero in the
    /// other lanes; writes that of the features, and that of the frames into the second of them. `work` holds what the
    /// forward pass left.
    #[inline(always)]
    pub fn apply<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        inputs: (&Slots, Option<(&Slots, &mut Slots)>, usize),
        outputs: &Slots,
        work: (&EncoderWorkspace, &mut EncoderBackwardWorkspace),
        features_gradient: &mut Slots,
    ) {
        simd.vectorize(Apply::<V> { backward: self, inputs, outputs, work, features_gradient });
    }

    #[inline(always)]
    fn back<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        (features, mut frames, events): (&Slots, Option<(&Slots, &mut Slots)>, usize),
        outputs: &Slots,
        (work, back): (&EncoderWorkspace, &mut EncoderBackwardWorkspace),
        features_gradient: &mut Slots,
    ) {
        let (d, count) = (self.shape.width, self.shape.tokens);
        let EncoderBackwardWorkspace { x, tokens, inputs, hidden, active, local, transposed } = back;
        let inputs = inputs.rows_mut::<S, V>();
        if let Some((_, by_frames)) = &mut frames {
            by_frames.clear();
        }
        let (hidden, active) = (hidden.rows_mut::<S, V>(), active.rows_mut::<S, V>());
        for token in 0..count {
            let read = (&work.x.at::<S, V>(token)[..d], &mut *transposed, events);
            self.head.step(simd, outputs.at::<S, V>(token), read, x.at_mut::<S, V>(token));
        }
        for (b, block) in self.blocks.iter_mut().enumerate().rev() {
            tokens.clear();
            for token in 0..count {
                let slot = b * count + token;
                let x = x.at_mut::<S, V>(token);
                block.down.transposed.apply::<S, V, false>(simd, x, hidden);
                let before = work.hidden.at::<S, V>(slot);
                for ((gradient, active), before) in hidden.iter_mut().zip(&mut *active).zip(before) {
                    let (value, slope) = exact_gelu_and_slope(simd, *before);
                    *active = value;
                    *gradient = mul(simd, *gradient, slope);
                }
                block.down.add(simd, x, (active, transposed, events));
                let normed = work.mlp_norm.at::<S, V>(slot);
                block.up.step(simd, hidden, (&normed[..d], transposed, events), inputs);
                add_gradient(simd, normed, inputs, x);

                let attended = work.attended.at::<S, V>(slot);
                let local = match &frames {
                    None => attended,
                    Some((frames, _)) => {
                        let local = local.rows_mut::<S, V>();
                        self.vectors.enter_frame(simd, frames.at::<S, V>(token), attended, local);
                        local
                    }
                };
                block.out.step(simd, x, (local, transposed, events), inputs);
                if let Some((frames, by_frames)) = &mut frames {
                    let kept = (frames.at::<S, V>(token), attended);
                    self.vectors.enter_frame_gradient(simd, kept, inputs, by_frames.at_mut::<S, V>(token));
                }
                let seen = work.tokens.range::<S, V>(b * count, count);
                let weights = work.weights.at::<S, V>(slot);
                let kept = Attended { tokens: seen, query: token, weights, attended };
                self.attention.add_gradient(simd, kept, inputs, tokens.range_mut::<S, V>(0, count));
            }
            for token in 0..count {
                let slot = b * count + token;
                let own = tokens.at_mut::<S, V>(token);
                if let Some((frames, by_frames)) = &mut frames {
                    let kept = (frames.at::<S, V>(token), work.vectors.at::<S, V>(slot));
                    self.vectors.leave_frame_gradient(simd, kept, own, by_frames.at_mut::<S, V>(token));
                }
                let normed = work.attention_norm.at::<S, V>(slot);
                block.qkv.step(simd, own, (&normed[..d], transposed, events), inputs);
                add_gradient(simd, normed, inputs, x.at_mut::<S, V>(token));
            }
        }
        for token in 0..count {
            let read = (&features.at::<S, V>(token)[..self.shape.features], &mut *transposed, events);
            self.embed.step(simd, x.at::<S, V>(token), read, features_gradient.at_mut::<S, V>(token));
        }
    }

    /// Writes the gradient of the encoder's parameters as the next segments.
    #[inline(always)]
    pub fn finish<S: Simd>(self, simd: S, gradient: &mut SegmentsMut<'_>) {
        // Loops, as closures would be compiled without the instruction set.
        let mut blocks = Vec::new();
        for block in &self.blocks {
            blocks.push(block.totals(simd));
        }
        let (embed, head) = (self.embed.totals(simd), self.head.totals(simd));
        EncoderWeights { embed, blocks, head }.unfold(&self.shape, gradient);
    }
}

/// Compiled once for all who call it.
struct Apply<'a, const V: usize> {
    backward: &'a mut EncoderBackward,
    inputs: (&'a Slots, Option<(&'a Slots, &'a mut Slots)>, usize),
    outputs: &'a Slots,
    work: (&'a EncoderWorkspace, &'a mut EncoderBackwardWorkspace),
    features_gradient: &'a mut Slots,
}

impl<const V: usize> WithSimd for Apply<'_, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Apply { backward, inputs, outputs, work, features_gradient } = self;
        backward.back::<S, V>(simd, inputs, outputs, work, features_gradient);
    }
}
