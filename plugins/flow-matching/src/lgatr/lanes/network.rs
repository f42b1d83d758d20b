//! The forward pass.

use amplicast_nn::lanes::Slots;
use amplicast_nn::pulp::Simd;
use amplicast_sdk::Layout;

use super::super::Lgatr;
use super::super::network::INPUTS;
use super::gate::gate;
use super::matrices::{read, write};
use super::norm::{KEPT, normalize};
use super::product::product;
use crate::lanes::{Attention, Features, Linear, Matrices, Rows, Streams};
use crate::lorentz::scalar_count;

/// The channels at every place of the network.
#[derive(Debug, Clone)]
pub struct Sizes {
    pub tokens: usize,
    pub blocks: usize,
    pub inputs: Rows,
    pub channels: Rows,
    pub attention: Attention<2>,
    /// Of all heads together.
    pub attended: Rows,
    /// Of both factors of the products.
    pub factors: Rows,
    /// Of the products, with the scalars that enter beside them.
    pub products: Rows,
    /// Of the hidden layer after them.
    pub hidden: Rows,
    /// Products.
    pub count: usize,
}

impl Sizes {
    pub fn new(network: &Lgatr) -> Self {
        let tokens = network.kinematics.particles();
        let (attention, mlp) = network.block();
        let inner = network.channels.map(|width| mlp.factor * width);
        let hidden = Rows::multivectors(attention.hidden);
        let [c, s] = attention.hidden;
        let scale = ((16 * c + s) as f32).sqrt().recip();
        Sizes {
            tokens,
            blocks: network.blocks,
            inputs: Rows::multivectors([INPUTS, scalar_count(tokens)]),
            channels: Rows::multivectors(network.channels),
            attention: Attention { tokens, heads: attention.heads, hidden, scale },
            attended: hidden.times(attention.heads),
            factors: Rows::multivectors([2 * inner[0], 0]),
            products: Rows::multivectors([inner[0], network.channels[1]]),
            hidden: Rows::multivectors(inner),
            count: inner[0],
        }
    }

    /// Of the queries, keys and values of all heads.
    pub fn parts(&self) -> Rows {
        self.attended.times(3)
    }
}

/// Of the vector and the two scalars that come out.
pub fn outputs() -> Rows {
    Rows::multivectors([1, 2])
}

/// One thing for each linear map of the network: a packed map, a backward pass, or matrices.
pub struct Maps<T> {
    pub embed: T,
    pub blocks: Vec<Block<T>>,
    pub head: T,
}

/// One thing for each linear map of a block.
pub struct Block<T> {
    pub qkv: T,
    pub out: T,
    /// Of both factors of the products.
    pub factors: T,
    pub mix: T,
    pub down: T,
}

impl Maps<Matrices> {
    pub fn new(network: &Lgatr, layout: &Layout, parameters: &[f32]) -> Self {
        let (attention, mlp) = network.block();
        let ([qkv, out], [left, right, mix, down]) = (attention.layers(), mlp.layers());
        let get = |shape, name: &str| read(shape, name, layout, parameters);
        let block = |b: usize| {
            let of = |(part, shape)| get(shape, &format!("block.{b}.mlp.{part}"));
            Block {
                qkv: get(&qkv, &format!("block.{b}.attention.qkv")),
                out: get(&out, &format!("block.{b}.attention.out")),
                factors: of((left.0, &left.1)).beside(&of((right.0, &right.1))),
                mix: of((mix.0, &mix.1)),
                down: of((down.0, &down.1)),
            }
        };
        Maps {
            embed: get(&network.embed(), "embed"),
            blocks: (0..network.blocks).map(block).collect(),
            head: get(&network.head(), "head"),
        }
    }

    /// Reads `self` as a gradient, and writes it into that of all parameters.
    pub fn unfold(&self, layout: &Layout, gradient: &mut [f32]) {
        write(&self.embed, "embed", layout, gradient);
        for (b, block) in self.blocks.iter().enumerate() {
            let [left, right] = block.factors.halves();
            let maps = [
                ("attention.qkv", &block.qkv),
                ("attention.out", &block.out),
                ("mlp.left", &left),
                ("mlp.right", &right),
                ("mlp.product", &block.mix),
                ("mlp.down", &block.down),
            ];
            for (name, map) in maps {
                write(map, &format!("block.{b}.{name}"), layout, gradient);
            }
        }
        write(&self.head, "head", layout, gradient);
    }
}

impl<T> Maps<T> {
    /// Something else for each map.
    pub fn map<U>(&self, f: impl Fn(&T) -> U) -> Maps<U> {
        let block = |block: &Block<T>| Block {
            qkv: f(&block.qkv),
            out: f(&block.out),
            factors: f(&block.factors),
            mix: f(&block.mix),
            down: f(&block.down),
        };
        Maps { embed: f(&self.embed), blocks: self.blocks.iter().map(block).collect(), head: f(&self.head) }
    }
}

/// The network with its weights.
pub struct Forward {
    pub sizes: Sizes,
    pub maps: Maps<Linear>,
}

/// Activations of one block of events, most of them for each block of the network and each token.
pub struct Work {
    pub inputs: Features,
    /// The sums along the skip connections, token by token.
    pub x: Features,
    pub attention_norm: Features,
    /// Normed queries, keys and values.
    pub parts: Features,
    pub weights: Slots,
    pub attended: Features,
    pub mlp_norm: Features,
    pub factors: Features,
    pub products: Features,
    pub mixed: Features,
    raw_parts: Features,
    raw_mixed: Features,
    active: Features,
    outputs: Features,
}

