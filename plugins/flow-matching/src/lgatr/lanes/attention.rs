//! Attention by the inner products of multivectors, all queries of a head after one another.

use amplicast_nn::lanes::functions::{add, fused, maximum, mul, negate, reciprocal, splat, sub};
use amplicast_nn::lanes::special::exp;
use amplicast_nn::lanes::{Row, Slots};
use amplicast_nn::pulp::Simd;

use super::features::{Features, Group, GroupMut};

/// The tokens of an event at one block: slots of queries, keys and values, each head after head.
#[derive(Debug, Clone)]
pub struct Attention {
    pub tokens: usize,
    pub heads: usize,
    /// Multivectors and scalars of a head.
    pub hidden: [usize; 2],
}

/// What [`Attention::apply`] reads and writes at a block of the network.
pub struct Attended<'a> {
    pub parts: &'a Features,
    /// Tokens before those of the block, in all slots.
    pub first: usize,
    /// heads x tokens for each token.
    pub weights: &'a Slots,
    pub results: &'a Features,
}

impl Attention {
    /// Slots of a token's queries, keys and values.
    pub fn parts(&self) -> usize {
        3 * self.heads
    }

    fn scale(&self) -> f32 {
        ((16 * self.hidden[0] + self.hidden[1]) as f32).sqrt().recip()
    }

    /// Slot of a query (part 0), key or value of a token.
    #[inline(always)]
    fn slot(&self, token: usize, part: usize, head: usize) -> usize {
        token * self.parts() + part * self.heads + head
    }

    /// The weights P_ij = softmax_j(<q_i, k_j> / sqrt(16 C + S)) and results sum_j P_ij v_j of the tokens from `first` on.
    #[inline(always)]
    pub fn apply<S: Simd>(
        &self,
        simd: S,
        (parts, first): (&Features, usize),
        weights: &mut Slots,
        results: &mut Features,
    ) {
        let (hidden, scale) = (self.hidden, splat(simd, self.scale()));
        for head in 0..self.heads {
            for i in first..first + self.tokens {
                let query = parts.at(self.slot(i, 0, head)).view::<S>().all(hidden);
                let weights = &mut weights.at_mut::<S, 1>(i)[head * self.tokens..][..self.tokens];
                let mut largest: Row<S, 1> = splat(simd, f32::NEG_INFINITY);
                for (j, weight) in weights.iter_mut().enumerate() {
                    let key = parts.at(self.slot(first + j, 1, head)).view::<S>().all(hidden);
                    let [plus, minus] = products(simd, query, key);
                    *weight = mul(simd, [simd.sub_f32s(plus, minus)], scale);
                    largest = maximum(simd, largest, *weight);
                }
                let mut total = splat(simd, 0.0);
                for weight in &mut *weights {
                    *weight = exp(simd, sub(simd, *weight, largest));
                    total = add(simd, total, *weight);
                }
                let share = reciprocal(simd, total);
                let mut out = results.at_mut(i).view::<S>().group((head, self.heads), hidden);
                out.clear(simd);
                for (j, weight) in weights.iter_mut().enumerate() {
                    *weight = mul(simd, *weight, share);
                    let value = parts.at(self.slot(first + j, 2, head)).view::<S>().all(hidden);
                    add_times(simd, [weight[0]; 2], value, &mut out);
                }
            }
        }
    }

