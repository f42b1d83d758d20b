//! Attention by the inner products of multivectors, all queries of a head after one another.

use amplicast_nn::lanes::functions::{add, fused, maximum, mul, negate, reciprocal, splat, sub};
use amplicast_nn::lanes::special::exp;
use amplicast_nn::lanes::{Row, Slots};
use amplicast_nn::pulp::Simd;

use super::algebra::Algebra;
use super::features::{Features, Group, GroupMut, Rows};

/// The tokens of an event at one block: slots of queries, keys and values, each head after head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attention {
    pub tokens: usize,
    pub heads: usize,
    /// Of a head.
    pub hidden: Rows,
    /// Factor of the scores.
    pub scale: f32,
}

/// What [`Attention::apply`] reads and writes at a block of the network.
#[derive(Clone, Copy)]
pub(crate) struct Attended<'a> {
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

    /// Slot of a query (part 0), key or value of a token.
    #[inline(always)]
    pub fn slot(&self, token: usize, part: usize, head: usize) -> usize {
        token * self.parts() + part * self.heads + head
    }

    /// The weights P_ij = softmax_j(<q_i, k_j> / sqrt(their numbers)) and results sum_j P_ij v_j of the tokens from `first` on.
    #[inline(always)]
    pub fn apply<A: Algebra, S: Simd>(
        &self,
        simd: S,
        (parts, first): (&Features, usize),
        weights: &mut Slots,
        results: &mut Features,
    ) {
        let (hidden, scale) = (self.hidden, splat(simd, self.scale));
        for head in 0..self.heads {
            for i in first..first + self.tokens {
                let query = parts.at(self.slot(i, 0, head)).view::<S>().all(hidden);
                let weights = &mut weights.at_mut::<S, 1>(i)[head * self.tokens..][..self.tokens];
                let mut largest: Row<S, 1> = splat(simd, f32::NEG_INFINITY);
                for (j, weight) in weights.iter_mut().enumerate() {
                    let key = parts.at(self.slot(first + j, 1, head)).view::<S>().all(hidden);
                    let [plus, minus] = products::<A, S>(simd, query, key);
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
                    add_times::<A, S>(simd, [weight[0]; 2], value, &mut out);
                }
            }
        }
    }

    /// Writes the gradients of the queries, keys and values of a head (three slots a token) from that of the results (a slot
    /// a token).
    ///
    /// With g the latter and A the results: the score of token j has gradient s_j = P_j (g . v_j - g . A), and from these
    /// dv_j = P_j g, dq = sum_j s_j k_j, dk_j = s_j q, the latter two with the signs of <q, k>.
    #[inline(always)]
    pub fn gradient<A: Algebra, S: Simd>(
        &self,
        simd: S,
        head: usize,
        kept: Attended<'_>,
        gradient: &Features,
        by_parts: &mut Features,
    ) {
        let Attended { parts, first, weights, results } = kept;
        let (hidden, scale) = (self.hidden, simd.splat_f32s(self.scale));
        by_parts.clear();
        for i in 0..self.tokens {
            let g = gradient.at(i).view::<S>().group((head, self.heads), hidden);
            let result = results.at(first + i).view::<S>().group((head, self.heads), hidden);
            let query = parts.at(self.slot(first + i, 0, head)).view::<S>().all(hidden);
            let mean = dot::<A, S>(simd, g, result);
            let weights = &weights.at::<S, 1>(first + i)[head * self.tokens..][..self.tokens];
            for (j, [weight]) in weights.iter().enumerate() {
                let key = parts.at(self.slot(first + j, 1, head)).view::<S>().all(hidden);
                let value = parts.at(self.slot(first + j, 2, head)).view::<S>().all(hidden);
                let off = simd.sub_f32s(dot::<A, S>(simd, g, value), mean);
                let score = simd.mul_f32s(simd.mul_f32s(*weight, scale), off);
                let signed = [score, negate(simd, score)];
                // Not by a closure: it would be compiled without the instruction set.
                for (slot, factors, x) in
                    [(3 * i, signed, key), (3 * j + 1, signed, query), (3 * j + 2, [*weight; 2], g)]
                {
                    let mut to = by_parts.at_mut(slot).view::<S>().all(hidden);
                    add_times::<A, S>(simd, factors, x, &mut to);
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
fn products<A: Algebra, S: Simd>(simd: S, x: Group<'_, S>, y: Group<'_, S>) -> [S::f32s; 2] {
    if A::COMPLEX { products_of::<S, 2>(simd, x, y) } else { products_of::<S, 1>(simd, x, y) }
}

#[inline(always)]
fn products_of<S: Simd, const PARTS: usize>(simd: S, x: Group<'_, S>, y: Group<'_, S>) -> [S::f32s; 2] {
    let complex = parts::<S, 1, PARTS>(simd, x.complex, y.complex);
    let vectors = parts::<S, 4, PARTS>(simd, x.vectors, y.vectors);
    let bivectors = parts::<S, 3, PARTS>(simd, x.bivectors, y.bivectors);
    let mut sums = [parts::<S, 1, 1>(simd, x.scalars, y.scalars)[0][0], simd.splat_f32s(0.0)];
    for part in 0..PARTS {
        let ([q], [t, x, y, z], [b, c, d]) = (complex[part], vectors[part], bivectors[part]);
        for plus in [q, t] {
            sums[part] = simd.add_f32s(sums[part], plus);
        }
        for minus in [x, y, z, b, c, d] {
            sums[1 - part] = simd.add_f32s(sums[1 - part], minus);
        }
    }
    sums
}

/// Sums over channels of the products of components, for real and imaginary parts.
#[inline(always)]
fn parts<S: Simd, const V: usize, const PARTS: usize>(
    simd: S,
    x: &[Row<S, V>],
    y: &[Row<S, V>],
) -> [Row<S, V>; PARTS] {
    let mut sums = [[simd.splat_f32s(0.0); V]; PARTS];
    for (x, y) in x.as_chunks::<PARTS>().0.iter().zip(y.as_chunks::<PARTS>().0) {
        for part in 0..PARTS {
            for v in 0..V {
                sums[part][v] = fused(simd, x[part][v], y[part][v], sums[part][v]);
            }
        }
    }
    sums
}

/// The sum of all products.
#[inline(always)]
fn dot<A: Algebra, S: Simd>(simd: S, x: Group<'_, S>, y: Group<'_, S>) -> S::f32s {
    let [plus, minus] = products::<A, S>(simd, x, y);
    simd.add_f32s(plus, minus)
}

/// Adds x times the first factor in components that inner products count with a plus, times the second in others.
#[inline(always)]
fn add_times<A: Algebra, S: Simd>(
    simd: S,
    factors: [S::f32s; 2],
    x: Group<'_, S>,
    out: &mut GroupMut<'_, S>,
) {
    if A::COMPLEX {
        add_times_of::<S, 2>(simd, factors, x, out);
    } else {
        add_times_of::<S, 1>(simd, factors, x, out);
    }
}

#[inline(always)]
fn add_times_of<S: Simd, const PARTS: usize>(
    simd: S,
    [p, m]: [S::f32s; 2],
    x: Group<'_, S>,
    out: &mut GroupMut<'_, S>,
) {
    add_rows::<S, 1, PARTS>(simd, [[p], [m]], x.complex, out.complex);
    add_rows::<S, 4, PARTS>(simd, [[p, m, m, m], [m, p, p, p]], x.vectors, out.vectors);
    add_rows::<S, 3, PARTS>(simd, [[m; 3], [p; 3]], x.bivectors, out.bivectors);
    add_rows::<S, 1, 1>(simd, [[p], [p]], x.scalars, out.scalars);
}

/// Adds x times the factors of the real and of the imaginary parts.
#[inline(always)]
fn add_rows<S: Simd, const V: usize, const PARTS: usize>(
    simd: S,
    factors: [Row<S, V>; 2],
    x: &[Row<S, V>],
    out: &mut [Row<S, V>],
) {
    for (x, out) in x.as_chunks::<PARTS>().0.iter().zip(out.as_chunks_mut::<PARTS>().0) {
        for part in 0..PARTS {
            for v in 0..V {
                out[part][v] = fused(simd, factors[part][v], x[part][v], out[part][v]);
            }
        }
    }
}
