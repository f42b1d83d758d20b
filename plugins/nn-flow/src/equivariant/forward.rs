//! The forward pass.

use amplicast_nn::lanes::Slots;
use amplicast_nn::pulp::{Simd, WithSimd};

use super::algebra::Algebra;
use super::features::Features;
use super::linear::{Linear, Matrices};
use super::maps::{Block, Maps};
use super::norm::normalize;
use super::shape::Shape;
use super::streams::Streams;

/// The network with its weights.
pub(super) struct Forward<A> {
    pub shape: Shape<A>,
    maps: Maps<Linear>,
}

/// Activations of one block of events, most of them for each block of the network and each token.
pub(super) struct Work<A: Algebra> {
    pub inputs: Features,
    /// The sums along the skip connections, token by token.
    pub x: Features,
    pub attention_norm: Features,
    /// Normed queries, keys and values.
    pub parts: Features,
    pub weights: Slots,
    pub attended: Features,
    pub hidden_norm: Features,
    pub hidden: A::Hidden,
    raw_parts: Features,
    active: Features,
    outputs: Features,
}

impl<A: Algebra> Work<A> {
    /// Memory for blocks of `events`; with `keep` for what the backward pass needs.
    pub fn new(shape: &Shape<A>, events: usize, keep: bool) -> Self {
        let (tokens, attention) = (shape.tokens, &shape.attention);
        let all = if keep { shape.blocks * tokens } else { tokens };
        let kept = if keep { all } else { 1 };
        Work {
            inputs: Features::new(tokens, shape.inputs, events),
            x: Features::new(tokens, shape.channels, events),
            attention_norm: Features::normed(kept, shape.channels, A::KEPT, events),
            parts: Features::normed(all * attention.parts(), attention.hidden, A::KEPT, events),
            weights: Slots::new(all, attention.heads * tokens, events),
            attended: Features::new(all, shape.attended, events),
            hidden_norm: Features::normed(kept, shape.channels, A::KEPT, events),
            hidden: shape.algebra.hidden(kept, events),
            raw_parts: Features::new(1, shape.parts(), events),
            active: Features::new(1, shape.hidden, events),
            outputs: Features::new(1, shape.outputs(), events),
        }
    }
}

impl<A: Algebra> Forward<A> {
    pub fn new(shape: &Shape<A>, matrices: &Maps<Matrices>) -> Self {
        Forward { shape: shape.clone(), maps: matrices.map(Linear::new) }
    }

    /// One vector and two scalars of each token.
    #[inline(always)]
    pub fn apply<S: Simd>(&self, simd: S, inputs: &Streams, work: &mut Work<A>, outputs: &mut Streams) {
        simd.vectorize(Apply { forward: self, inputs, work, outputs });
    }

    #[inline(always)]
    fn forward<S: Simd>(&self, simd: S, inputs: &Streams, work: &mut Work<A>, outputs: &mut Streams) {
        let shape = &self.shape;
        for token in 0..shape.tokens {
            let to = work.inputs.at_mut(token).view::<S>().all(shape.inputs);
            // Imaginary parts stay zero.
            let vectors = to.vectors.iter_mut().step_by(if A::COMPLEX { 2 } else { 1 });
            for (to, vector) in vectors.zip(inputs.vectors.at::<S, 4>(token)) {
                *to = *vector;
            }
            to.scalars.copy_from_slice(inputs.scalars.at::<S, 1>(token));
            self.maps.embed.apply::<S, false>(simd, work.inputs.at(token), work.x.at_mut(token));
        }
        for (b, maps) in self.maps.blocks.iter().enumerate() {
            self.attention(simd, (b, maps), work);
            for token in 0..shape.tokens {
                let slot = b * shape.tokens + token;
                let x = (work.x.at(token), ((0, 1), shape.channels));
                normalize::<A, S>(simd, x, work.hidden_norm.at_mut(slot));
                let (normed, hidden) = (work.hidden_norm.at(slot), (&mut work.hidden, slot));
                shape.algebra.forward(simd, &maps.hidden, normed, hidden, work.active.at_mut(0));
                maps.down.apply::<S, true>(simd, work.active.at(0), work.x.at_mut(token));
            }
        }
        for token in 0..shape.tokens {
            self.maps.head.apply::<S, false>(simd, work.x.at(token), work.outputs.at_mut(0));
            let out = work.outputs.at(0).view::<S>().all(shape.outputs());
            outputs.vectors.at_mut::<S, 4>(token)[0] = out.vectors[0];
            outputs.scalars.at_mut::<S, 1>(token).copy_from_slice(out.scalars);
        }
    }

    #[inline(always)]
    fn attention<S: Simd>(&self, simd: S, (b, maps): (usize, &Block<Linear>), work: &mut Work<A>) {
        let shape = &self.shape;
        let parts = shape.attention.parts();
        let first = b * shape.tokens;
        for token in 0..shape.tokens {
            let slot = first + token;
            let x = (work.x.at(token), ((0, 1), shape.channels));
            normalize::<A, S>(simd, x, work.attention_norm.at_mut(slot));
            maps.qkv.apply::<S, false>(simd, work.attention_norm.at(slot), work.raw_parts.at_mut(0));
            for part in 0..parts {
                let raw = (work.raw_parts.at(0), ((part, parts), shape.attention.hidden));
                normalize::<A, S>(simd, raw, work.parts.at_mut(slot * parts + part));
            }
        }
        let (parts, weights, attended) = ((&work.parts, first), &mut work.weights, &mut work.attended);
        shape.attention.apply::<A, S>(simd, parts, weights, attended);
        for token in 0..shape.tokens {
            maps.out.apply::<S, true>(simd, work.attended.at(first + token), work.x.at_mut(token));
        }
    }
}

/// Compiled once for all who call it.
struct Apply<'a, A: Algebra> {
    forward: &'a Forward<A>,
    inputs: &'a Streams,
    work: &'a mut Work<A>,
    outputs: &'a mut Streams,
}

impl<A: Algebra> WithSimd for Apply<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.forward.forward(simd, self.inputs, self.work, self.outputs);
    }
}
