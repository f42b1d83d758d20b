//! The backward pass.

use amplicast_nn::lanes::Slots;
use amplicast_nn::pulp::Simd;
use amplicast_sdk::Layout;

use super::super::Lgatr;
use super::super::network::INPUTS;
use super::gate::gate_gradient;
use super::network::{Block, Maps, Sizes, Work, outputs};
use super::norm;
use super::product::product_gradient;
use crate::lanes::{Attended, Features, Inputs, Layer, Matrices, Rows, Streams};

/// The gradient of the weights, summed so far.
pub struct Backward {
    sizes: Sizes,
    maps: Maps<Layer>,
}

/// Gradients with respect to the activations of one block of events.
pub struct BackWork {
    outputs: Features,
    /// With respect to the sums along the skip connections, token by token.
    x: Features,
    attended: Features,
    /// With respect to normed queries, keys and values of one head.
    parts: Features,
    /// Before their norm, of all heads, token by token.
    raw_parts: Features,
    normed: Features,
    factors: Features,
    products: Features,
    hidden: Features,
    raw_hidden: Features,
    /// The hidden layer itself, which is quicker to compute anew than to keep.
    active: Features,
    features: Features,
    inputs: Inputs,
}

impl BackWork {
    fn new<S: Simd>(sizes: &Sizes) -> Self {
        let (tokens, events) = (sizes.tokens, S::F32_LANES);
        let all = [sizes.inputs, sizes.channels, sizes.attended, sizes.products, sizes.hidden];
        BackWork {
            outputs: Features::new(1, outputs(), events),
            x: Features::new(tokens, sizes.channels, events),
            attended: Features::new(tokens, sizes.attended, events),
            parts: Features::new(3 * tokens, sizes.attention.hidden, events),
            raw_parts: Features::new(tokens, sizes.parts(), events),
            normed: Features::new(1, sizes.channels, events),
            factors: Features::new(1, sizes.factors, events),
            products: Features::new(1, sizes.products, events),
            hidden: Features::new(1, sizes.hidden, events),
            raw_hidden: Features::new(1, sizes.hidden, events),
            active: Features::new(1, sizes.hidden, events),
            features: Features::new(1, sizes.inputs, events),
            inputs: Inputs::new::<S>(Rows::most(&all)),
        }
    }
}

impl Backward {
    pub fn new<S: Simd>(network: &Lgatr, matrices: &Maps<Matrices>) -> (Self, BackWork) {
        let sizes = Sizes::new(network);
        let work = BackWork::new::<S>(&sizes);
        (Backward { sizes, maps: matrices.map(Layer::new::<S>) }, work)
    }

    /// Adds the gradient of a block of events from that of its outputs, which is zero in lanes without an event; writes
    /// that of the scalars that entered. `work` holds what the forward pass left.
    #[inline(always)]
    pub fn apply<S: Simd>(
        &mut self,
        simd: S,
        (work, back): (&Work, &mut BackWork),
        outputs: &Streams,
        scalars: &mut Slots,
    ) {
        let tokens = self.sizes.tokens;
        let BackWork { outputs: out, x, inputs, .. } = back;
        for token in 0..tokens {
            let to = out.at_mut(0).view::<S>();
            to.vectors[0] = outputs.vectors.at::<S, 4>(token)[0];
            to.invariants[2..4].copy_from_slice(outputs.scalars.at::<S, 1>(token));
            inputs.set(simd, work.x.at(token));
            self.maps.head.step(simd, out.at(0), inputs, x.at_mut(token));
        }
        for (b, maps) in self.maps.blocks.iter_mut().enumerate().rev() {
            let first = b * tokens;
            for token in 0..tokens {
                mlp(simd, &self.sizes, (token, first + token), maps, (work, back));
            }
            attention(simd, &self.sizes, first, maps, (work, back));
        }
        let BackWork { x, inputs, features, .. } = back;
        for token in 0..tokens {
            inputs.set(simd, work.inputs.at(token));
            self.maps.embed.step(simd, x.at(token), inputs, features.at_mut(0));
            let to = scalars.at_mut::<S, 1>(token);
            to.copy_from_slice(&features.at(0).view::<S>().invariants[2 * INPUTS..][..to.len()]);
        }
    }

