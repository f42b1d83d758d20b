//! The trained classifier: standardised columns, then a perceptron.

use amplicast_nn::lanes::{self, Layers};
use amplicast_nn::pulp::{Simd, WithSimd, bytemuck};
use amplicast_nn::{Perceptron, initial_parameters, layout};
use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{Batch, Result, Seed, Summary, expect_length};

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

    /// At the parameters from which training starts.
    pub fn untrained(dimension: usize, hidden: &[usize]) -> Self {
        let shape = shape(dimension, hidden);
        let parameters = shape.parameters();
        let theta = initial_parameters(&parameters, Seed::new(0));
        let layers = Layers::new(&shape, &layout(&parameters), &theta);
        Network { scale: vec![(0.0, 1.0); dimension], layers }
    }
}

impl Summary for Network {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        expect_length("columns", self.scale.len(), batch.values.ncols())?;
        lanes::dispatch(Scoring { network: self, events: batch.values, out });
        Ok(())
    }
}

struct Scoring<'a> {
    network: &'a Network,
    events: ArrayView2<'a, f64>,
    out: &'a mut [f64],
}

impl WithSimd for Scoring<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Scoring { network, events, out } = self;
        let lanes = lanes::block_events::<S>();
        let mut memory = network.layers.memory::<S>();
        for (block, out) in out.chunks_mut(lanes).enumerate() {
            for (column, (mean, inverse)) in network.scale.iter().enumerate() {
                let numbers = &mut memory[0].numbers_mut()[column * lanes..];
                for (lane, number) in numbers.iter_mut().enumerate().take(out.len()) {
                    *number = ((events[[block * lanes + lane, column]] - mean) * inverse) as f32;
                }
            }
            let logit = network.layers.apply(simd, &mut memory)[0];
            let numbers: &[f32] = bytemuck::cast_slice(&logit);
            out.iter_mut().zip(numbers).for_each(|(out, logit)| *out = f64::from(*logit));
        }
    }
}
