//! The activations of a transformer for a block of events.

use pulp::Simd;

use crate::CausalTransformer;
use crate::lanes::rows::{Rows, Slots};

/// Activations of one block of events: the tokens (queries, keys, values) of all positions, and what else a step leaves.
///
/// Sampling needs no activation of earlier positions but the tokens, so each step overwrites the others; the backward pass
/// needs all of them.
pub struct Workspace {
    positions: usize,
    /// Whether the backward pass will ask for the activations.
    pub(super) kept: bool,
    /// The sums along the skip connections.
    pub(super) x: Rows,
    /// For each block and position the query, key and value.
    pub(super) tokens: Slots,
    /// The attention's normed inputs and their inverse root.
    pub(super) attention_norm: Slots,
    /// The attention's weights, heads x positions.
    pub(super) weights: Slots,
    /// The attention's results.
    pub(super) attended: Slots,
    /// The MLP's normed inputs and their inverse root.
    pub(super) mlp_norm: Slots,
    /// The MLP's hidden layer before GELU; what is kept is GELU's derivative there.
    pub(super) hidden: Slots,
    /// GELU of the hidden layer.
    pub(super) active: Slots,
    /// For each position, the head's normed inputs and their inverse root.
    pub(super) head_norm: Slots,
}

impl Workspace {
    /// Memory for blocks of `events` of which only the last position is needed.
    pub fn of_last(shape: &CausalTransformer, events: usize) -> Self {
        Workspace::new(shape, events, false)
    }

    /// Memory for blocks of `events` that all positions' activations stay in.
    pub fn of_all(shape: &CausalTransformer, events: usize) -> Self {
        Workspace::new(shape, events, true)
    }

    fn new(shape: &CausalTransformer, events: usize, keep: bool) -> Self {
        let s = shape;
        let (positions, blocks) = (s.positions, s.blocks);
        let slots = |size: usize| Slots::new(if keep { blocks * positions } else { 1 }, size, events);
        Workspace {
            positions,
            kept: keep,
            x: Rows::new(s.width, events),
            tokens: Slots::new(blocks * positions, 3 * s.width, events),
            attention_norm: slots(s.width + 1),
            weights: slots(s.heads * positions),
            attended: slots(s.width),
            mlp_norm: slots(s.width + 1),
            hidden: slots(s.mlp_factor * s.width),
            active: slots(s.mlp_factor * s.width),
            head_norm: Slots::new(if keep { positions } else { 1 }, s.width + 1, events),
        }
    }

    /// Takes over the tokens at position 0 of another workspace, the same in all events.
    #[inline(always)]
    pub fn set_start<S: Simd, const V: usize>(&mut self, start: &Workspace) {
        for block in (0..self.tokens.count()).step_by(self.positions) {
            let tokens = start.tokens.at::<S, V>(block);
            for (to, from) in self.tokens.at_mut::<S, V>(block).iter_mut().zip(tokens) {
                *to = [from[0]; V];
            }
        }
    }
}