    /// Writes the gradient of the parameters, and leaves the time's as they are.
    #[inline(always)]
    pub fn finish<S: Simd>(self, simd: S, layout: &Layout, gradient: &mut [f32]) {
        let maps = &self.maps;
        // A loop, as closures would be compiled without the instruction set.
        let mut blocks = Vec::new();
        for block in &maps.blocks {
            blocks.push(Block {
                qkv: block.qkv.totals(simd),
                out: block.out.totals(simd),
                factors: block.factors.totals(simd),
                mix: block.mix.totals(simd),
                down: block.down.totals(simd),
            });
        }
        let (embed, head) = (maps.embed.totals(simd), maps.head.totals(simd));
        Maps { embed, blocks, head }.unfold(layout, gradient);
    }
}

#[inline(always)]
fn mlp<S: Simd>(
    simd: S,
    sizes: &Sizes,
    (token, slot): (usize, usize),
    maps: &mut Block<Layer>,
    (work, back): (&Work, &mut BackWork),
) {
    let BackWork { x, normed, factors, products, hidden, raw_hidden, active, inputs, .. } = back;
    let (channels, inner) = (sizes.channels, sizes.hidden);
    maps.down.apply(simd, x.at(token), hidden.at_mut(0));
    let mixed = work.mixed.at(slot);
    let (gradient, again) = (hidden.at_mut(0).view::<S>(), active.at_mut(0).view::<S>());
    gate_gradient(simd, mixed.view::<S>().all(inner), gradient.all(inner), again.all(inner));
    inputs.set(simd, active.at(0));
    maps.down.add(simd, x.at(token), inputs);

    norm::gradient::<S, false>(simd, mixed, hidden.at(0), (raw_hidden.at_mut(0), ((0, 1), inner)));
    inputs.set(simd, work.products.at(slot));
    maps.mix.step(simd, raw_hidden.at(0), inputs, products.at_mut(0));

    let by_products = products.at(0).view::<S>();
    let mut by_factors = factors.at_mut(0).view::<S>();
    product_gradient(simd, work.factors.at(slot).view(), by_products, &mut by_factors, sizes.count);
    let kept = work.mlp_norm.at(slot);
    inputs.set(simd, kept);
    maps.factors.step(simd, factors.at(0), inputs, normed.at_mut(0));
    let scalars = normed.at_mut(0).view::<S>().all(channels).scalars;
    for ([to], [from]) in scalars.iter_mut().zip(by_products.all(sizes.products).scalars) {
        *to = simd.add_f32s(*to, *from);
    }
    norm::gradient::<S, true>(simd, kept, normed.at(0), (x.at_mut(token), ((0, 1), channels)));
}

#[inline(always)]
fn attention<S: Simd>(
    simd: S,
    sizes: &Sizes,
    first: usize,
    maps: &mut Block<Layer>,
    (work, back): (&Work, &mut BackWork),
) {
    let BackWork { x, attended, parts, raw_parts, normed, inputs, .. } = back;
    for token in 0..sizes.tokens {
        inputs.set(simd, work.attended.at(first + token));
        maps.out.step(simd, x.at(token), inputs, attended.at_mut(token));
    }
    let kept = Attended { parts: &work.parts, first, weights: &work.weights, results: &work.attended };
    let layer = &sizes.attention;
    let which = |part: usize| ((part, layer.parts()), layer.hidden);
    for head in 0..layer.heads {
        layer.gradient(simd, head, kept, attended, parts);
        for token in 0..sizes.tokens {
            for part in 0..3 {
                let kept = work.parts.at(layer.slot(first + token, part, head));
                let to = (raw_parts.at_mut(token), which(part * layer.heads + head));
                norm::gradient::<S, false>(simd, kept, parts.at(3 * token + part), to);
            }
        }
    }
    for token in 0..sizes.tokens {
        let kept = work.attention_norm.at(first + token);
        inputs.set(simd, kept);
        maps.qkv.step(simd, raw_parts.at(token), inputs, normed.at_mut(0));
        norm::gradient::<S, true>(simd, kept, normed.at(0), (x.at_mut(token), ((0, 1), sizes.channels)));
    }
}
