//! The forward pass.

use pulp::{Simd, WithSimd};

use super::frames::HeadVectors;
use crate::lanes::layers::norm::normalize;
use crate::lanes::layers::{Attention, Block, Dense, Linear, Segments, SegmentsMut};
use crate::lanes::rows::special::exact_gelu_and_slope;
use crate::lanes::rows::{Rows, Slots};

/// The sizes of an encoder: a pre-layer-norm transformer without norms' parameters and without a last norm, with the exact
/// GELU.
///
/// Its segments are `embed.weight` (width x features), `embed.bias`, for each block b `block.b.qkv`, `block.b.out`,
/// `block.b.up`, `block.b.down`, and `head`, each with `.weight` and `.bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderShape {
    /// Features of a token.
    pub features: usize,
    /// Tokens of an event.
    pub tokens: usize,
    /// Width of a token inside.
    pub width: usize,
    /// Attention heads; divides the width.
    pub heads: usize,
    /// Four-vectors at the end of each head, which attention carries from frame to frame; without frames it does not
    /// matter.
    pub vectors: usize,
    /// Blocks.
    pub blocks: usize,
    /// Width of the MLP's hidden layer over the width.
    pub mlp_factor: usize,
    /// Outputs of a token.
    pub outputs: usize,
}

impl EncoderShape {
    pub(super) fn head_vectors(&self) -> HeadVectors {
        HeadVectors::new(self.width, self.heads, self.vectors)
    }
}

/// The layers of an encoder, the attention's factor folded into the queries; or their gradient.
pub(super) struct EncoderWeights {
    pub embed: Dense,
    pub blocks: Vec<Block<Dense>>,
    pub head: Dense,
}

impl EncoderWeights {
    pub fn new(shape: &EncoderShape, segments: &mut Segments<'_>) -> Self {
        let embed = segments.dense();
        let block = |_| {
            let [mut qkv, out, up, down] = [(); 4].map(|()| segments.dense());
            qkv.scale_queries(shape.heads);
            Block { qkv, out, up, down }
        };
        let blocks = (0..shape.blocks).map(block).collect();
        EncoderWeights { embed, blocks, head: segments.dense() }
    }

    /// Reads `self` as a gradient, and writes that of the parameters.
    pub fn unfold(mut self, shape: &EncoderShape, gradient: &mut SegmentsMut<'_>) {
        gradient.dense(&self.embed);
        for Block { qkv, out, up, down } in &mut self.blocks {
            qkv.scale_queries(shape.heads);
            [&*qkv, out, up, down].into_iter().for_each(|dense| gradient.dense(dense));
        }
        gradient.dense(&self.head);
    }
}

/// The weights of an encoder, packed.
#[derive(Debug, Clone)]
pub struct Encoder {
    shape: EncoderShape,
    attention: Attention,
    vectors: HeadVectors,
    embed: Linear,
    blocks: Vec<Block<Linear>>,
    head: Linear,
}

/// Activations of one block of events.
pub struct EncoderWorkspace {
    /// The sums along the skip connections, token by token.
    pub(super) x: Slots,
    /// Queries, keys and values, for each block and token.
    pub(super) tokens: Slots,
    /// Their vectors in the token's frame.
    pub(super) vectors: Slots,
    /// Normed inputs of the attention and their inverse root, and so on as in a decoder.
    pub(super) attention_norm: Slots,
    pub(super) weights: Slots,
    pub(super) attended: Slots,
    pub(super) mlp_norm: Slots,
    pub(super) hidden: Slots,
    active: Rows,
    /// What was attended to, in the token's frame.
    local: Rows,
}

impl EncoderWorkspace {
    /// Memory for blocks of `events`; with `keep` for what the backward pass needs.
    pub fn new(shape: &EncoderShape, events: usize, keep: bool) -> Self {
        let hidden = shape.mlp_factor * shape.width;
        let kept = |size| Slots::new(if keep { shape.blocks * shape.tokens } else { 1 }, size, events);
        EncoderWorkspace {
            x: Slots::new(shape.tokens, shape.width, events),
            // One block after the other uses the first tokens if none is kept.
            tokens: Slots::new(
                if keep { shape.blocks * shape.tokens } else { shape.tokens },
                3 * shape.width,
                events,
            ),
            vectors: kept(shape.head_vectors().rows()),
            attention_norm: kept(shape.width + 1),
            weights: kept(shape.heads * shape.tokens),
            attended: kept(shape.width),
            mlp_norm: kept(shape.width + 1),
            hidden: kept(hidden),
            active: Rows::new(hidden, events),
            local: Rows::new(shape.width, events),
        }
    }
}

