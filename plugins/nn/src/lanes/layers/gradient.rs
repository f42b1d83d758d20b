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
    /// The gradient of the weights, summed so far, if anybody asks for it.
    sums: Option<WeightSums>,
}

/// What a layer read of a block of events, of which the first ones count, and memory for its transpose.
pub type Read<'a, S, const V: usize> = (&'a [Row<S, V>], &'a mut Transposed, usize);

impl LayerGradient {
    /// With the gradient of the weights.
    pub fn new<S: Simd>(dense: &Dense) -> Self {
        let sums = Some(WeightSums::new::<S>(dense.inputs, dense.outputs));
        LayerGradient { sums, ..LayerGradient::of_inputs(dense) }
    }

    /// With that of the inputs alone.
    pub fn of_inputs(dense: &Dense) -> Self {
        LayerGradient { transposed: Linear::transposed(dense), sums: None }
    }

    /// Adds to the weights' gradient that of a block of events, and writes that of the inputs.
    #[inline(always)]
    pub fn step<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        gradient: &[Row<S, V>],
        read: Read<'_, S, V>,
        inputs_gradient: &mut [Row<S, V>],
    ) {
        self.add(simd, gradient, read);
        self.transposed.apply::<S, V, false>(simd, gradient, inputs_gradient);
    }

    /// Adds to the weights' gradient alone.
    #[inline(always)]
    pub fn add<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        gradient: &[Row<S, V>],
        (inputs, transposed, events): Read<'_, S, V>,
    ) {
        if let Some(sums) = &mut self.sums {
            transposed.set(simd, inputs);
            sums.add(simd, gradient, transposed, events);
        }
    }

    /// The gradient of the layer's weights.
    ///
    /// # Panics
    /// If that of the inputs alone was asked for: a mistake in a network's code.
    #[inline(always)]
    pub fn totals<S: Simd>(&self, simd: S) -> Dense {
        self.sums.as_ref().expect("the gradient of the weights was summed").totals(simd)
    }
}

impl Block<LayerGradient> {
    /// The gradient of the layers. Not by [`Block::map`]: a closure would be compiled without the instruction set.
    #[inline(always)]
    pub fn totals<S: Simd>(&self, simd: S) -> Block<Dense> {
        Block {
            qkv: self.qkv.totals(simd),
            out: self.out.totals(simd),
            up: self.up.totals(simd),
            down: self.down.totals(simd),
        }
    }
}
