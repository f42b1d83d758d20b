//! The forward pass.

use amplicast_nn::lanes::{Dense, Slots};
use amplicast_nn::pulp::Simd;
use amplicast_sdk::Layout;

use super::super::Slim;
use super::gate::gate;
use super::norm::{KEPT, normalize};
use crate::lanes::{Attention, Features, Linear, Matrices, Rows, Streams, matrix};
use crate::lorentz::{REFERENCES, scalar_count};

/// The channels at every place of the network.
#[derive(Debug, Clone)]
pub struct Sizes {
    pub tokens: usize,
    pub blocks: usize,
    pub inputs: Rows,
    pub channels: Rows,
    pub attention: Attention<1>,
    /// Of all heads together.
    pub attended: Rows,
    /// Of what makes the hidden layer.
    pub gates: Rows,
    pub hidden: Rows,
}

impl Sizes {
    pub fn new(network: &Slim) -> Self {
        let tokens = network.kinematics.particles();
        let (attention, mlp) = network.block();
        let hidden = Rows::vectors(attention.hidden);
        let [c, s] = attention.hidden;
        let [vectors, scalars] = network.channels.map(|width| mlp.factor * width);
        let scale = ((4 * c + s) as f32).sqrt().recip();
        Sizes {
            tokens,
            blocks: network.blocks,
            inputs: Rows::vectors([1 + REFERENCES.len(), scalar_count(tokens)]),
            channels: Rows::vectors(network.channels),
            attention: Attention { tokens, heads: attention.heads, hidden, scale },
            attended: hidden.times(attention.heads),
            gates: Rows::vectors([3 * vectors, 2 * scalars]),
            hidden: Rows::vectors([vectors, scalars]),
        }
    }

    /// Of the queries, keys and values of all heads.
    pub fn parts(&self) -> Rows {
        self.attended.times(3)
    }
}

/// Of the vector and the two scalars that come out.
pub fn outputs() -> Rows {
    Rows::vectors([1, 2])
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
    pub gates: T,
    pub down: T,
}

impl Maps<Matrices> {
    pub fn new(network: &Slim, layout: &Layout, parameters: &[f32]) -> Self {
        let get = |name: &str, vectors: usize| {
            let part = |part: &str| {
                let range = layout.range(&format!("{name}.{part}"));
                &parameters[range.unwrap_or_else(|| panic!("the layout has no segment `{name}.{part}`"))]
            };
            let invariant = Dense::new(part("scalar"), part("bias"));
            Matrices { invariant, vector: matrix(part("vector"), vectors), bivector: None }
        };
        let sizes = Sizes::new(network);
        let block = |b: usize| Block {
            qkv: get(&format!("block.{b}.qkv"), sizes.parts().vectors),
            out: get(&format!("block.{b}.out"), sizes.channels.vectors),
            gates: get(&format!("block.{b}.gates"), sizes.gates.vectors),
            down: get(&format!("block.{b}.down"), sizes.channels.vectors),
        };
        Maps {
            embed: get("embed", sizes.channels.vectors),
            blocks: (0..network.blocks).map(block).collect(),
            head: get("head", outputs().vectors),
        }
    }

    /// Reads `self` as a gradient, and writes it into that of all parameters.
    pub fn unfold(&self, layout: &Layout, gradient: &mut [f32]) {
        let mut write = |name: &str, map: &Matrices| {
            let Matrices { invariant, vector, .. } = map;
            for (part, numbers) in
                [("vector", &vector.weight), ("scalar", &invariant.weight), ("bias", &invariant.bias)]
            {
                let range = layout.range(&format!("{name}.{part}")).expect("it was read from there");
                gradient[range].copy_from_slice(numbers);
            }
        };
        write("embed", &self.embed);
        for (b, Block { qkv, out, gates, down }) in self.blocks.iter().enumerate() {
            for (name, map) in [("qkv", qkv), ("out", out), ("gates", gates), ("down", down)] {
                write(&format!("block.{b}.{name}"), map);
            }
        }
        write("head", &self.head);
    }
}

impl<T> Maps<T> {
    /// Something else for each map.
    pub fn map<U>(&self, f: impl Fn(&T) -> U) -> Maps<U> {
        let block = |Block { qkv, out, gates, down }: &Block<T>| Block {
            qkv: f(qkv),
            out: f(out),
            gates: f(gates),
            down: f(down),
        };
        Maps { embed: f(&self.embed), blocks: self.blocks.iter().map(block).collect(), head: f(&self.head) }
    }
}

/// The network with its weights.
pub struct Forward {
    sizes: Sizes,
    maps: Maps<Linear>,
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
    pub gates: Features,
    raw_parts: Features,
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
            gates: Features::new(kept, sizes.gates, events),
            raw_parts: Features::new(1, sizes.parts(), events),
            active: Features::new(1, sizes.hidden, events),
            outputs: Features::new(1, outputs(), events),
        }
    }
}

impl Forward {
    pub fn new(network: &Slim, matrices: &Maps<Matrices>) -> Self {
        Forward { sizes: Sizes::new(network), maps: matrices.map(Linear::new) }
    }

    /// One vector and two scalars of each token.
    #[inline(always)]
    pub fn apply<S: Simd>(&self, simd: S, inputs: &Streams, work: &mut Work, outputs: &mut Streams) {
        let sizes = &self.sizes;
        for token in 0..sizes.tokens {
            let to = work.inputs.at_mut(token).view::<S>().all(sizes.inputs);
            to.vectors.copy_from_slice(inputs.vectors.at::<S, 4>(token));
            to.scalars.copy_from_slice(inputs.scalars.at::<S, 1>(token));
            self.maps.embed.apply::<S, false>(simd, work.inputs.at(token), work.x.at_mut(token));
        }
        for (b, maps) in self.maps.blocks.iter().enumerate() {
            self.attention(simd, (b, maps), work);
            for token in 0..sizes.tokens {
                let slot = b * sizes.tokens + token;
                normalize(simd, (work.x.at(token), ((0, 1), sizes.channels)), work.mlp_norm.at_mut(slot));
                maps.gates.apply::<S, false>(simd, work.mlp_norm.at(slot), work.gates.at_mut(slot));
                let gates = work.gates.at(slot).view::<S>().all(sizes.gates);
                gate(simd, gates, work.active.at_mut(0).view::<S>().all(sizes.hidden));
                maps.down.apply::<S, true>(simd, work.active.at(0), work.x.at_mut(token));
            }
        }
        for token in 0..sizes.tokens {
            self.maps.head.apply::<S, false>(simd, work.x.at(token), work.outputs.at_mut(0));
            let out = work.outputs.at(0).view::<S>();
            outputs.vectors.at_mut::<S, 4>(token)[0] = out.vectors[0];
            outputs.scalars.at_mut::<S, 1>(token).copy_from_slice(&out.invariants[..2]);
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
}
