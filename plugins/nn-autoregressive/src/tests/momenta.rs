//! Four-momenta in (log pT, phi, eta, log m^2).

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Alone, Model, TrainingSettings};

use super::*;

#[test]
fn samples_are_physical_and_densities_agree() {
    let model = momenta_model(2);
    let rows: Vec<u64> = (0..500).collect();
    let settings = TrainingSettings { iterations: 100, ..Default::default() };
    let theta = model.fit(&rows, &settings, Seed::new(5), &Alone).unwrap();
    let member = model.at(&theta).unwrap();
    let n = 2000;
    let (mut out, mut with, mut alone) = (Array2::zeros((n, 8)), vec![0.0; n], vec![0.0; n]);
    member.sample_with_log_density(chunk(3), out.view_mut(), &mut with).unwrap();
    member.log_density(out.view(), Seed::new(1), &mut alone).unwrap();
    for ((event, w), a) in out.rows().into_iter().zip(&with).zip(&alone) {
        for p in event.to_vec().chunks(4) {
            let pt = p[1].hypot(p[2]);
            assert!(pt >= 22.0 - 1e-9 && (p[3] / pt).asinh().abs() <= 5.0 + 1e-9, "{p:?}");
            let square = p[1] * p[1] + p[2] * p[2] + p[3] * p[3];
            assert!(p[0] * p[0] - square >= -1e-9 * p[0] * p[0], "{p:?}");
        }
        // log m^2 of a light, fast particle is recomputed from E^2 - p^2.
        assert!((w - a).abs() < 1e-3, "{w} {a}");
    }
    // Below the cut there is no density.
    let low = Array2::from_shape_vec((1, 8), [30.0, 10.0, 0.0, 0.0].repeat(2)).unwrap();
    member.log_density(low.view(), Seed::new(1), &mut alone[..1]).unwrap();
    assert_eq!(alone[0], f64::NEG_INFINITY);
}

/// The mean of q/p over events of p is the integral of q, which is 1: here for two members, over four-momenta in GeV.
#[test]
fn densities_are_normalized_in_event_space() {
    let model = momenta_model(1);
    let theta = model.initial(Seed::new(1)).unwrap();
    let mut stream = Seed::new(2).stream();
    let other: Vec<f32> = theta.iter().map(|t| t + 0.02 * (stream.random::<f32>() - 0.5)).collect();
    let n = 20_000;
    let (mut out, mut p, mut q) = (Array2::zeros((n, 4)), vec![0.0; n], vec![0.0; n]);
    model.at(&theta).unwrap().sample_with_log_density(chunk(3), out.view_mut(), &mut p).unwrap();
    model.at(&other).unwrap().log_density(out.view(), Seed::new(1), &mut q).unwrap();
    let ratios: Vec<f64> = q.iter().zip(&p).map(|(q, p)| (q - p).exp()).collect();
    let mean = ratios.iter().sum::<f64>() / n as f64;
    let variance = ratios.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n as f64 - 1.0);
    let error = (variance / n as f64).sqrt();
    assert!(error < 0.01 && (mean - 1.0).abs() < 4.0 * error, "{mean} +- {error}");
}
