//! The forward pass of a [`Perceptron`].

use amplicast_sdk::Layout;
use pulp::Simd;

use crate::Perceptron;
use crate::lanes::layers::{Dense, Linear, Segments};
use crate::lanes::rows::special::gelu;
use crate::lanes::rows::{Row, Rows, VECTORS, block_events};

/// The weights of a perceptron, packed.
#[derive(Debug, Clone)]
pub struct Layers {
    layers: Vec<Linear>,
    /// Rows of its widest layer.
    rows: usize,
}

/// The layers of a perceptron as they lie in its flat parameters.
pub fn dense(shape: &Perceptron, layout: &Layout, parameters: &[f32]) -> Vec<Dense> {
    let mut segments = Segments::new(layout, parameters);
    (1..shape.widths.len()).map(|_| segments.dense()).collect()
}

impl Layers {
    /// From the flat parameters of a perceptron.
    pub fn new(shape: &Perceptron, layout: &Layout, parameters: &[f32]) -> Self {
        let widest = shape.widths.iter().copied().max().unwrap_or(1);
        let layers = dense(shape, layout, parameters).iter().map(Linear::new).collect();
        Layers { layers, rows: widest }
    }

    /// Memory for the inputs of a block of events, a row each, and for what comes out.
    pub fn memory<S: Simd>(&self) -> [Rows; 2] {
        [(); 2].map(|()| Rows::new(self.rows, block_events::<S>()))
    }

    /// The outputs for the inputs in the first memory, which is overwritten; a row each.
    #[inline(always)]
    pub fn apply<'m, S: Simd>(&self, simd: S, memory: &'m mut [Rows; 2]) -> &'m [Row<S>] {
        let [mut from, mut to] = memory.each_mut();
        for (l, layer) in self.layers.iter().enumerate() {
            if l > 0 {
                for row in from.rows_mut::<S, VECTORS>() {
                    *row = gelu(simd, *row);
                }
            }
            let (x, y) = (from.rows::<S, VECTORS>(), to.rows_mut::<S, VECTORS>());
            layer.apply::<S, VECTORS, false>(simd, x, y);
            std::mem::swap(&mut from, &mut to);
        }
        from.rows::<S, VECTORS>()
    }
}
