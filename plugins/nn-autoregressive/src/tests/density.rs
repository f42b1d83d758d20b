//! The density in event space: normalized, the same by all three ways.

use amplicast_sdk::{Alone, Model, TrainingSettings};

use super::*;

/// The integral of the density over a square by the midpoint rule.
fn integral(model: &AutoregressiveModel, theta: &[f32], half: f64, cells: usize) -> f64 {
    let member = model.at(theta).unwrap();
    let step = 2.0 * half / cells as f64;
    let at = |i: usize| -half + (i as f64 + 0.5) * step;
    let mut sum = 0.0;
    let mut density = vec![0.0; cells];
    for row in 0..cells {
        let events = Array2::from_shape_fn((cells, 2), |(i, k)| if k == 0 { at(row) } else { at(i) });
        member.log_density(events.view(), Seed::new(1), &mut density).unwrap();
        sum += density.iter().map(|d| d.exp()).sum::<f64>();
    }
    sum * step * step
}

#[test]
fn the_density_is_normalized() {
    let model = ring_model(2);
    let initial = model.initial(Seed::new(4)).unwrap();
    let rows: Vec<u64> = (0..1000).collect();
    let settings = TrainingSettings { iterations: 150, ..Default::default() };
    let trained = model.fit(&rows, &settings, Seed::new(5), &Alone).unwrap();
    // The narrowest component has 0.007 (0.01 standard deviations of the ring): on cells of 0.01 the midpoint rule
    // integrates it to exp(-2 (pi 0.007/0.01)^2) = 6e-5. The initial components are wide, with longer tails. Single
    // precision adds a few 1e-6.
    for (theta, half) in [(initial, 40.0), (trained, 8.0)] {
        let total = integral(&model, &theta, half, 1600);
        assert!((total - 1.0).abs() < 2e-4, "{total} on +-{half}");
    }
}

#[test]
fn densities_agree() {
    let model = ring_model(4);
    let theta = model.initial(Seed::new(1)).unwrap();
    let member = model.at(&theta).unwrap();
    let n = 301;
    let (mut out, mut with) = (Array2::zeros((n, 4)), vec![0.0; n]);
    member.sample_with_log_density(chunk(1), out.view_mut(), &mut with).unwrap();
    let mut alone = vec![0.0; n];
    member.log_density(out.view(), Seed::new(9), &mut alone).unwrap();
    for (w, a) in with.iter().zip(&alone) {
        assert!((w - a).abs() < 1e-4, "{w} {a}");
    }
    // The loss of training events is their mean -log density.
    let events = ring(1000, 4, Seed::new(1));
    let mut density = vec![0.0; 1000];
    member.log_density(events.view(), Seed::new(9), &mut density).unwrap();
    let rows: Vec<u64> = (0..1000).collect();
    let mut gradient = vec![0.0; theta.len()];
    let gradients = model.gradients().unwrap();
    let loss = gradients.loss_and_gradient(&theta, &rows, None, Seed::new(9), &mut gradient).unwrap();
    let mean = -density.iter().sum::<f64>() / 1000.0;
    assert!((loss - mean).abs() < 1e-5 * (1.0 + mean.abs()), "{loss} {mean}");
}
