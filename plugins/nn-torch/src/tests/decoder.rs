//! The decoder over lanes against the graph, and causality.

use amplicast_nn::lanes::{Decoder, Rows, VECTORS, Workspace, block_events, dispatch};
use amplicast_nn::pulp::{self, Simd, WithSimd};
use amplicast_nn::{CausalTransformer, initial_parameters, layout};
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Layout, Seed};
use tch::Tensor;

use crate::{Views, causal_transformer};

fn shape() -> CausalTransformer {
    // Widths that are no multiples of the tiles.
    CausalTransformer { features: 2, positions: 5, width: 18, heads: 3, blocks: 2, mlp_factor: 3, outputs: 7 }
}

/// Parameters with every segment random, so that none can be confused or ignored.
fn parameters(shape: &CausalTransformer) -> (Layout, Vec<f32>) {
    let list = shape.parameters(vec![0.1; shape.outputs]);
    let mut theta = initial_parameters(&list, Seed::new(1));
    let mut stream = Seed::new(2).stream();
    theta.iter_mut().for_each(|t| *t += 0.3 * (stream.random::<f32>() - 0.5));
    (layout(&list), theta)
}

struct Run<'a> {
    shape: &'a CausalTransformer,
    decoder: &'a Decoder,
    /// Per event, position and feature.
    features: &'a [f32],
}

impl WithSimd for Run<'_> {
    /// Per position and event, the outputs.
    type Output = Vec<Vec<f32>>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<Vec<f32>> {
        let shape = self.shape;
        let (lanes, width) = (block_events::<S>(), shape.features);
        let n = self.features.len() / (shape.positions * width);
        let mut work = Workspace::of_last(shape, lanes);
        let mut features = Rows::new(width, lanes);
        let mut outputs = Rows::new(shape.outputs, lanes);
        let mut all = Vec::new();
        for position in 0..shape.positions {
            for lane in 0..lanes {
                let token = (lane % n) * shape.positions + position;
                for f in 0..width {
                    features.numbers_mut()[f * lanes + lane] = self.features[token * width + f];
                }
            }
            let (inputs, out) = (features.numbers(), outputs.numbers_mut());
            self.decoder.step::<S, VECTORS>(simd, position, inputs, &mut work, out);
            for event in 0..n.min(lanes) {
                all.push((0..shape.outputs).map(|o| outputs.numbers()[o * lanes + event]).collect());
            }
        }
        all
    }
}

/// Features of `n` events with the start token's zeros in front.
fn features(shape: &CausalTransformer, n: usize) -> Vec<f32> {
    let mut stream = Seed::new(3).stream();
    let mut all = Vec::new();
    for _ in 0..n {
        all.extend(vec![0.0; shape.features]);
        all.extend((0..(shape.positions - 1) * shape.features).map(|_| 4.0 * stream.random::<f32>() - 2.0));
    }
    all
}

fn graph(shape: &CausalTransformer, layout: &Layout, theta: &[f32], features: &[f32]) -> Tensor {
    let (positions, width) = (shape.positions as i64, shape.features as i64);
    let events = Tensor::from_slice(features).view([-1, positions, width]);
    causal_transformer(shape, &mut Views::new(layout, &Tensor::from_slice(theta)), &events)
}

/// With and without the cache, with and without libtorch: the same outputs.
#[test]
fn the_decoder_equals_the_graph() {
    let shape = shape();
    let (layout, theta) = parameters(&shape);
    let decoder = Decoder::new(&shape, &layout, &theta);
    let events = features(&shape, 3);
    let expected = graph(&shape, &layout, &theta, &events);
    let fast = dispatch(Run { shape: &shape, decoder: &decoder, features: &events });
    for position in 0..shape.positions {
        for event in 0..3 {
            for (o, &found) in fast[position * 3 + event].iter().enumerate() {
                let e = expected.double_value(&[event as i64, position as i64, o as i64]);
                assert!(
                    (f64::from(found) - e).abs() < 1e-5 * (1.0 + e.abs()),
                    "{position} {event}: {found} {e}"
                );
            }
        }
    }
    // One event at a time, without SIMD.
    let slow = Run { shape: &shape, decoder: &decoder, features: &events }.with_simd(pulp::Scalar);
    for (position, slow) in slow.chunks(slow.len() / shape.positions).enumerate() {
        for (s, f) in slow[0].iter().zip(&fast[position * 3]) {
            assert!((s - f).abs() < 1e-5 * (1.0 + f.abs()), "{s} {f}");
        }
    }
}

/// The output at position i does not see the inputs at later positions.
#[test]
fn outputs_are_causal() {
    let shape = shape();
    let (layout, theta) = parameters(&shape);
    let events = features(&shape, 1);
    let before = graph(&shape, &layout, &theta, &events);
    for changed in 1..shape.positions {
        let mut events = events.clone();
        events[changed * shape.features] += 1.0;
        let change = (graph(&shape, &layout, &theta, &events) - &before).abs().amax([0, 2], false);
        for position in 0..shape.positions {
            let moved = change.double_value(&[position as i64]) > 0.0;
            assert_eq!(moved, position >= changed, "input {changed}, position {position}");
        }
    }
}
