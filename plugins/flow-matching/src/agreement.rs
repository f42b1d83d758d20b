//! For tests: the lanes against the graph in double precision.

use amplicast_nn::{Views, initial_parameters, layout};
use amplicast_sdk::Seed;
use amplicast_sdk::rand::RngExt;
use tch::{Device, Kind, Tensor};

use crate::flow::Lines;
use crate::network::{Field, Network};

/// Compares loss, gradient and velocities of `n` events of `d` numbers; a segment's gradient may be off by `tolerance`
/// times its norm.
pub(crate) fn check_lanes(network: &dyn Network, d: usize, n: usize, tolerance: f64) {
    let parameters = network.parameters();
    let layout = layout(&parameters);
    let theta = initial_parameters(&parameters, Seed::new(3));
    let mut stream = Seed::new(4).stream();
    let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| 2.0 * stream.random::<f64>() - 1.0).collect() };
    let lines = Lines { t: draw(n).iter().map(|t| t.abs()).collect(), x: draw(n * d), v: draw(n * d) };
    let weights: Vec<f64> = draw(n).iter().map(|w| w.abs() / n as f64).collect();
    let wide: Vec<f64> = theta.iter().copied().map(f64::from).collect();
    let flat = Tensor::from_slice(&wide).set_requires_grad(true);
    let matrix = |values: &[f64]| Tensor::from_slice(values).view([n as i64, d as i64]);
    let mut views = Views::new(&layout, &flat);
    let v = network.velocity(&mut views, &matrix(&lines.x), &Tensor::from_slice(&lines.t));
    let each = (&v - matrix(&lines.v)).square().mean_dim([1_i64].as_slice(), false, Kind::Double) * 0.5;
    let loss = (each * Tensor::from_slice(&weights)).sum(Kind::Double);
    let expected: Vec<f64> =
        Vec::try_from(Tensor::run_backward(&[&loss], &[&flat], false, false).remove(0)).unwrap();
    let lanes = network.in_lanes().unwrap();
    let mut gradient = vec![f32::NAN; theta.len()];
    let found = lanes.loss_and_gradient(&layout, &theta, &lines, &weights, &mut gradient);
    assert!((found / loss.double_value(&[]) - 1.0).abs() < 1e-5, "{found} {loss:?}");
    for (segment, range) in layout.ranges() {
        let norm = expected[range.clone()].iter().map(|g| g * g).sum::<f64>().sqrt();
        let pairs = expected[range.clone()].iter().zip(&gradient[range]);
        let off = pairs.map(|(a, b)| (a - f64::from(*b)).powi(2)).sum::<f64>().sqrt();
        assert!(off <= tolerance * norm + 1e-9, "{}: {off} of {norm}", segment.name);
    }
    let field = Field::new(network, &layout, &theta, (Kind::Float, Device::Cpu)).unwrap();
    let graph = Field::new(network, &layout, &theta, (Kind::Double, Device::Cpu)).unwrap();
    let mut out = [vec![f64::NAN; n * d], vec![f64::NAN; n * d]];
    field.velocity(0.3, &lines.x, n, &mut out[0]).unwrap();
    graph.velocity(0.3, &lines.x, n, &mut out[1]).unwrap();
    let scale = out[1].iter().fold(1.0, |most: f64, v| most.max(v.abs()));
    for (found, expected) in out[0].iter().zip(&out[1]) {
        assert!((found - expected).abs() < 2e-5 * scale, "{found} {expected} of {scale}");
    }
}
