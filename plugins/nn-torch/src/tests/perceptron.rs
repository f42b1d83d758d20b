//! The perceptron over lanes against the graph.

use amplicast_nn::lanes::{Layers, Learner, Slope, block_events, dispatch};
use amplicast_nn::pulp::{self, Simd, WithSimd};
use amplicast_nn::{Perceptron, initial_parameters, layout};
use amplicast_sdk::Seed;
use tch::{Device, Kind, Reduction, Tensor};

use crate::{Views, loss_and_gradient, perceptron};

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
        let graph = perceptron(&shape, &mut Views::new(&layout, &Tensor::from_slice(&theta)), &tensor);
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

/// Half of the squared distance of the output from 0.1 times the event's number.
fn square(event: usize, output: f32) -> Slope {
    let off = output - 0.1 * event as f32;
    Slope { loss: 0.5 * f64::from(off).powi(2), slope: off }
}

fn inputs(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 37 % 101) as f32 - 50.0) / 20.0).collect()
}

#[test]
fn gradients_of_the_graph_and_the_lanes_agree() {
    for (widths, n) in
        [(vec![2, 64, 64, 1], 256), (vec![5, 7, 1], 101), (vec![3, 1], 7), (vec![1, 6, 33, 4, 1], 49)]
    {
        let shape = Perceptron { widths };
        let parameters = shape.parameters();
        let layout = layout(&parameters);
        let theta = initial_parameters(&parameters, Seed::new(1));
        let x = inputs(n * shape.widths[0]);
        let mut gradient = vec![f32::NAN; theta.len()];
        let mut learner = Learner::new(&shape, &layout);
        // Twice: the memory of a step must not show in the next.
        learner.loss_and_gradient(&theta, &x, square, &mut gradient);
        let loss = learner.loss_and_gradient(&theta, &x, square, &mut gradient);
        let mut expected = vec![0.0; theta.len()];
        let options = (Kind::Double, Device::Cpu);
        let tensor = Tensor::from_slice(&x).view([n as i64, -1]).to_kind(Kind::Double);
        let target = 0.1 * Tensor::arange(n as i64, options);
        let graph = loss_and_gradient(&layout, &theta, options, &mut expected, |mut views: Views| {
            let output = perceptron(&shape, &mut views, &tensor).squeeze_dim(1);
            0.5 * output.mse_loss(&target, Reduction::Sum)
        })
        .unwrap();
        assert!((loss / graph - 1.0).abs() < 1e-5, "{loss} {graph}");
        for (segment, range) in layout.ranges() {
            let norm = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
            let (found, expected) = (&gradient[range.clone()], &expected[range]);
            let off: Vec<f32> = found.iter().zip(expected).map(|(a, b)| a - b).collect();
            assert!(norm(&off) < 2e-5 * norm(expected), "{} of {:?}", segment.name, shape.widths);
        }
    }
}
