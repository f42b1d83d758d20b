//! The backward pass of a linear layer.

use pulp::Simd;

use super::block::Block;
use super::dense::Dense;
use super::linear::Linear;
use super::weight_sums::{Transposed, WeightSums};
use crate::lanes::rows::Row;

/// A linear layer's backward pass.
pub struct LayerGradient {
    /// From the gradient of the outputs to that of the inputs.
    pub transposed: Linear,
    /// The gradient of the weights, summed so far.
    pub sums: WeightSums,
}

impl LayerGradient {
    pub fn new<S: Simd>(dense: &Dense) -> Self {
        let sums = WeightSums::new::<S>(dense.inputs, dense.outputs);
        LayerGradient { transposed: Linear::transposed(dense), sums }
    }

    /// Adds to the weights' gradient that of a block of events, and writes that of the inputs.
    #[inline(always)]
    pub fn step<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        gradient: &[Row<S, V>],
        (inputs, events): (&Transposed, usize),
        inputs_gradient: &mut [Row<S, V>],
    ) {
        self.sums.add(simd, gradient, inputs, events);
        self.transposed.apply::<S, V, false>(simd, gradient, inputs_gradient);
    }
}

impl Block<LayerGradient> {
    /// The gradient of the layers. Not by [`Block::map`]: a closure would be compiled without the instruction set.
    #[inline(always)]
    pub fn totals<S: Simd>(&self, simd: S) -> Block<Dense> {
        Block {
            qkv: self.qkv.sums.totals(simd),
            out: self.out.sums.totals(simd),
            up: self.up.sums.totals(simd),
            down: self.down.sums.totals(simd),
        }
    }
}
