//! The backward pass.

use amplicast_nn::lanes::SegmentsMut;
use amplicast_nn::pulp::{Simd, WithSimd};

use super::algebra::{Algebra, Back, Kept};
use super::attention::Attended;
use super::features::{Features, Rows};
use super::forward::Work;
use super::linear::{Inputs, Layer, Matrices};
use super::maps::{Block, Maps};
use super::norm::normalize_gradient;
use super::shape::Shape;
use super::streams::Streams;

/// The transposed weights, and their gradient summed so far.
pub(super) struct Backward<A> {
    shape: Shape<A>,
    maps: Maps<Layer>,
}

/// Gradients with respect to the activations of one block of events.
pub(super) struct BackWork<A: Algebra> {
    outputs: Features,
    /// With respect to the sums along the skip connections, token by token.
    x: Features,
    attended: Features,
    /// With respect to normed queries, keys and values of one head.
    parts: Features,
    /// Before their norm, of all heads, token by token.
    raw_parts: Features,
    normed: Features,
    by_active: Features,
    /// The hidden layer itself.
    active: Features,
    hidden: A::HiddenGradients,
    features: Features,
    inputs: Inputs,
}

impl<A: Algebra> BackWork<A> {
    pub fn new<S: Simd>(shape: &Shape<A>) -> Self {
        let (tokens, events) = (shape.tokens, S::F32_LANES);
        let all = [shape.inputs, shape.channels, shape.attended, shape.hidden];
        BackWork {
            outputs: Features::new(1, shape.outputs(), events),
            x: Features::new(tokens, shape.channels, events),
            attended: Features::new(tokens, shape.attended, events),
            parts: Features::new(3 * tokens, shape.attention.hidden, events),
            raw_parts: Features::new(tokens, shape.parts(), events),
            normed: Features::new(1, shape.channels, events),
            by_active: Features::new(1, shape.hidden, events),
            active: Features::new(1, shape.hidden, events),
            hidden: shape.algebra.hidden_gradients(events),
            features: Features::new(1, shape.inputs, events),
            inputs: Inputs::new::<S>(Rows::most(&all)),
        }
    }
}

impl<A: Algebra> Backward<A> {
    pub fn new<S: Simd>(shape: &Shape<A>, matrices: &Maps<Matrices>) -> Self {
        Backward { shape: shape.clone(), maps: matrices.map(Layer::new::<S>) }
    }

    /// For the gradient of the inputs alone: the parameters' is not summed.
    pub fn of_inputs(shape: &Shape<A>, matrices: &Maps<Matrices>) -> Self {
        Backward { shape: shape.clone(), maps: matrices.map(Layer::of_inputs) }
    }

    /// Adds the gradient of a block of events from that of its outputs, which is zero in lanes without an event; writes
    /// that of the inputs. `work` holds what the forward pass left.
    #[inline(always)]
    pub fn add<S: Simd>(
        &mut self,
        simd: S,
        work: (&Work<A>, &mut BackWork<A>),
        outputs: &Streams,
        by_inputs: &mut Streams,
    ) {
        simd.vectorize(Add { backward: self, work, outputs, by_inputs });
    }

    #[inline(always)]
    fn back<S: Simd>(
        &mut self,
        simd: S,
        (work, back): (&Work<A>, &mut BackWork<A>),
        outputs: &Streams,
        by_inputs: &mut Streams,
    ) {
        let Backward { shape, maps } = self;
        let tokens = shape.tokens;
        let BackWork { outputs: out, x, inputs, .. } = back;
        for token in 0..tokens {
            let to = out.at_mut(0).view::<S>().all(shape.outputs());
            to.vectors[0] = outputs.vectors.at::<S, 4>(token)[0];
            to.scalars.copy_from_slice(outputs.scalars.at::<S, 1>(token));
            maps.head.step(simd, out.at(0), (work.x.at(token), inputs), x.at_mut(token));
        }
        for (b, maps) in maps.blocks.iter_mut().enumerate().rev() {
            let first = b * tokens;
            for token in 0..tokens {
                hidden(simd, shape, (token, first + token), maps, (work, back));
            }
            attention(simd, shape, first, maps, (work, back));
        }
        let BackWork { x, inputs, features, .. } = back;
        for token in 0..tokens {
            maps.embed.step(simd, x.at(token), (work.inputs.at(token), inputs), features.at_mut(0));
            let features = features.at(0).view::<S>().all(shape.inputs);
            by_inputs.scalars.at_mut::<S, 1>(token).copy_from_slice(features.scalars);
            let vectors = features.vectors.iter().step_by(if A::COMPLEX { 2 } else { 1 });
            for (to, vector) in by_inputs.vectors.at_mut::<S, 4>(token).iter_mut().zip(vectors) {
                *to = *vector;
            }
        }
    }

