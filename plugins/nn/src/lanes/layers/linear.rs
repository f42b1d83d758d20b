//! A linear layer whose weights are broadcast over the lanes.

use pulp::Simd;

use super::dense::Dense;
use crate::lanes::rows::Row;
use crate::lanes::rows::functions::fused;

/// Outputs computed together: 4 outputs x 3 registers are twelve independent sums.
pub const TILE: usize = 4;

/// Rows that the outputs of a linear layer take.
pub fn padded(outputs: usize) -> usize {
    outputs.next_multiple_of(TILE)
}

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
        let tiles = self.bias.len().min(y.len() / TILE);
        let mut first = 0;
        // The fewer registers a row has, the more tiles it takes to hide the latency.
        while V == 1 && first + 4 <= tiles {
            self.tiles::<S, V, 4, ADD>(simd, first, x, y);
            first += 4;
        }
        while V <= 2 && first + 2 <= tiles {
            self.tiles::<S, V, 2, ADD>(simd, first, x, y);
            first += 2;
        }
        while first < tiles {
            self.tiles::<S, V, 1, ADD>(simd, first, x, y);
            first += 1;
        }
    }

    /// The outputs of `T` tiles.
    #[inline(always)]
    fn tiles<S: Simd, const V: usize, const T: usize, const ADD: bool>(
        &self,
        simd: S,
        first: usize,
        x: &[Row<S, V>],
        y: &mut [Row<S, V>],
    ) {
        let mut weights: [&[[f32; TILE]]; T] = [&[]; T];
        let mut sums = [[[simd.splat_f32s(0.0); V]; TILE]; T];
        for t in 0..T {
            weights[t] = &self.weights[(first + t) * x.len()..][..x.len()];
            for (sum, bias) in sums[t].iter_mut().zip(&self.bias[first + t]) {
                *sum = [simd.splat_f32s(*bias); V];
            }
        }
        // By indices: iterators over the tiles leave the sums in memory.
        for (i, x) in x.iter().enumerate() {
            for t in 0..T {
                for o in 0..TILE {
                    let w = simd.splat_f32s(weights[t][i][o]);
                    for v in 0..V {
                        sums[t][o][v] = fused(simd, w, x[v], sums[t][o][v]);
                    }
                }
            }
        }
        let (y, _) = y[first * TILE..(first + T) * TILE].as_chunks_mut::<TILE>();
        for (y, sum) in y.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
            for v in 0..V {
                y[v] = if ADD { simd.add_f32s(y[v], sum[v]) } else { sum[v] };
            }
        }
    }
}

/// A tile of numbers, zero where there is none.
fn tile<'a>(at: impl Fn(usize) -> Option<&'a f32>) -> [f32; TILE] {
    std::array::from_fn(|o| at(o).copied().unwrap_or(0.0))
}
