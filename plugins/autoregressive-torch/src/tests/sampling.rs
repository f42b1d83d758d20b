//! Samples follow the graph's density.

use amplicast_nn::Support;
use amplicast_nn_torch::{Views, causal_transformer};
use amplicast_sdk::momenta::wrap_angle;
use amplicast_sdk::{Alone, Model, TrainingSettings};
use tch::{Kind, Tensor};

use super::*;
use crate::graph::features;

/// The distribution function at `x` of a mixture from the network's 3 K numbers.
fn cumulated(support: &Support, raw: &[f64], x: f64) -> f64 {
    let k = raw.len() / 3;
    let phi = |z: f64| 0.5 * libm_erfc(-z / std::f64::consts::SQRT_2);
    let total: f64 = raw[..k].iter().map(|l| l.exp()).sum();
    let component = |i: usize| {
        let (mean, sigma) = (support.mean(raw[k + i]), support.sigma(raw[2 * k + i]));
        let cdf = |x: f64| phi((x - mean) / sigma);
        match *support {
            Support::Line => cdf(x),
            Support::Interval { low, high } => (cdf(x) - cdf(low)) / (cdf(high) - cdf(low)),
            Support::Circle => {
                let mean = wrap_angle(mean);
                let turns = (-4..=4).map(|t| mean + std::f64::consts::TAU * f64::from(t));
                let pi = std::f64::consts::PI;
                turns.map(|mean| phi((x - mean) / sigma) - phi((-pi - mean) / sigma)).sum()
            }
        }
    };
    (0..k).map(|i| raw[i].exp() / total * component(i)).sum()
}

/// erfc by libtorch, in double precision.
fn libm_erfc(x: f64) -> f64 {
    1.0 - Tensor::from(x).erf().double_value(&[])
}

/// The probability integral transform: given the numbers before it, the distribution function at each sampled number
/// is uniform. The conditionals come from libtorch's graph over whole events, so this also checks the cache.
fn check(model: &AutoregressiveModel, theta: &[f32], n: usize) {
    let d = model.network.columns.dimension();
    let mut out = Array2::zeros((n, d));
    model.at(theta).unwrap().sample(chunk(7), out.view_mut()).unwrap();
    let mut x = vec![0.0; n * d];
    for (x, event) in x.chunks_exact_mut(d).zip(out.rows()) {
        model.network.coordinates.forward(&event.to_vec(), x).expect("a sampled event is in the domain");
    }
    let mut views = Views::new(&model.layout(), &Tensor::from_slice(theta));
    let raw = causal_transformer(&model.network.shape, &mut views, &features(&model.network, &x));
    let width = 3 * model.network.components;
    let raw: Vec<f64> = Vec::try_from(raw.to_kind(Kind::Double).reshape([-1])).unwrap();
    for column in 0..d {
        let support = model.network.columns.supports()[column];
        let mut u: Vec<f64> = (0..n)
            .map(|i| {
                let token = i * d + column;
                cumulated(&support, &raw[token * width..(token + 1) * width], x[token])
            })
            .collect();
        u.sort_by(f64::total_cmp);
        let distance = u
            .iter()
            .enumerate()
            .map(|(i, u)| (u - i as f64 / n as f64).abs().max((u - (i + 1) as f64 / n as f64).abs()));
        let scaled = (n as f64).sqrt() * distance.fold(0.0, f64::max);
        // Kolmogorov's law exceeds 1.95 with probability 0.001.
        assert!(scaled < 1.95, "column {column} ({support:?}): {scaled}");
    }
}

#[test]
fn samples_follow_the_conditionals() {
    for dimension in [2, 4] {
        let model = ring_model(dimension);
        check(&model, &model.initial(Seed::new(1)).unwrap(), 4000);
        let rows: Vec<u64> = (0..1000).collect();
        let settings = TrainingSettings { iterations: 150, ..Default::default() };
        check(&model, &model.fit(&rows, &settings, Seed::new(5), &Alone).unwrap(), 4000);
    }
    let model = momenta_model(2);
    check(&model, &model.initial(Seed::new(1)).unwrap(), 2000);
}