    /// Writes the gradient of the parameters as the next segments.
    #[inline(always)]
    pub fn finish<S: Simd>(self, simd: S, gradient: &mut SegmentsMut<'_>) {
        let maps = &self.maps;
        // Loops, as closures would be compiled without the instruction set.
        let mut blocks = Vec::new();
        for Block { qkv, out, hidden, down } in &maps.blocks {
            let mut totals = Vec::new();
            for layer in hidden {
                totals.push(layer.totals(simd));
            }
            let (qkv, out, down) = (qkv.totals(simd), out.totals(simd), down.totals(simd));
            blocks.push(Block { qkv, out, hidden: totals, down });
        }
        let (embed, head) = (maps.embed.totals(simd), maps.head.totals(simd));
        Maps { embed, blocks, head }.write::<A>(gradient);
    }
}

#[inline(always)]
fn hidden<A: Algebra, S: Simd>(
    simd: S,
    shape: &Shape<A>,
    (token, slot): (usize, usize),
    maps: &mut Block<Layer>,
    (work, back): (&Work<A>, &mut BackWork<A>),
) {
    let BackWork { x, normed: by_normed, by_active, active, hidden, inputs, .. } = back;
    maps.down.apply(simd, x.at(token), by_active.at_mut(0));
    let normed = work.hidden_norm.at(slot);
    let kept = Kept { normed, hidden: &work.hidden, slot };
    let to = Back { by_active, active, by_normed, inputs };
    shape.algebra.backward(simd, &mut maps.hidden, kept, hidden, to);
    maps.down.add(simd, x.at(token), (active.at(0), inputs));
    let to = (x.at_mut(token), ((0, 1), shape.channels));
    normalize_gradient::<A, S, true>(simd, normed, by_normed.at(0), to);
}

#[inline(always)]
fn attention<A: Algebra, S: Simd>(
    simd: S,
    shape: &Shape<A>,
    first: usize,
    maps: &mut Block<Layer>,
    (work, back): (&Work<A>, &mut BackWork<A>),
) {
    let BackWork { x, attended, parts, raw_parts, normed, inputs, .. } = back;
    for token in 0..shape.tokens {
        let read = (work.attended.at(first + token), &mut *inputs);
        maps.out.step(simd, x.at(token), read, attended.at_mut(token));
    }
    let kept = Attended { parts: &work.parts, first, weights: &work.weights, results: &work.attended };
    let layer = &shape.attention;
    let which = |part: usize| ((part, layer.parts()), layer.hidden);
    for head in 0..layer.heads {
        layer.gradient::<A, S>(simd, head, kept, attended, parts);
        for token in 0..shape.tokens {
            for part in 0..3 {
                let kept = work.parts.at(layer.slot(first + token, part, head));
                let to = (raw_parts.at_mut(token), which(part * layer.heads + head));
                normalize_gradient::<A, S, false>(simd, kept, parts.at(3 * token + part), to);
            }
        }
    }
    for token in 0..shape.tokens {
        let kept = work.attention_norm.at(first + token);
        maps.qkv.step(simd, raw_parts.at(token), (kept, inputs), normed.at_mut(0));
        let to = (x.at_mut(token), ((0, 1), shape.channels));
        normalize_gradient::<A, S, true>(simd, kept, normed.at(0), to);
    }
}

/// Compiled once for all who call it.
struct Add<'a, A: Algebra> {
    backward: &'a mut Backward<A>,
    work: (&'a Work<A>, &'a mut BackWork<A>),
    outputs: &'a Streams,
    by_inputs: &'a mut Streams,
}

impl<A: Algebra> WithSimd for Add<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.backward.back(simd, self.work, self.outputs, self.by_inputs);
    }
}
