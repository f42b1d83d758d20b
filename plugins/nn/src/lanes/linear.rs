//! A linear layer whose weights are broadcast over the lanes.

use pulp::Simd;

use super::functions::fused;
use super::{Row, VECTORS};

/// Outputs computed together: 4 outputs x 3 registers are twelve independent sums.
const TILE: usize = 4;

/// y = W x + b on rows; the weights are stored tile by tile in the order in which they are read.
#[derive(Debug, Clone)]
pub struct Linear {
    inputs: usize,
    outputs: usize,
    weights: Vec<[f32; TILE]>,
    bias: Vec<[f32; TILE]>,
}

impl Linear {
    /// From a row-major matrix (outputs x inputs) and a bias.
    pub fn new(weight: &[f32], bias: &[f32]) -> Self {
        let outputs = bias.len();
        let inputs = weight.len() / outputs;
        let at = |o: usize, i: usize| if o < outputs { weight[o * inputs + i] } else { 0.0 };
        let tiles = outputs.div_ceil(TILE);
        let weights = (0..tiles)
            .flat_map(|t| (0..inputs).map(move |i| std::array::from_fn(|o| at(t * TILE + o, i))))
            .collect();
        Linear { inputs, outputs, weights, bias: pack(bias) }
    }

    /// The same layer after a layer norm's scale and shift: W diag(scale), b + W shift.
    pub fn after_norm(weight: &[f32], bias: &[f32], scale: &[f32], shift: &[f32]) -> Self {
        let inputs = scale.len();
        let folded: Vec<f32> = weight.iter().enumerate().map(|(i, w)| w * scale[i % inputs]).collect();
        let bias: Vec<f32> = (weight.chunks_exact(inputs).zip(bias))
            .map(|(row, b)| b + row.iter().zip(shift).map(|(w, s)| w * s).sum::<f32>())
            .collect();
        Linear::new(&folded, &bias)
    }

    /// Rows that the output needs: the number of outputs, rounded up to whole tiles.
    pub fn padded_outputs(&self) -> usize {
        self.bias.len() * TILE
    }

    /// Outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Replaces the bias.
    pub fn with_bias(&self, bias: &[f32]) -> Self {
        assert_eq!(bias.len(), self.outputs, "length of a bias");
        Linear { bias: pack(bias), ..self.clone() }
    }

    /// y = W x + b; with `ADD` y += W x + b.
    #[inline(always)]
    pub fn apply<S: Simd, const ADD: bool>(&self, simd: S, x: &[Row<S>], y: &mut [Row<S>]) {
        let x = &x[..self.inputs];
        let tiles = self.weights.chunks_exact(self.inputs);
        for ((weights, bias), y) in tiles.zip(&self.bias).zip(y.chunks_exact_mut(TILE)) {
            let mut sums = [[simd.splat_f32s(0.0); VECTORS]; TILE];
            for o in 0..TILE {
                sums[o] = [simd.splat_f32s(bias[o]); VECTORS];
            }
            for (w, x) in weights.iter().zip(x) {
                for o in 0..TILE {
                    let w = simd.splat_f32s(w[o]);
                    for v in 0..VECTORS {
                        sums[o][v] = fused(simd, w, x[v], sums[o][v]);
                    }
                }
            }
            for o in 0..TILE {
                for v in 0..VECTORS {
                    y[o][v] = if ADD { simd.add_f32s(y[o][v], sums[o][v]) } else { sums[o][v] };
                }
            }
        }
    }
}

fn pack(bias: &[f32]) -> Vec<[f32; TILE]> {
    let tiles = bias.len().div_ceil(TILE);
    (0..tiles).map(|t| std::array::from_fn(|o| bias.get(t * TILE + o).copied().unwrap_or(0.0))).collect()
}
