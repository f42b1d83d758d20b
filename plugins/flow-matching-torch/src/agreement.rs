//! For tests: the lanes against the graph in double precision.

use std::sync::Arc;

use amplicast_nn::{initial_parameters, layout};
use amplicast_nn_flow::flow::{Architecture, Network, Parameters, Probes};
use amplicast_nn_flow::space::Lines;
use amplicast_sdk::Seed;
use amplicast_sdk::rand::RngExt;
use tch::{Device, Kind};

use crate::device::OnDevice;
use crate::graph::Graph;

/// Compares loss, gradient, velocities and divergences of `n` uniform events of `d` numbers, with parameters at their start
/// and with small ones, where norms reach their floor.
pub(crate) fn check_lanes(network: impl Graph + 'static, d: usize, n: usize, tolerance: f64) {
    let (lines, weights) = uniform_lines(n, d);
    let network = Arc::new(network);
    for scale in [1.0, 0.1] {
        let mut theta = initial_parameters(&network.parameters(), Seed::new(3));
        theta.iter_mut().for_each(|t| *t *= scale);
        compare_with_lanes((network.clone(), &theta), &lines, &weights, tolerance);
    }
}

/// Compares the lanes' loss, gradient (each segment relative to its norm), velocities and divergences (relative to the
/// largest) with those of the graph in double precision.
pub(crate) fn compare_with_lanes<G: Graph + 'static>(
    (network, theta): (Arc<G>, &[f32]),
    lines: &Lines,
    weights: &[f64],
    tolerance: f64,
) {
    let layout = layout(&network.parameters());
    let parameters = (&layout, theta);
    let (n, d) = (weights.len(), lines.x.len() / weights.len());
    let lanes = network.in_lanes();
    let graph = OnDevice::new(network, d, (Kind::Double, Device::Cpu));
    let [mut expected, mut gradient] = [(); 2].map(|()| vec![f32::NAN; theta.len()]);
    let loss = graph.loss_and_gradient(parameters, lines, weights, &mut expected).unwrap();
    let found = lanes.loss_and_gradient(parameters, lines, weights, &mut gradient).unwrap();
    assert!((found / loss - 1.0).abs() < 1e-5, "{found} {loss}");
    let norm = |g: &[f32]| g.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    // Some segments have no gradient, but rounding.
    let rounding = 1e-6 * norm(&expected);
    for (segment, range) in layout.ranges() {
        let norm = norm(&expected[range.clone()]);
        let pairs = expected[range.clone()].iter().zip(&gradient[range]);
        let off = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
        assert!(off <= tolerance * norm + rounding, "{}: {off} of {norm}", segment.name);
    }
    let signs = Probes::random(2, n * d, &mut Seed::new(5).stream());
    let [expected, found] = [&graph as &dyn Network, &*lanes].map(|network| {
        let [units, signs] =
            [&Probes::Units(d), &signs].map(|probes| divergences(network, parameters, &lines.x, probes, n));
        assert_eq!(units.0, signs.0, "the velocity does not depend on the directions");
        assert!(off(&units.0, &velocities(network, parameters, &lines.x)) < 1e-6);
        [units.0, units.1, signs.1]
    });
    for (what, (expected, found)) in
        ["velocities", "divergences", "by signs"].iter().zip(expected.iter().zip(&found))
    {
        let off = off(expected, found);
        assert!(off < tolerance, "{what}: {off}");
    }
}

/// The largest difference, relative to the largest number, or to 1.
fn off(expected: &[f64], found: &[f64]) -> f64 {
    let largest = expected.iter().fold(1.0, |most: f64, v| most.max(v.abs()));
    expected.iter().zip(found).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs())) / largest
}

/// Times, points and velocities of `n` events of `d` numbers between -1 and 1, and weights.
pub(crate) fn uniform_lines(n: usize, d: usize) -> (Lines, Vec<f64>) {
    let mut stream = Seed::new(4).stream();
    let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| 2.0 * stream.random::<f64>() - 1.0).collect() };
    let lines = Lines { t: draw(n).iter().map(|t| t.abs()).collect(), x: draw(n * d), v: draw(n * d) };
    (lines, draw(n).iter().map(|w| w.abs() / n as f64).collect())
}

fn velocities(network: &dyn Network, parameters: Parameters<'_>, x: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; x.len()];
    network.field(parameters).unwrap()(0.3, x, &mut out).unwrap();
    out
}

/// Velocities, and sums over directions.
fn divergences(
    network: &dyn Network,
    parameters: Parameters<'_>,
    x: &[f64],
    probes: &Probes,
    n: usize,
) -> (Vec<f64>, Vec<f64>) {
    let (mut velocity, mut sums) = (vec![f64::NAN; x.len()], vec![0.0; n]);
    network.divergence(parameters).unwrap()(0.3, x, probes, (&mut velocity, &mut sums)).unwrap();
    (velocity, sums)
}

/// How much the lanes' velocities of particles change, relative to the largest, when all phi are shifted together.
pub(crate) fn azimuthal_defect_of_lanes(network: &dyn Architecture, particles: usize) -> f64 {
    let parameters = network.parameters();
    let (layout, theta) = (layout(&parameters), initial_parameters(&parameters, Seed::new(3)));
    let (lines, _) = uniform_lines(40, 4 * particles);
    let mut turned = lines.x.clone();
    turned.iter_mut().skip(1).step_by(4).for_each(|phi| *phi += 1.1);
    let [a, b] = [&lines.x, &turned].map(|x| velocities(&*network.in_lanes(), (&layout, &theta), x));
    let largest = a.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    a.iter().zip(&b).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs())) / largest
}
