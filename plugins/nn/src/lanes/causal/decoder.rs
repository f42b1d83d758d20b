//! The forward pass of a [`CausalTransformer`] position by position, with the keys and values of earlier positions kept.

use amplicast_sdk::Layout;
use pulp::{Simd, WithSimd};

use super::weights::Weights;
use super::workspace::Workspace;
use crate::CausalTransformer;
use crate::lanes::layers::norm::normalize;
use crate::lanes::layers::{Attention, Block, Linear, Segments};
use crate::lanes::rows::special::{gelu, gelu_and_slope};
use crate::lanes::rows::{rows_of, rows_of_mut};

/// The weights of a causal transformer, packed for [`Decoder::step`].
#[derive(Debug, Clone)]
pub struct Decoder {
    shape: CausalTransformer,
    attention: Attention,
    /// The embedding with the bias of each position.
    embed: Vec<Linear>,
    blocks: Vec<Block<Linear>>,
    head: Linear,
}

impl Decoder {
    /// From the flat parameters of a transformer.
    pub fn new(shape: &CausalTransformer, layout: &Layout, parameters: &[f32]) -> Self {
        Decoder::packed(shape, &Weights::new(shape, Segments::new(layout, parameters)))
    }

    pub(super) fn packed(shape: &CausalTransformer, weights: &Weights) -> Self {
        Decoder {
            shape: shape.clone(),
            attention: Attention::new(shape.width, shape.heads),
            embed: weights.embed.iter().map(Linear::new).collect(),
            blocks: weights.blocks.iter().map(|b| b.map(Linear::new)).collect(),
            head: Linear::new(&weights.head),
        }
    }

    /// The outputs at a position from its features, after steps at all earlier positions in the same workspace.
    ///
    /// Both are the numbers of blocks of V registers, row by row; `outputs` has a row for each of them.
    #[inline(always)]
    pub fn step<S: Simd, const V: usize>(
        &self,
        simd: S,
        position: usize,
        features: &[f32],
        work: &mut Workspace,
        outputs: &mut [f32],
    ) {
        simd.vectorize(Step::<V> { decoder: self, position, features, work, outputs });
    }

    #[inline(always)]
    fn forward<S: Simd, const V: usize>(
        &self,
        simd: S,
        position: usize,
        features: &[f32],
        work: &mut Workspace,
        outputs: &mut [f32],
    ) {
        let (features, outputs) = (rows_of::<S, V>(features), rows_of_mut::<S, V>(outputs));
        let d = self.shape.width;
        let x = work.x.rows_mut::<S, V>();
        self.embed[position].apply::<S, V, false>(simd, features, x);
        for (b, block) in self.blocks.iter().enumerate() {
            let first = b * self.shape.positions;
            let slot = first + position;
            let normed = work.attention_norm.at_mut::<S, V>(slot);
            normalize(simd, &x[..d], normed);
            block.qkv.apply::<S, V, false>(simd, normed, work.tokens.at_mut::<S, V>(slot));
            let attended = work.attended.at_mut::<S, V>(slot);
            let tokens = work.tokens.range::<S, V>(first, position + 1);
            self.attention.apply(simd, (tokens, position), work.weights.at_mut::<S, V>(slot), attended);
            block.out.apply::<S, V, true>(simd, attended, x);
            let normed = work.mlp_norm.at_mut::<S, V>(slot);
            normalize(simd, &x[..d], normed);
            let hidden = work.hidden.at_mut::<S, V>(slot);
            block.up.apply::<S, V, false>(simd, normed, hidden);
            let active = work.active.at_mut::<S, V>(slot);
            for (active, hidden) in active.iter_mut().zip(hidden) {
                if work.kept {
                    (*active, *hidden) = gelu_and_slope(simd, *hidden);
                } else {
                    *active = gelu(simd, *hidden);
                }
            }
            block.down.apply::<S, V, true>(simd, active, x);
        }
        let normed = work.head_norm.at_mut::<S, V>(position);
        normalize(simd, &x[..d], normed);
        self.head.apply::<S, V, false>(simd, normed, outputs);
    }
}

/// Compiled once for all who call it.
struct Step<'a, const V: usize> {
    decoder: &'a Decoder,
    position: usize,
    features: &'a [f32],
    work: &'a mut Workspace,
    outputs: &'a mut [f32],
}

impl<const V: usize> WithSimd for Step<'_, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.decoder.forward::<S, V>(simd, self.position, self.features, self.work, self.outputs);
    }
}
