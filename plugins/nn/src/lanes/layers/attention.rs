//! Softmax attention of one token over tokens: all of an event, or those up to its own position.

use pulp::Simd;

use crate::lanes::rows::Row;
use crate::lanes::rows::functions::{add, maximum, mul, mul_add, reciprocal, splat, sub};
use crate::lanes::rows::special::exp;

/// The sizes of an attention layer.
///
/// A token is 3 d rows (d the width): query, key and value, each head after head. Queries already carry the factor
/// 1/sqrt(d / heads). Tokens lie `stride` rows apart.
#[derive(Debug, Clone, Copy)]
pub struct Attention {
    /// Width d.
    pub width: usize,
    /// Rows of a head in a query, key or value.
    pub size: usize,
    /// Rows from one token to the next.
    pub stride: usize,
}

/// What [`Attention::apply`] read and wrote.
pub struct Attended<'a, S: Simd, const V: usize> {
    /// The tokens that were seen.
    pub tokens: &'a [Row<S, V>],
    /// Number of the one whose query it was.
    pub query: usize,
    /// The weights P.
    pub weights: &'a [Row<S, V>],
    /// The results A.
    pub attended: &'a [Row<S, V>],
}

/// Rows of a query, key or value that belong to a head.
#[inline(always)]
fn head<T>(rows: &[T], part: usize, first: usize, size: usize) -> &[T] {
    &rows[part + first..part + first + size]
}

impl Attention {
    /// With this width and number of heads.
    pub fn new(width: usize, heads: usize) -> Self {
        Attention { width, size: width / heads, stride: 3 * width }
    }

    /// The weights P_hj = softmax_j(q_h . k_hj) and results sum_j P_hj v_hj of the token with number `query`, for each
    /// head h.
    ///
    /// `weights` are heads x positions rows, of which the first ones of each head are written.
    #[inline(always)]
    pub fn apply<S: Simd, const V: usize>(
        &self,
        simd: S,
        (tokens, query): (&[Row<S, V>], usize),
        weights: &mut [Row<S, V>],
        attended: &mut [Row<S, V>],
    ) {
        let (d, size) = (self.width, self.size);
        let query = &tokens[query * self.stride..];
        let positions = weights.len() * size / d;
        for (first, weights) in (0..d).step_by(size).zip(weights.chunks_exact_mut(positions)) {
            let mut largest = splat(simd, f32::NEG_INFINITY);
            for (weight, token) in weights.iter_mut().zip(tokens.chunks_exact(self.stride)) {
                let mut sum = splat(simd, 0.0);
                for (q, k) in head(query, 0, first, size).iter().zip(head(token, d, first, size)) {
                    sum = mul_add(simd, *q, *k, sum);
                }
                largest = maximum(simd, largest, sum);
                *weight = sum;
            }
            let seen = &mut weights[..tokens.len() / self.stride];
            let mut total = splat(simd, 0.0);
            for weight in &mut *seen {
                *weight = exp(simd, sub(simd, *weight, largest));
                total = add(simd, total, *weight);
            }
            let scale = reciprocal(simd, total);
            let attended = &mut attended[first..first + size];
            attended.fill(splat(simd, 0.0));
            for (weight, token) in seen.iter_mut().zip(tokens.chunks_exact(self.stride)) {
                *weight = mul(simd, *weight, scale);
                for (out, value) in attended.iter_mut().zip(head(token, 2 * d, first, size)) {
                    *out = mul_add(simd, *weight, *value, *out);
                }
            }
        }
    }

    /// Adds to the gradients of the tokens what comes through the results, whose gradient is `gradient` (d rows).
    ///
    /// With g that gradient and A the results: the score of token j has gradient s_j = P_j (g . v_j - g . A), and from
    /// these dv_j = P_j g, dq = sum_j s_j k_j, dk_j = s_j q.
    #[inline(always)]
    pub fn add_gradient<S: Simd, const V: usize>(
        &self,
        simd: S,
        kept: Attended<'_, S, V>,
        gradient: &[Row<S, V>],
        token_gradients: &mut [Row<S, V>],
    ) {
        let Attended { tokens, query, weights, attended } = kept;
        let (d, size, stride) = (self.width, self.size, self.stride);
        let own = query * stride;
        let query = &tokens[own..];
        let positions = weights.len() * size / d;
        for (first, weights) in (0..d).step_by(size).zip(weights.chunks_exact(positions)) {
            let gradient = head(gradient, 0, first, size);
            let mut mean = splat(simd, 0.0);
            for (g, a) in gradient.iter().zip(head(attended, 0, first, size)) {
                mean = mul_add(simd, *g, *a, mean);
            }
            for (j, weight) in (0..tokens.len()).step_by(stride).zip(weights) {
                let token = &tokens[j..j + stride];
                let mut sum = splat(simd, 0.0);
                for (g, v) in gradient.iter().zip(head(token, 2 * d, first, size)) {
                    sum = mul_add(simd, *g, *v, sum);
                }
                let score = mul(simd, *weight, sub(simd, sum, mean));
                for i in first..first + size {
                    let to_query = &mut token_gradients[own + i];
                    *to_query = mul_add(simd, score, token[d + i], *to_query);
                    let to_key = &mut token_gradients[j + d + i];
                    *to_key = mul_add(simd, score, query[i], *to_key);
                    let to_value = &mut token_gradients[j + 2 * d + i];
                    *to_value = mul_add(simd, *weight, gradient[i - first], *to_value);
                }
            }
        }
    }
}
