//! The gradient of a linear layer's weights: sums over events of products of an output's gradient and an input.

use pulp::Simd;
use pulp::bytemuck::{cast_slice, cast_slice_mut};

use super::dense::Dense;
use super::linear::together;
use crate::lanes::rows::functions::fused;
use crate::lanes::rows::{Row, Rows, SIDE, Square, transpose};

/// Registers of inputs summed together.
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

    /// Replaces the contents by these rows.
    #[inline(always)]
    pub fn set<S: Simd, const V: usize>(&mut self, simd: S, rows: &[Row<S, V>]) {
        let (panel, block) = (PANEL * S::F32_LANES, self.block);
        let numbers = cast_slice::<S::f32s, f32>(rows.as_flattened());
        let panels = self.numbers.numbers_mut().chunks_exact_mut(panel * block);
        for (rows, out) in numbers.chunks(panel * block).zip(panels) {
            let inputs = rows.len() / block;
            let squares = if block % SIDE == 0 { inputs / SIDE * SIDE } else { 0 };
            for input in (0..squares).step_by(SIDE) {
                for event in (0..block).step_by(SIDE) {
                    let from = Square { numbers: &rows[input * block + event..], stride: block };
                    let to = Square { numbers: &mut out[event * panel + input..], stride: panel };
                    transpose(simd, from, to);
                }
            }
            for input in squares..inputs {
                let row = &rows[input * block..(input + 1) * block];
                for (number, out) in row.iter().zip(out.chunks_exact_mut(panel)) {
                    out[input] = *number;
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
    /// Output by output, the sums of all inputs.
    weights: Rows,
    /// A register for each output, to be added up.
    bias: Rows,
}

impl WeightSums {
    /// Zeros for a layer of this size.
    pub fn new<S: Simd>(inputs: usize, outputs: usize) -> Self {
        WeightSums {
            inputs,
            outputs,
            weights: Rows::new(outputs, padded::<S>(inputs)),
            bias: Rows::new(outputs, S::F32_LANES),
        }
    }

    /// Adds the first `events` of a block; `gradient` has a row for each output, and is zero in the other events.
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
        let mut first = 0;
        while first < self.outputs {
            first += match together::<S>(PANEL, self.outputs - first) {
                8 => self.add_to::<S, V, 8>(simd, first, gradient, inputs, events),
                6 => self.add_to::<S, V, 6>(simd, first, gradient, inputs, events),
                4 => self.add_to::<S, V, 4>(simd, first, gradient, inputs, events),
                2 => self.add_to::<S, V, 2>(simd, first, gradient, inputs, events),
                _ => self.add_to::<S, V, 1>(simd, first, gradient, inputs, events),
            };
        }
    }

    /// Adds to the sums of `O` outputs, and gives their number.
    #[inline(always)]
    fn add_to<S: Simd, const V: usize, const O: usize>(
        &mut self,
        simd: S,
        first: usize,
        gradient: &[Row<S, V>],
        inputs: &Transposed,
        events: usize,
    ) -> usize {
        let (block, width) = (V * S::F32_LANES, padded::<S>(self.inputs) / (PANEL * S::F32_LANES));
        let (sums, _) = cast_slice_mut::<f32, S::f32s>(self.weights.numbers_mut()).as_chunks_mut::<PANEL>();
        let sums = &mut sums[first * width..(first + O) * width];
        let gradient = cast_slice::<S::f32s, f32>(gradient[first..first + O].as_flattened());
        let mut of: [&[f32]; O] = [&[]; O];
        for o in 0..O {
            of[o] = &gradient[o * block..][..events];
        }
        for (p, panel) in inputs.panels::<S>().take(width).enumerate() {
            let mut tile = [[simd.splat_f32s(0.0); PANEL]; O];
            for o in 0..O {
                tile[o] = sums[o * width + p];
            }
            for (event, x) in panel[..events].iter().enumerate() {
                for o in 0..O {
                    let w = simd.splat_f32s(of[o][event]);
                    for i in 0..PANEL {
                        tile[o][i] = fused(simd, w, x[i], tile[o][i]);
                    }
                }
            }
            for o in 0..O {
                sums[o * width + p] = tile[o];
            }
        }
        O
    }

    /// The sums as a layer's matrix and bias.
    #[inline(always)]
    pub fn totals<S: Simd>(&self, simd: S) -> Dense {
        let bias = cast_slice::<f32, S::f32s>(self.bias.numbers());
        let mut totals = Vec::with_capacity(self.outputs);
        for sum in &bias[..self.outputs] {
            totals.push(simd.reduce_sum_f32s(*sum));
        }
        let mut weight = Vec::with_capacity(self.outputs * self.inputs);
        for row in self.weights.numbers().chunks_exact(padded::<S>(self.inputs)).take(self.outputs) {
            weight.extend_from_slice(&row[..self.inputs]);
        }
        Dense { inputs: self.inputs, outputs: self.outputs, weight, bias: totals }
    }
}
