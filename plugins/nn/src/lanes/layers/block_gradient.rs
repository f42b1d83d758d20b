//! The backward passes of linear layers, one by one and as a transformer's block.

use pulp::Simd;

use super::block::BlockWeights;
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
    /// Of this layer.
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

/// The backward passes of a block's layers.
pub struct BlockGradient {
    /// Queries, keys and values.
    pub qkv: LayerGradient,
    /// After the attention.
    pub out: LayerGradient,
    /// Into the MLP's hidden layer.
    pub up: LayerGradient,
    /// Out of it.
    pub down: LayerGradient,
}

impl BlockGradient {
    /// Of these layers.
    pub fn new<S: Simd>(weights: &BlockWeights) -> Self {
        let BlockWeights { qkv, out, up, down } = weights;
        let [qkv, out, up, down] = [qkv, out, up, down].map(LayerGradient::new::<S>);
        BlockGradient { qkv, out, up, down }
    }

    /// The gradient of the layers.
    #[inline(always)]
    pub fn totals<S: Simd>(&self, simd: S) -> BlockWeights {
        BlockWeights {
            qkv: self.qkv.sums.totals(simd),
            out: self.out.sums.totals(simd),
            up: self.up.sums.totals(simd),
            down: self.down.sums.totals(simd),
        }
    }
}
