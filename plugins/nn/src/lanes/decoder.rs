//! The forward pass of a [`CausalTransformer`] position by position, with the keys and values of earlier positions kept.

use amplicast_sdk::Layout;
use pulp::Simd;

use super::functions::{add, exp, gelu, maximum, mul, mul_add, reciprocal, reciprocal_root, splat};
use super::{Linear, Row, Rows};
use crate::CausalTransformer;
use crate::transformer::NORM_EPSILON;

/// The weights of a causal transformer, packed for [`Decoder::step`].
#[derive(Debug, Clone)]
pub struct Decoder {
    shape: CausalTransformer,
    /// The embedding with the bias of each position.
    embed: Vec<Linear>,
    blocks: Vec<Block>,
    head: Linear,
}

#[derive(Debug, Clone)]
struct Block {
    qkv: Linear,
    out: Linear,
    up: Linear,
    down: Linear,
}

/// Activations of one block of events, and its cache of keys and values.
pub struct Workspace {
    x: Rows,
    normed: Rows,
    qkv: Rows,
    attended: Rows,
    hidden: Rows,
    scores: Rows,
    /// Per block and position: the keys, then the values.
    cache: Rows,
}

impl Decoder {
    /// From the flat parameters of a transformer.
    pub fn new(shape: &CausalTransformer, layout: &Layout, parameters: &[f32]) -> Self {
        let get = |name: &str| {
            let range = layout.range(name).unwrap_or_else(|| panic!("the layout has no segment `{name}`"));
            &parameters[range]
        };
        let linear = |name: &str| Linear::new(get(&format!("{name}.weight")), get(&format!("{name}.bias")));
        let normed = |norm: &str, name: &str| {
            let (scale, shift) = (get(&format!("{norm}.scale")), get(&format!("{norm}.shift")));
            (get(&format!("{name}.weight")).to_vec(), get(&format!("{name}.bias")).to_vec(), scale, shift)
        };
        let embed = linear("embed");
        let embed = get("position").chunks_exact(shape.width).map(|position| {
            let bias: Vec<f32> = position.iter().zip(get("embed.bias")).map(|(p, b)| p + b).collect();
            embed.with_bias(&bias)
        });
        let block = |b: usize| {
            let (mut weight, mut bias, scale, shift) =
                normed(&format!("block.{b}.attention_norm"), &format!("block.{b}.attention.qkv"));
            // The queries carry the attention's 1/sqrt(width of a head).
            let factor = ((shape.width / shape.heads) as f32).sqrt().recip();
            weight[..shape.width * shape.width].iter_mut().for_each(|w| *w *= factor);
            bias[..shape.width].iter_mut().for_each(|b| *b *= factor);
            let qkv = Linear::after_norm(&weight, &bias, scale, shift);
            let (weight, bias, scale, shift) =
                normed(&format!("block.{b}.mlp_norm"), &format!("block.{b}.mlp.up"));
            let up = Linear::after_norm(&weight, &bias, scale, shift);
            let out = linear(&format!("block.{b}.attention.out"));
            Block { qkv, out, up, down: linear(&format!("block.{b}.mlp.down")) }
        };
        let (weight, bias, scale, shift) = normed("norm", "head");
        Decoder {
            shape: shape.clone(),
            embed: embed.collect(),
            blocks: (0..shape.blocks).map(block).collect(),
            head: Linear::after_norm(&weight, &bias, scale, shift),
        }
    }

    /// Rows that [`Decoder::step`] writes.
    pub fn output_rows(&self) -> usize {
        self.head.padded_outputs()
    }

    /// Memory for one block of events.
    pub fn workspace<S: Simd>(&self) -> Workspace {
        let s = &self.shape;
        let padded = |n: usize| Rows::new::<S>(n.next_multiple_of(4));
        Workspace {
            x: padded(s.width),
            normed: padded(s.width),
            qkv: padded(3 * s.width),
            attended: padded(s.width),
            hidden: padded(s.mlp_factor * s.width),
            scores: padded(s.positions),
            cache: padded(2 * s.blocks * s.positions * s.width),
        }
    }

