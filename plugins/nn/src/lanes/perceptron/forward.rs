//! The forward pass of a [`Perceptron`].

use amplicast_sdk::Layout;
use pulp::Simd;

use crate::Perceptron;
use crate::lanes::layers::{Dense, Linear, Segments, padded};
use crate::lanes::rows::special::gelu;
use crate::lanes::rows::{Row, Rows, VECTORS, block_events};

/// The weights of a perceptron, packed.
#[derive(Debug, Clone)]
pub struct Layers {
    layers: Vec<Linear>,
    /// Rows of its widest layer, rounded up to whole tiles.
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
        Layers { layers, rows: padded(widest) }
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

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use pulp::WithSimd;
    use tch::{Kind, Tensor};

    use super::*;
    use crate::lanes::dispatch;
    use crate::{Views, initial_parameters, layout};

    struct Apply<'a>(&'a Layers, &'a [f32], usize);

    impl WithSimd for Apply<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
            let Apply(layers, x, inputs) = self;
            let lanes = block_events::<S>();
            let mut found = Vec::new();
            for events in x.chunks(lanes * inputs) {
                let mut memory = layers.memory::<S>();
                for (lane, event) in events.chunks_exact(inputs).enumerate() {
                    for (i, x) in event.iter().enumerate() {
                        memory[0].numbers_mut()[i * lanes + lane] = *x;
                    }
                }
                let row = layers.apply(simd, &mut memory)[0];
                let numbers: &[f32] = pulp::bytemuck::cast_slice(&row);
                found.extend_from_slice(&numbers[..events.len() / inputs]);
            }
            found
        }
    }

    #[test]
    fn the_graph_and_the_lanes_agree() {
        for widths in [vec![2, 64, 64, 1], vec![5, 7, 1], vec![3, 1]] {
            let shape = Perceptron { widths };
            let parameters = shape.parameters();
            let layout = layout(&parameters);
            let theta = initial_parameters(&parameters, Seed::new(1));
            let (n, inputs) = (101, shape.widths[0]);
            let x: Vec<f32> = (0..n * inputs).map(|i| ((i * 37 % 101) as f32 - 50.0) / 20.0).collect();
            let tensor = Tensor::from_slice(&x).view([n as i64, inputs as i64]);
            let graph = shape.forward(&mut Views::new(&layout, &Tensor::from_slice(&theta)), &tensor);
            let graph: Vec<f32> = Vec::try_from(graph.view(-1).to_kind(Kind::Float)).unwrap();
            let layers = Layers::new(&shape, &layout, &theta);
            for found in
                [dispatch(Apply(&layers, &x, inputs)), Apply(&layers, &x, inputs).with_simd(pulp::Scalar)]
            {
                assert_eq!(found.len(), n);
                for (a, b) in found.iter().zip(&graph) {
                    assert!((a - b).abs() < 1e-5, "{a} {b}");
                }
            }
        }
    }
}
