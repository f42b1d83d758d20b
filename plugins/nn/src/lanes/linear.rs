//! A linear layer whose weights are broadcast over the lanes.

use pulp::Simd;

use super::Row;
use super::dense::Dense;
use super::functions::fused;

/// Outputs computed together: 4 outputs x 3 registers are twelve independent sums.
pub const TILE: usize = 4;

/// y = W x + b on rows; the weights are stored tile by tile in the order in which they are read.
#[derive(Debug, Clone)]
pub struct Linear {
    inputs: usize,
    weights: Vec<[f32; TILE]>,
    bias: Vec<[f32; TILE]>,
}

impl Linear {
    /// y = W x + b.
    pub fn new(dense: &Dense) -> Self {
        let Dense { inputs, outputs, weight, bias } = dense;
        let mut weights = Vec::with_capacity(inputs * outputs.div_ceil(TILE));
        for rows in weight.chunks(inputs * TILE) {
            weights.extend((0..*inputs).map(|i| tile(|o| rows.get(o * inputs + i))));
        }
        let bias = bias.chunks(TILE).map(|chunk| tile(|o| chunk.get(o))).collect();
        Linear { inputs: *inputs, weights, bias }
    }

    /// y = W^T x: the gradient of the inputs from that of the outputs.
    pub fn transposed(dense: &Dense) -> Self {
        let Dense { inputs, outputs, weight, .. } = dense;
        let mut weights = Vec::with_capacity(outputs * inputs.div_ceil(TILE));
        for first in (0..*inputs).step_by(TILE) {
            weights.extend(weight.chunks_exact(*inputs).map(|row| tile(|i| row.get(first + i))));
        }
        let bias = vec![[0.0; TILE]; inputs.div_ceil(TILE)];
        Linear { inputs: *outputs, weights, bias }
    }

    /// y = W x + b; with `ADD` y += W x + b. `y` has a row for each output, rounded up to whole tiles.
    #[inline(always)]
    pub fn apply<S: Simd, const V: usize, const ADD: bool>(
        &self,
        simd: S,
        x: &[Row<S, V>],
        y: &mut [Row<S, V>],
    ) {
        let x = &x[..self.inputs];
        let tiles = self.weights.chunks_exact(self.inputs);
        for ((weights, bias), y) in tiles.zip(&self.bias).zip(y.chunks_exact_mut(TILE)) {
            let mut sums = [[simd.splat_f32s(0.0); V]; TILE];
            for o in 0..TILE {
                sums[o] = [simd.splat_f32s(bias[o]); V];
            }
            for (w, x) in weights.iter().zip(x) {
                for o in 0..TILE {
                    let w = simd.splat_f32s(w[o]);
                    for v in 0..V {
                        sums[o][v] = fused(simd, w, x[v], sums[o][v]);
                    }
                }
            }
            for o in 0..TILE {
                for v in 0..V {
                    y[o][v] = if ADD { simd.add_f32s(y[o][v], sums[o][v]) } else { sums[o][v] };
                }
            }
        }
    }
}

/// A tile of numbers, zero where there is none.
fn tile<'a>(at: impl Fn(usize) -> Option<&'a f32>) -> [f32; TILE] {
    std::array::from_fn(|o| at(o).copied().unwrap_or(0.0))
}
