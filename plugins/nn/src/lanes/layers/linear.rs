//! A linear layer whose weights are broadcast over the lanes.

use pulp::Simd;

use super::dense::Dense;
use crate::lanes::rows::Row;
use crate::lanes::rows::functions::fused;

/// How many of the outputs that are left are computed together, of `vectors` registers each: enough independent sums to hide the latency, and
/// with the registers that are multiplied no more than AVX2 has (sixteen) or others (thirty-two). One more, and a sum goes through memory in
/// each step.
#[inline(always)]
pub fn together<S: Simd>(vectors: usize, left: usize) -> usize {
    let registers = if S::F32_LANES == 8 { 16 } else { 32 };
    // The inputs, a weight, and one that the compiler moves ahead.
    let most = (registers - 2 - vectors) / vectors;
    match left {
        16.. if most >= 16 => 16,
        8.. if most >= 8 => 8,
        // Twice four rather than six and two, which would wait for their few sums; likewise twice two.
        6.. if most == 6 && left != 8 => 6,
        4.. if most >= 4 => 4,
        3.. if most == 3 && left != 4 => 3,
        2.. => 2,
        _ => 1,
    }
}

/// y = W x + b on rows; W lies row by row.
#[derive(Debug, Clone)]
pub struct Linear {
    inputs: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    /// y = W x + b.
    pub fn new(dense: &Dense) -> Self {
        Linear { inputs: dense.inputs, weights: dense.weight.clone(), bias: dense.bias.clone() }
    }

    /// y = W^T x: the gradient of the inputs from that of the outputs.
    pub fn transposed(dense: &Dense) -> Self {
        let Dense { inputs, outputs, weight, .. } = dense;
        let mut weights = Vec::with_capacity(weight.len());
        for i in 0..*inputs {
            weights.extend(weight[i..].iter().step_by(*inputs));
        }
        Linear { inputs: *outputs, weights, bias: vec![0.0; *inputs] }
    }

    /// y = W x + b; with `ADD` y += W x + b. `y` has a row for each output.
    #[inline(always)]
    pub fn apply<S: Simd, const V: usize, const ADD: bool>(
        &self,
        simd: S,
        x: &[Row<S, V>],
        y: &mut [Row<S, V>],
    ) {
        let x = &x[..self.inputs];
        let outputs = self.bias.len().min(y.len());
        let mut first = 0;
        while first < outputs {
            first += match together::<S>(V, outputs - first) {
                16 => self.some::<S, V, 16, ADD>(simd, first, x, y),
                8 => self.some::<S, V, 8, ADD>(simd, first, x, y),
                6 => self.some::<S, V, 6, ADD>(simd, first, x, y),
                4 => self.some::<S, V, 4, ADD>(simd, first, x, y),
                3 => self.some::<S, V, 3, ADD>(simd, first, x, y),
                2 => self.some::<S, V, 2, ADD>(simd, first, x, y),
                _ => self.some::<S, V, 1, ADD>(simd, first, x, y),
            };
        }
    }

    /// `O` outputs, and their number.
    #[inline(always)]
    fn some<S: Simd, const V: usize, const O: usize, const ADD: bool>(
        &self,
        simd: S,
        first: usize,
        x: &[Row<S, V>],
        y: &mut [Row<S, V>],
    ) -> usize {
        let mut weights: [&[f32]; O] = [&[]; O];
        let mut sums = [[simd.splat_f32s(0.0); V]; O];
        for o in 0..O {
            weights[o] = &self.weights[(first + o) * x.len()..][..x.len()];
            sums[o] = [simd.splat_f32s(self.bias[first + o]); V];
        }
        // By indices: iterators leave the sums in memory.
        for i in 0..x.len() {
            for o in 0..O {
                let w = simd.splat_f32s(weights[o][i]);
                for v in 0..V {
                    sums[o][v] = fused(simd, w, x[i][v], sums[o][v]);
                }
            }
        }
        for (y, sum) in y[first..first + O].iter_mut().zip(&sums) {
            for v in 0..V {
                y[v] = if ADD { simd.add_f32s(y[v], sum[v]) } else { sum[v] };
            }
        }
        O
    }
}
