//! The gradient of a linear layer's weights: sums over events of products of an output's gradient and an input.

use pulp::Simd;
use pulp::bytemuck::{cast_slice, cast_slice_mut};

use super::dense::Dense;
use super::linear::TILE;
use crate::lanes::rows::functions::fused;
use crate::lanes::rows::{Row, Rows};

/// Registers of inputs summed together: with four outputs eight independent sums, enough to hide the latency.
const PANEL: usize = 2;

/// Inputs of a layer with the inputs in the lanes, event by event: the transpose of rows.
///
/// Lanes never carry a sum over events from one to the other, so no sum has to be added up across lanes. The inputs lie in
/// panels of two registers, each panel event by event.
pub struct Transposed {
    numbers: Rows,
    /// Events of the block.
    block: usize,
}

impl Transposed {
    /// Memory for up to `inputs` inputs of blocks of `events`.
    pub fn new<S: Simd>(inputs: usize, events: usize) -> Self {
        Transposed { numbers: Rows::new(padded::<S>(inputs), events), block: events }
    }

    /// Replaces the contents by these rows, number by number: pulp's interleaving of registers is several times slower.
    #[inline(always)]
    pub fn set<S: Simd, const V: usize>(&mut self, _simd: S, rows: &[Row<S, V>]) {
        let (panel, block) = (PANEL * S::F32_LANES, self.block);
        let numbers = cast_slice::<S::f32s, f32>(rows.as_flattened());
        let panels = self.numbers.numbers_mut().chunks_exact_mut(panel * block);
        for (rows, out) in numbers.chunks(panel * block).zip(panels) {
            for (i, row) in rows.chunks_exact(block).enumerate() {
                for (number, out) in row.iter().zip(out.chunks_exact_mut(panel)) {
                    out[i] = *number;
                }
            }
        }
    }

    /// The panels, each two registers of each of the first events. Beyond the last input they hold anything.
    #[inline(always)]
    fn panels<S: Simd>(&self) -> impl Iterator<Item = &[[S::f32s; PANEL]]> {
        let registers = cast_slice::<f32, S::f32s>(self.numbers.numbers());
        registers.as_chunks().0.chunks_exact(self.block)
    }
}

/// Inputs rounded up to whole panels.
fn padded<S: Simd>(inputs: usize) -> usize {
    inputs.next_multiple_of(PANEL * S::F32_LANES)
}

/// sum dy x^T and sum dy over events, for the outputs' gradients dy and inputs x of a layer.
pub struct WeightSums {
    inputs: usize,
    outputs: usize,
    /// Tile of outputs by tile, panel by panel, output by output: two registers.
    weights: Rows,
    /// A register for each output, to be added up.
    bias: Rows,
}

impl WeightSums {
    /// Zeros for a layer of this size.
    pub fn new<S: Simd>(inputs: usize, outputs: usize) -> Self {
        let outputs_padded = outputs.next_multiple_of(TILE);
        WeightSums {
            inputs,
            outputs,
            weights: Rows::new(outputs_padded, padded::<S>(inputs)),
            bias: Rows::new(outputs_padded, S::F32_LANES),
        }
    }

    /// Adds the first `events` of a block; `gradient` has a row for each output, rounded up to whole tiles, and is zero in
    /// the other events.
    #[inline(always)]
    pub fn add<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        gradient: &[Row<S, V>],
        inputs: &Transposed,
        events: usize,
    ) {
        let bias = cast_slice_mut::<f32, S::f32s>(self.bias.numbers_mut());
        for (sum, row) in bias.iter_mut().zip(gradient) {
            for register in row {
                *sum = simd.add_f32s(*sum, *register);
            }
        }
        let panels = padded::<S>(self.inputs) / (PANEL * S::F32_LANES);
        let block = V * S::F32_LANES;
        let (tiles, _) = cast_slice_mut::<f32, S::f32s>(self.weights.numbers_mut()).as_chunks_mut();
        let (tiles, _) = tiles.as_chunks_mut::<TILE>();
        let gradients = cast_slice::<S::f32s, f32>(gradient.as_flattened());
        for (tiles, rows) in tiles.chunks_exact_mut(panels).zip(gradients.chunks_exact(TILE * block)) {
            let [a, b, c, d]: [&[f32]; TILE] = std::array::from_fn(|o| &rows[o * block..(o + 1) * block]);
            for (tile, panel) in tiles.iter_mut().zip(inputs.panels::<S>()) {
                let mut sums: [[S::f32s; PANEL]; TILE] = *tile;
                for ((((x, a), b), c), d) in panel[..events].iter().zip(a).zip(b).zip(c).zip(d) {
                    let weights = [a, b, c, d];
                    for o in 0..TILE {
                        let w = simd.splat_f32s(*weights[o]);
                        for i in 0..PANEL {
                            sums[o][i] = fused(simd, w, x[i], sums[o][i]);
                        }
                    }
                }
                *tile = sums;
            }
        }
    }

    /// The sums as a layer's matrix and bias.
    #[inline(always)]
    pub fn totals<S: Simd>(&self, simd: S) -> Dense {
        let bias = cast_slice::<f32, S::f32s>(self.bias.numbers());
        let mut totals = Vec::with_capacity(self.outputs);
        for sum in &bias[..self.outputs] {
            totals.push(simd.reduce_sum_f32s(*sum));
        }
        let (panel, padded) = (PANEL * S::F32_LANES, padded::<S>(self.inputs));
        let mut weight = Vec::with_capacity(self.outputs * self.inputs);
        for output in 0..self.outputs {
            let tile = &self.weights.numbers()[output / TILE * TILE * padded..];
            for first in (0..self.inputs).step_by(panel) {
                let start = first * TILE + output % TILE * panel;
                weight.extend_from_slice(&tile[start..start + panel.min(self.inputs - first)]);
            }
        }
        Dense { inputs: self.inputs, outputs: self.outputs, weight, bias: totals }
    }
}