impl Work {
    /// Memory for blocks of `events`; with `keep` for what the backward pass needs.
    pub fn new(sizes: &Sizes, events: usize, keep: bool) -> Self {
        let tokens = sizes.tokens;
        let all = if keep { sizes.blocks * tokens } else { tokens };
        let kept = if keep { all } else { 1 };
        let Attention { heads, hidden, .. } = sizes.attention;
        Work {
            inputs: Features::new(tokens, sizes.inputs, events),
            x: Features::new(tokens, sizes.channels, events),
            attention_norm: Features::normed(kept, sizes.channels, KEPT, events),
            parts: Features::normed(all * sizes.attention.parts(), hidden, KEPT, events),
            weights: Slots::new(all, heads * tokens, events),
            attended: Features::new(all, sizes.attended, events),
            mlp_norm: Features::normed(kept, sizes.channels, KEPT, events),
            factors: Features::new(kept, sizes.factors, events),
            products: Features::new(kept, sizes.products, events),
            mixed: Features::normed(kept, sizes.hidden, KEPT, events),
            raw_parts: Features::new(1, sizes.parts(), events),
            raw_mixed: Features::new(1, sizes.hidden, events),
            active: Features::new(1, sizes.hidden, events),
            outputs: Features::new(1, outputs(), events),
        }
    }
}

impl Forward {
    pub fn new(network: &Lgatr, matrices: &Maps<Matrices>) -> Self {
        Forward { sizes: Sizes::new(network), maps: matrices.map(Linear::new) }
    }

    /// One vector and two scalars of each token.
    #[inline(always)]
    pub fn apply<S: Simd>(&self, simd: S, inputs: &Streams, work: &mut Work, outputs: &mut Streams) {
        let sizes = &self.sizes;
        for token in 0..sizes.tokens {
            let to = work.inputs.at_mut(token).view::<S>();
            for (to, vector) in to.vectors.iter_mut().step_by(2).zip(inputs.vectors.at::<S, 4>(token)) {
                *to = *vector;
            }
            let scalars = inputs.scalars.at::<S, 1>(token);
            to.invariants[2 * INPUTS..][..scalars.len()].copy_from_slice(scalars);
            self.maps.embed.apply::<S, false>(simd, work.inputs.at(token), work.x.at_mut(token));
        }
        for (b, maps) in self.maps.blocks.iter().enumerate() {
            self.attention(simd, (b, maps), work);
            for token in 0..sizes.tokens {
                self.mlp(simd, (b * sizes.tokens + token, maps), work, token);
            }
        }
        for token in 0..sizes.tokens {
            self.maps.head.apply::<S, false>(simd, work.x.at(token), work.outputs.at_mut(0));
            let out = work.outputs.at(0).view::<S>();
            outputs.vectors.at_mut::<S, 4>(token)[0] = out.vectors[0];
            outputs.scalars.at_mut::<S, 1>(token).copy_from_slice(&out.invariants[2..4]);
        }
    }

    #[inline(always)]
    fn attention<S: Simd>(&self, simd: S, (b, maps): (usize, &Block<Linear>), work: &mut Work) {
        let sizes = &self.sizes;
        let parts = sizes.attention.parts();
        let first = b * sizes.tokens;
        for token in 0..sizes.tokens {
            let slot = first + token;
            let x = (work.x.at(token), ((0, 1), sizes.channels));
            normalize(simd, x, work.attention_norm.at_mut(slot));
            maps.qkv.apply::<S, false>(simd, work.attention_norm.at(slot), work.raw_parts.at_mut(0));
            for part in 0..parts {
                let raw = (work.raw_parts.at(0), ((part, parts), sizes.attention.hidden));
                normalize(simd, raw, work.parts.at_mut(slot * parts + part));
            }
        }
        sizes.attention.apply(simd, (&work.parts, first), &mut work.weights, &mut work.attended);
        for token in 0..sizes.tokens {
            maps.out.apply::<S, true>(simd, work.attended.at(first + token), work.x.at_mut(token));
        }
    }

    #[inline(always)]
    fn mlp<S: Simd>(&self, simd: S, (slot, maps): (usize, &Block<Linear>), work: &mut Work, token: usize) {
        let sizes = &self.sizes;
        let (channels, hidden) = (sizes.channels, sizes.hidden);
        normalize(simd, (work.x.at(token), ((0, 1), channels)), work.mlp_norm.at_mut(slot));
        let normed = work.mlp_norm.at(slot);
        maps.factors.apply::<S, false>(simd, normed, work.factors.at_mut(slot));
        let mut products = work.products.at_mut(slot).view::<S>();
        product(simd, work.factors.at(slot).view(), &mut products, sizes.count);
        let scalars = normed.view::<S>().all(channels).scalars;
        products.all(sizes.products).scalars.copy_from_slice(scalars);
        maps.mix.apply::<S, false>(simd, work.products.at(slot), work.raw_mixed.at_mut(0));
        normalize(simd, (work.raw_mixed.at(0), ((0, 1), hidden)), work.mixed.at_mut(slot));
        let (mixed, active) = (work.mixed.at(slot).view::<S>(), work.active.at_mut(0).view::<S>());
        gate(simd, mixed.all(hidden), active.all(hidden));
        maps.down.apply::<S, true>(simd, work.active.at(0), work.x.at_mut(token));
    }
}
