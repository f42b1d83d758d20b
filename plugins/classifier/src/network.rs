//! The trained classifier: standardized columns, then a perceptron.

use amplicast_nn::lanes::{self, Layers};
use amplicast_nn::pulp::{Simd, WithSimd, bytemuck};
use amplicast_nn::{Perceptron, layout};
use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{Batch, Result, Summary, expect_length};

/// The logit of an event being generated.
pub struct Network {
    /// Mean and inverse standard deviation of each column.
    scale: Vec<(f64, f64)>,
    layers: Layers,
}

/// The perceptron for events of d columns.
pub fn shape(dimension: usize, hidden: &[usize]) -> Perceptron {
    Perceptron { widths: [&[dimension], hidden, &[1]].concat() }
}

impl Network {
    /// From means, inverse standard deviations and the perceptron's parameters, one after the other.
    pub fn new(dimension: usize, hidden: &[usize], parameters: &[f32]) -> Result<Self> {
        let shape = shape(dimension, hidden);
        let layout = layout(&shape.parameters());
        expect_length("parameters of the classifier", 2 * dimension + layout.len(), parameters.len())?;
        let (scale, theta) = parameters.split_at(2 * dimension);
        let (mean, inverse) = scale.split_at(dimension);
        let scale = mean.iter().zip(inverse).map(|(m, i)| (f64::from(*m), f64::from(*i))).collect();
        Ok(Network { scale, layers: Layers::new(&shape, &layout, theta) })
    }

    /// How many parameters it takes.
    pub fn parameters(dimension: usize, hidden: &[usize]) -> usize {
        2 * dimension + layout(&shape(dimension, hidden).parameters()).len()
    }
}

impl Network {
    /// The logits of events, one a row.
    pub fn score(&self, events: ArrayView2<'_, f64>) -> Vec<f32> {
        let scaled = |((_, column), x): ((usize, usize), &f64)| {
            let (mean, inverse) = self.scale[column];
            ((x - mean) * inverse) as f32
        };
        let numbers: Vec<f32> = events.indexed_iter().map(scaled).collect();
        let mut out = vec![0.0; events.nrows()];
        logits(&self.layers, &numbers, self.scale.len(), &mut out);
        out
    }
}

impl Summary for Network {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        expect_length("columns", self.scale.len(), batch.values.ncols())?;
        out.iter_mut().zip(self.score(batch.values)).for_each(|(out, logit)| *out = f64::from(logit));
        Ok(())
    }
}

/// The outputs of a perceptron for standardized events, one after the other.
pub fn logits(layers: &Layers, numbers: &[f32], dimension: usize, out: &mut [f32]) {
    lanes::dispatch(Logits { layers, numbers, dimension, out });
}

struct Logits<'a> {
    layers: &'a Layers,
    numbers: &'a [f32],
    dimension: usize,
    out: &'a mut [f32],
}

impl WithSimd for Logits<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Logits { layers, numbers, dimension, out } = self;
        let lanes = lanes::block_events::<S>();
        let mut memory = layers.memory::<S>();
        for (events, out) in numbers.chunks(lanes * dimension).zip(out.chunks_mut(lanes)) {
            let inputs = memory[0].numbers_mut();
            for (lane, event) in events.chunks_exact(dimension).enumerate() {
                for (column, x) in event.iter().enumerate() {
                    inputs[column * lanes + lane] = *x;
                }
            }
            let logit = layers.apply(simd, &mut memory)[0];
            out.copy_from_slice(&bytemuck::cast_slice::<_, f32>(&logit)[..out.len()]);
        }
    }
}
