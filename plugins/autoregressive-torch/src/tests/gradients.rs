//! Gradients over lanes against finite differences of the graph in double precision.

use amplicast_nn_torch::Views;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Differentiable, Model};
use tch::{Device, Kind, Tensor};

use super::*;
use crate::graph::log_density;

/// The mean -log p(x) of rows in double precision, at theta + step * direction.
fn loss(model: &AutoregressiveModel, theta: &[f32], rows: &[u64], direction: &[f64], step: f64) -> f64 {
    let shifted: Vec<f64> = theta.iter().zip(direction).map(|(&t, d)| f64::from(t) + step * d).collect();
    let mut views = Views::new(&model.layout(), &Tensor::from_slice(&shifted));
    let x = model.rows(rows).unwrap();
    let log_p = log_density(&model.network, &mut views, &x, (Kind::Double, Device::Cpu));
    -log_p.mean(Kind::Double).double_value(&[])
}

/// The derivative along random directions, one for each segment, so that no segment hides behind another.
fn check(model: &AutoregressiveModel) {
    let layout = model.layout();
    let mut theta = model.initial(Seed::new(1)).unwrap();
    let mut stream = Seed::new(2).stream();
    theta.iter_mut().for_each(|t| *t += 0.2 * (stream.random::<f32>() - 0.5));
    let rows: Vec<u64> = (0..50).collect();
    let mut gradient = vec![0.0; theta.len()];
    let found = model.loss_and_gradient(&theta, &rows, None, Seed::new(3), &mut gradient).unwrap();
    let jacobian = rows.iter().map(|&r| model.log_jacobian[r as usize]).sum::<f64>() / rows.len() as f64;
    let zero = vec![0.0; theta.len()];
    assert!((found + jacobian - loss(model, &theta, &rows, &zero, 0.0)).abs() < 2e-5, "{found}");
    for (segment, range) in layout.ranges() {
        let mut direction = zero.clone();
        direction[range.clone()].iter_mut().for_each(|d| *d = 2.0 * stream.random::<f64>() - 1.0);
        let step = 1e-5;
        let difference =
            loss(model, &theta, &rows, &direction, step) - loss(model, &theta, &rows, &direction, -step);
        let expected = difference / (2.0 * step);
        let dot: f64 = range.clone().map(|i| direction[i] * f64::from(gradient[i])).sum();
        let norm = range.map(|i| f64::from(gradient[i]).powi(2)).sum::<f64>().sqrt();
        // Single precision in the gradient: relative to its norm, as the terms of the sum may cancel.
        assert!((dot - expected).abs() < 3e-4 * (norm + 1e-2), "{}: {dot} {expected} {norm}", segment.name);
    }
}

#[test]
fn gradients_are_derivatives() {
    check(&ring_model(2));
    check(&ring_model(4));
    check(&momenta_model(1));
}