    /// Adds to the gradients of queries, keys and values (slots from 0 on) what comes through the results, whose gradient
    /// is `gradient` (a slot a token).
    ///
    /// With g that gradient and A the results: the score of token j has gradient s_j = P_j (g . v_j - g . A), and from
    /// these dv_j = P_j g, dq = sum_j s_j k_j, dk_j = s_j q, the latter two with the signs of <q, k>.
    #[inline(always)]
    pub fn add_gradient<S: Simd>(
        &self,
        simd: S,
        kept: Attended<'_>,
        gradient: &Features,
        parts_gradient: &mut Features,
    ) {
        let Attended { parts, first, weights, results } = kept;
        let (hidden, scale) = (self.hidden, simd.splat_f32s(self.scale()));
        for head in 0..self.heads {
            for i in 0..self.tokens {
                let g = gradient.at(i).view::<S>().group((head, self.heads), hidden);
                let result = results.at(first + i).view::<S>().group((head, self.heads), hidden);
                let query = parts.at(self.slot(first + i, 0, head)).view::<S>().all(hidden);
                let mean = dot(simd, g, result);
                let weights = &weights.at::<S, 1>(first + i)[head * self.tokens..][..self.tokens];
                for (j, [weight]) in weights.iter().enumerate() {
                    let key = parts.at(self.slot(first + j, 1, head)).view::<S>().all(hidden);
                    let value = parts.at(self.slot(first + j, 2, head)).view::<S>().all(hidden);
                    let off = simd.sub_f32s(dot(simd, g, value), mean);
                    let score = simd.mul_f32s(simd.mul_f32s(*weight, scale), off);
                    let signed = [score, negate(simd, score)];
                    // Not by a closure: it would be compiled without the instruction set.
                    for (slot, factors, x) in [
                        (self.slot(i, 0, head), signed, key),
                        (self.slot(j, 1, head), signed, query),
                        (self.slot(j, 2, head), [*weight; 2], g),
                    ] {
                        let mut to = parts_gradient.at_mut(slot).view::<S>().all(hidden);
                        add_times(simd, factors, x, &mut to);
                    }
                }
            }
        }
    }
}

impl<S: Simd> GroupMut<'_, S> {
    #[inline(always)]
    fn clear(&mut self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        self.complex.fill([zero]);
        self.scalars.fill([zero]);
        self.vectors.fill([zero; 4]);
        self.bivectors.fill([zero; 3]);
    }
}

/// Sums of products of components: those that an inner product <x, y> = Re(q_0 p_0 - q . p + v_0 w_0 - v . w) counts with a
/// plus (of scalars as well), and those with a minus.
#[inline(always)]
fn products<S: Simd>(simd: S, x: Group<'_, S>, y: Group<'_, S>) -> [S::f32s; 2] {
    let zero = simd.splat_f32s(0.0);
    let (mut complex, mut vectors, mut bivectors) = ([zero; 2], [[zero; 4]; 2], [[zero; 3]; 2]);
    for row in 0..x.complex.len() {
        let part = row % 2;
        let ([a], [b]) = (x.complex[row], y.complex[row]);
        complex[part] = fused(simd, a, b, complex[part]);
        for k in 0..4 {
            vectors[part][k] = fused(simd, x.vectors[row][k], y.vectors[row][k], vectors[part][k]);
        }
        for k in 0..3 {
            bivectors[part][k] = fused(simd, x.bivectors[row][k], y.bivectors[row][k], bivectors[part][k]);
        }
    }
    let mut scalars = zero;
    for ([a], [b]) in x.scalars.iter().zip(y.scalars) {
        scalars = fused(simd, *a, *b, scalars);
    }
    let [[t, x, y, z], [t_im, x_im, y_im, z_im]] = vectors;
    let [b, b_im] = bivectors;
    let mut sums = [complex[0], complex[1]];
    for term in [t, x_im, y_im, z_im, b_im[0], b_im[1], b_im[2], scalars] {
        sums[0] = simd.add_f32s(sums[0], term);
    }
    for term in [t_im, x, y, z, b[0], b[1], b[2]] {
        sums[1] = simd.add_f32s(sums[1], term);
    }
    sums
}

/// The sum of all products.
#[inline(always)]
fn dot<S: Simd>(simd: S, x: Group<'_, S>, y: Group<'_, S>) -> S::f32s {
    let [plus, minus] = products(simd, x, y);
    simd.add_f32s(plus, minus)
}

/// Adds x times the first factor in components that inner products count with a plus, times the second in others.
#[inline(always)]
fn add_times<S: Simd>(simd: S, [p, m]: [S::f32s; 2], x: Group<'_, S>, out: &mut GroupMut<'_, S>) {
    for row in 0..x.complex.len() {
        let [p, m] = if row % 2 == 0 { [p, m] } else { [m, p] };
        let [complex] = &mut out.complex[row];
        *complex = fused(simd, p, x.complex[row][0], *complex);
        let factors = [p, m, m, m];
        for k in 0..4 {
            out.vectors[row][k] = fused(simd, factors[k], x.vectors[row][k], out.vectors[row][k]);
        }
        for k in 0..3 {
            out.bivectors[row][k] = fused(simd, m, x.bivectors[row][k], out.bivectors[row][k]);
        }
    }
    for ([x], [out]) in x.scalars.iter().zip(&mut *out.scalars) {
        *out = fused(simd, p, *x, *out);
    }
}