impl Encoder {
    /// From the next segments.
    pub fn new(shape: &EncoderShape, segments: &mut Segments<'_>) -> Self {
        Encoder::packed(shape, &EncoderWeights::new(shape, segments))
    }

    pub(super) fn packed(shape: &EncoderShape, weights: &EncoderWeights) -> Self {
        Encoder {
            shape: shape.clone(),
            attention: Attention::new(shape.width, shape.heads),
            vectors: shape.head_vectors(),
            embed: Linear::new(&weights.embed),
            blocks: weights.blocks.iter().map(|b| b.map(Linear::new)).collect(),
            head: Linear::new(&weights.head),
        }
    }

    /// The outputs of all tokens from their features; a slot of either for each token. With frames (a slot of
    /// [`FRAME`](super::frames::FRAME) rows for each token) attention happens in the global one.
    #[inline(always)]
    pub fn apply<S: Simd, const V: usize>(
        &self,
        simd: S,
        inputs: (&Slots, Option<&Slots>),
        work: &mut EncoderWorkspace,
        outputs: &mut Slots,
    ) {
        simd.vectorize(Apply::<V> { encoder: self, inputs, work, outputs });
    }

    #[inline(always)]
    fn forward<S: Simd, const V: usize>(
        &self,
        simd: S,
        (features, frames): (&Slots, Option<&Slots>),
        work: &mut EncoderWorkspace,
        outputs: &mut Slots,
    ) {
        let (d, count) = (self.shape.width, self.shape.tokens);
        let EncoderWorkspace {
            x,
            tokens,
            vectors,
            attention_norm,
            weights,
            attended,
            mlp_norm,
            hidden,
            active,
            local,
        } = work;
        for token in 0..count {
            self.embed.apply::<S, V, false>(simd, features.at::<S, V>(token), x.at_mut::<S, V>(token));
        }
        for (b, block) in self.blocks.iter().enumerate() {
            for token in 0..count {
                let slot = b * count + token;
                let normed = attention_norm.at_mut::<S, V>(slot);
                normalize(simd, &x.at::<S, V>(token)[..d], normed);
                let own = tokens.at_mut::<S, V>(slot);
                block.qkv.apply::<S, V, false>(simd, normed, own);
                if let Some(frames) = frames {
                    self.vectors.leave_frame(
                        simd,
                        frames.at::<S, V>(token),
                        own,
                        vectors.at_mut::<S, V>(slot),
                    );
                }
            }
            let seen = tokens.range::<S, V>(b * count % tokens.count(), count);
            for token in 0..count {
                let slot = b * count + token;
                let x = x.at_mut::<S, V>(token);
                let attended = attended.at_mut::<S, V>(slot);
                self.attention.apply(simd, (seen, token), weights.at_mut::<S, V>(slot), attended);
                let attended = match frames {
                    None => attended,
                    Some(frames) => {
                        let local = local.rows_mut::<S, V>();
                        self.vectors.enter_frame(simd, frames.at::<S, V>(token), attended, local);
                        local
                    }
                };
                block.out.apply::<S, V, true>(simd, attended, x);
                let normed = mlp_norm.at_mut::<S, V>(slot);
                normalize(simd, &x[..d], normed);
                let hidden = hidden.at_mut::<S, V>(slot);
                block.up.apply::<S, V, false>(simd, normed, hidden);
                let active = active.rows_mut::<S, V>();
                for (active, hidden) in active.iter_mut().zip(hidden) {
                    *active = exact_gelu_and_slope(simd, *hidden).0;
                }
                block.down.apply::<S, V, true>(simd, active, x);
            }
        }
        for token in 0..count {
            self.head.apply::<S, V, false>(simd, x.at::<S, V>(token), outputs.at_mut::<S, V>(token));
        }
    }
}

/// Compiled once for all who call it.
struct Apply<'a, const V: usize> {
    encoder: &'a Encoder,
    inputs: (&'a Slots, Option<&'a Slots>),
    work: &'a mut EncoderWorkspace,
    outputs: &'a mut Slots,
}

impl<const V: usize> WithSimd for Apply<'_, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.encoder.forward::<S, V>(simd, self.inputs, self.work, self.outputs);
    }
}
