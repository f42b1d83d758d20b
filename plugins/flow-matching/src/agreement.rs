//! For tests: the lanes against the graph in double precision.

use amplicast_nn::lanes::{Segments, SegmentsMut};
use amplicast_nn::{Views, initial_parameters, layout};
use amplicast_sdk::Seed;
use amplicast_sdk::rand::RngExt;
use tch::{Device, Kind, Tensor};

use crate::flow::{Field, Network};
use crate::space::Lines;

/// Compares loss, gradient and velocities of `n` uniform events of `d` numbers, with parameters at their start and with
/// small ones, where norms reach their floor.
pub(crate) fn check_lanes(network: &dyn Network, d: usize, n: usize, tolerance: f64) {
    let (lines, weights) = uniform_lines(n, d);
    for scale in [1.0, 0.1] {
        let mut theta = initial_parameters(&network.parameters(), Seed::new(3));
        theta.iter_mut().for_each(|t| *t *= scale);
        compare_with_lanes((network, &theta), &lines, &weights, tolerance);
    }
}

/// Compares the lanes' loss, gradient (each segment relative to its norm) and velocities (relative to the largest) with
/// those of the graph in double precision.
pub(crate) fn compare_with_lanes(
    (network, theta): (&dyn Network, &[f32]),
    lines: &Lines,
    weights: &[f64],
    tolerance: f64,
) {
    let layout = layout(&network.parameters());
    let n = weights.len();
    let wide: Vec<f64> = theta.iter().copied().map(f64::from).collect();
    let flat = Tensor::from_slice(&wide).set_requires_grad(true);
    let matrix = |values: &[f64]| Tensor::from_slice(values).view([n as i64, -1]);
    let mut views = Views::new(&layout, &flat);
    let v = network.velocity(&mut views, &matrix(&lines.x), &Tensor::from_slice(&lines.t));
    let each = (&v - matrix(&lines.v)).square().mean_dim([1_i64].as_slice(), false, Kind::Double) * 0.5;
    let loss = (each * Tensor::from_slice(weights)).sum(Kind::Double);
    let expected: Vec<f64> =
        Vec::try_from(Tensor::run_backward(&[&loss], &[&flat], false, false).remove(0)).unwrap();
    let lanes = network.in_lanes().unwrap();
    let mut gradient = vec![f32::NAN; theta.len()];
    let found = lanes.loss_and_gradient(
        Segments::new(&layout, theta),
        lines,
        weights,
        SegmentsMut::new(&layout, &mut gradient),
    );
    assert!((found / loss.double_value(&[]) - 1.0).abs() < 1e-5, "{found} {loss:?}");
    let norm = |g: &[f64]| g.iter().map(|g| g * g).sum::<f64>().sqrt();
    // Some segments have no gradient, but rounding.
    let rounding = 1e-6 * norm(&expected);
    for (segment, range) in layout.ranges() {
        let norm = norm(&expected[range.clone()]);
        let pairs = expected[range.clone()].iter().zip(&gradient[range]);
        let off = pairs.map(|(a, b)| (a - f64::from(*b)).powi(2)).sum::<f64>().sqrt();
        assert!(off <= tolerance * norm + rounding, "{}: {off} of {norm}", segment.name);
    }
    let found = velocities(network, theta, &lines.x, (n, Kind::Float));
    let expected = velocities(network, theta, &lines.x, (n, Kind::Double));
    let largest = expected.iter().fold(1.0, |most: f64, v| most.max(v.abs()));
    let off = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(off < tolerance * largest, "velocities: {off} of {largest}");
}

/// Times, points and velocities of `n` events of `d` numbers between -1 and 1, and weights.
pub(crate) fn uniform_lines(n: usize, d: usize) -> (Lines, Vec<f64>) {
    let mut stream = Seed::new(4).stream();
    let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| 2.0 * stream.random::<f64>() - 1.0).collect() };
    let lines = Lines { t: draw(n).iter().map(|t| t.abs()).collect(), x: draw(n * d), v: draw(n * d) };
    (lines, draw(n).iter().map(|w| w.abs() / n as f64).collect())
}

/// Of `n` events: by the lanes in single precision, by the graph in double.
fn velocities(network: &dyn Network, theta: &[f32], x: &[f64], (n, kind): (usize, Kind)) -> Vec<f64> {
    let layout = layout(&network.parameters());
    let mut out = vec![f64::NAN; x.len()];
    let field = Field::new(network, &layout, theta, (kind, Device::Cpu)).unwrap();
    field.velocity(0.3, x, n, &mut out).unwrap();
    out
}

/// How much the lanes' velocities of particles change, relative to the largest, when all phi are shifted together.
pub(crate) fn azimuthal_defect_of_lanes(network: &dyn Network, particles: usize) -> f64 {
    let theta = initial_parameters(&network.parameters(), Seed::new(3));
    let (lines, _) = uniform_lines(40, 4 * particles);
    let mut turned = lines.x.clone();
    turned.iter_mut().skip(1).step_by(4).for_each(|phi| *phi += 1.1);
    let [a, b] = [&lines.x, &turned].map(|x| velocities(network, &theta, x, (40, Kind::Float)));
    let largest = a.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    a.iter().zip(&b).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs())) / largest
}
