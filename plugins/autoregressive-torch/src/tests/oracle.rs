//! The gradient in lanes against libtorch's graph in double precision.

use amplicast_nn::lanes;
use amplicast_nn::pulp::{self, WithSimd};
use amplicast_sdk::Model;
use amplicast_sdk::rand::RngExt;
use tch::{Device, Kind};

use super::*;
use crate::graph::by_graph;

/// Loss and gradient, by one of the ways.
type Found = (f64, Vec<f32>);

fn by(
    model: &AutoregressiveModel,
    theta: &[f32],
    (x, weights): (&[f64], &[f64]),
    way: impl FnOnce(Loss<'_>) -> f64,
) -> Found {
    let mut gradient = vec![f32::NAN; theta.len()];
    let (network, memories, layout) = (&model.network, &model.memories, &model.layout());
    let loss =
        way(Loss { network, memories, layout, parameters: theta, x, weights, gradient: &mut gradient });
    (loss, gradient)
}

/// Each segment's difference, relative to its norm.
fn compare(model: &AutoregressiveModel, found: &Found, expected: &Found, tolerance: f64) {
    let error = (found.0 - expected.0).abs();
    assert!(error < 0.1 * tolerance * (1.0 + expected.0.abs()), "loss {} {}", found.0, expected.0);
    let norm = |range: std::ops::Range<usize>, of: &dyn Fn(usize) -> f32| {
        range.map(|i| f64::from(of(i)).powi(2)).sum::<f64>().sqrt()
    };
    let whole = norm(0..expected.1.len(), &|i| expected.1[i]);
    for (segment, range) in model.layout().ranges() {
        let difference = norm(range.clone(), &|i| found.1[i] - expected.1[i]);
        let size = norm(range, &|i| expected.1[i]);
        // A segment whose true gradient is zero, or nearly, has the rounding of the others.
        let bound = tolerance * size + 1e-2 * tolerance * whole;
        assert!(difference < bound, "{}: {difference} of {size}, all {whole}", segment.name);
    }
}

/// Parameters with every segment random, so that none can be confused or ignored.
fn parameters(model: &AutoregressiveModel) -> Vec<f32> {
    let mut theta = model.initial(Seed::new(1)).unwrap();
    let mut stream = Seed::new(2).stream();
    theta.iter_mut().for_each(|t| *t += 0.3 * (stream.random::<f32>() - 0.5));
    theta
}

fn weights(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i % 4) as f64 / n as f64 + if i == 0 { 1e-3 } else { 0.0 }).collect()
}

fn check(model: &AutoregressiveModel, theta: &[f32], n: usize, tolerance: f64) -> Found {
    let x = model.rows(&(0..n as u64).collect::<Vec<_>>()).unwrap();
    let batch = (&x[..], &weights(n)[..]);
    let expected = by(model, theta, batch, |loss| by_graph(loss, (Kind::Double, Device::Cpu)).unwrap());
    compare(model, &by(model, theta, batch, |loss| lanes::dispatch(loss)), &expected, tolerance);
    compare(model, &by(model, theta, batch, |loss| loss.with_simd(pulp::Scalar)), &expected, tolerance);
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = pulp::x86::V3::try_new() {
        compare(
            model,
            &by(model, theta, batch, |loss| pulp::Simd::vectorize(avx2, loss)),
            &expected,
            tolerance,
        );
    }
    expected
}

#[test]
fn the_default_network_of_any_batch() {
    for (model, sizes) in [
        (ring_model(2), &[1, 15, 16, 17, 47, 48, 49, 200][..]),
        (ring_model(4), &[1, 200]),
        (ring_model(1), &[1, 49]),
        (momenta_model(1), &[200]),
        (momenta_model(2), &[50]),
    ] {
        let theta = parameters(&model);
        for &n in sizes {
            check(&model, &theta, n, 2e-5);
        }
    }
}

/// Widths, heads and outputs that are no multiples of the tiles.
#[test]
fn networks_of_odd_sizes() {
    for (width, heads, blocks, mlp_factor, components) in
        [(12, 3, 1, 3, 5), (12, 3, 3, 3, 5), (7, 1, 2, 1, 1), (5, 5, 1, 2, 3), (34, 2, 1, 1, 11)]
    {
        let config =
            AutoregressiveConfig { width, heads, blocks, mlp_factor, components, ..Default::default() };
        for dimension in [1, 3] {
            let model = prepare(config.clone(), &ring(100, dimension, Seed::new(1)), &schema(dimension));
            check(&model, &parameters(&model), 61, 2e-5);
        }
    }
}

/// A head that gives very different logits, narrow widths and means far from all events.
#[test]
fn far_from_any_trained_network() {
    for model in [ring_model(2), momenta_model(1)] {
        let mut theta = parameters(&model);
        let bias = model.layout().range("head.bias").unwrap();
        let components = bias.len() / 3;
        for (i, bias) in theta[bias].iter_mut().enumerate() {
            let sign = if i % 2 == 0 { 1.0 } else { -1.0 };
            *bias += sign * [300.0, 30.0, 4.0][i / components];
        }
        let (loss, gradient) = check(&model, &theta, 100, 1e-3);
        assert!(loss.is_finite() && gradient.iter().all(|g| g.is_finite()));
    }
}

/// The graph in single precision is what trains on a GPU.
#[test]
fn the_graph_in_single_precision() {
    let model = momenta_model(1);
    let theta = parameters(&model);
    let x = model.rows(&[1, 2, 3]).unwrap();
    let batch = (&x[..], &[0.5, 0.0, 0.5][..]);
    let graph = |kind: Kind| by(&model, &theta, batch, |loss| by_graph(loss, (kind, Device::Cpu)).unwrap());
    compare(&model, &graph(Kind::Float), &graph(Kind::Double), 1e-4);
}

/// Parameters that are not finite give a loss or a gradient that is not, so that training stops.
#[test]
fn a_divergence_shows() {
    let model = ring_model(2);
    let x = model.rows(&[0, 1, 2]).unwrap();
    for (_, range) in model.layout().ranges() {
        let mut theta = parameters(&model);
        theta[range.start] = f32::NAN;
        let (loss, gradient) = by(&model, &theta, (&x, &[0.4, 0.3, 0.3]), |loss| lanes::dispatch(loss));
        assert!(!loss.is_finite() || gradient.iter().any(|g| !g.is_finite()), "{range:?}");
    }
}