    /// The outputs at a position from its features, after steps at all earlier positions in the same workspace.
    #[inline(always)]
    pub fn step<S: Simd>(
        &self,
        simd: S,
        position: usize,
        features: &[Row<S>],
        work: &mut Workspace,
        outputs: &mut [Row<S>],
    ) {
        let d = self.shape.width;
        self.embed[position].apply::<S, false>(simd, features, work.x.rows_mut::<S>());
        for (b, block) in self.blocks.iter().enumerate() {
            normalise(simd, &work.x.rows::<S>()[..d], work.normed.rows_mut::<S>());
            block.qkv.apply::<S, false>(simd, work.normed.rows::<S>(), work.qkv.rows_mut::<S>());
            let stride = 2 * d;
            let cache = &mut work.cache.rows_mut::<S>()[b * self.shape.positions * stride..];
            cache[position * stride..(position + 1) * stride]
                .copy_from_slice(&work.qkv.rows::<S>()[d..3 * d]);
            self.attend(
                simd,
                &work.qkv.rows::<S>()[..d],
                &cache[..(position + 1) * stride],
                work.scores.rows_mut::<S>(),
                work.attended.rows_mut::<S>(),
            );
            block.out.apply::<S, true>(simd, work.attended.rows::<S>(), work.x.rows_mut::<S>());
            normalise(simd, &work.x.rows::<S>()[..d], work.normed.rows_mut::<S>());
            block.up.apply::<S, false>(simd, work.normed.rows::<S>(), work.hidden.rows_mut::<S>());
            for row in work.hidden.rows_mut::<S>() {
                *row = gelu(simd, *row);
            }
            block.down.apply::<S, true>(simd, work.hidden.rows::<S>(), work.x.rows_mut::<S>());
        }
        normalise(simd, &work.x.rows::<S>()[..d], work.normed.rows_mut::<S>());
        self.head.apply::<S, false>(simd, work.normed.rows::<S>(), outputs);
    }

    /// Softmax attention of one query over the cached positions, head by head.
    #[inline(always)]
    fn attend<S: Simd>(
        &self,
        simd: S,
        query: &[Row<S>],
        cache: &[Row<S>],
        scores: &mut [Row<S>],
        attended: &mut [Row<S>],
    ) {
        let d = self.shape.width;
        let size = d / self.shape.heads;
        for head in (0..d).step_by(size) {
            let mut largest = splat(simd, f32::NEG_INFINITY);
            for (score, kept) in scores.iter_mut().zip(cache.chunks_exact(2 * d)) {
                let mut sum = splat(simd, 0.0);
                for (q, k) in query[head..head + size].iter().zip(&kept[head..head + size]) {
                    sum = mul_add(simd, *q, *k, sum);
                }
                largest = maximum(simd, largest, sum);
                *score = sum;
            }
            let minus = mul(simd, largest, splat(simd, -1.0));
            let mut total = splat(simd, 0.0);
            let attended = &mut attended[head..head + size];
            attended.fill(splat(simd, 0.0));
            for (score, kept) in scores.iter().zip(cache.chunks_exact(2 * d)) {
                let weight = exp(simd, add(simd, *score, minus));
                total = add(simd, total, weight);
                for (out, value) in attended.iter_mut().zip(&kept[d + head..d + head + size]) {
                    *out = mul_add(simd, weight, *value, *out);
                }
            }
            let scale = reciprocal(simd, total);
            for out in attended {
                *out = mul(simd, *out, scale);
            }
        }
    }
}

/// A layer norm without scale and shift, which are part of the next layer.
#[inline(always)]
fn normalise<S: Simd>(simd: S, x: &[Row<S>], out: &mut [Row<S>]) {
    let inverse = 1.0 / x.len() as f32;
    let mut sum = splat(simd, 0.0);
    for row in x {
        sum = add(simd, sum, *row);
    }
    let minus = mul(simd, sum, splat(simd, -inverse));
    let mut square = splat(simd, 0.0);
    for (row, out) in x.iter().zip(out.iter_mut()) {
        *out = add(simd, *row, minus);
        square = mul_add(simd, *out, *out, square);
    }
    let variance = mul_add(simd, square, splat(simd, inverse), splat(simd, NORM_EPSILON as f32));
    let scale = reciprocal_root(simd, variance);
    for out in &mut out[..x.len()] {
        *out = mul(simd, *out, scale);
    }
}

#[cfg(test)]
mod tests;
