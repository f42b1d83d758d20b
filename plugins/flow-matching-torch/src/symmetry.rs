//! For tests: Lorentz transformations, parameters, and how far two tensors are apart.

use amplicast_nn::{Parameter, initial_parameters, layout};
use amplicast_nn_torch::Views;
use amplicast_sdk::Seed;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use tch::{Device, Kind, Tensor};

use crate::graph::Graph;

/// Normal numbers of this shape.
pub(crate) fn normal(shape: &[i64], seed: u64) -> Tensor {
    let mut stream = Seed::new(seed).stream();
    let numbers: Vec<f64> =
        (0..shape.iter().product::<i64>()).map(|_| StandardNormal.sample(&mut stream)).collect();
    Tensor::from_slice(&numbers).view(shape)
}

/// A boost with this velocity along an axis, or a rotation by an angle in the plane of two.
fn elementary(axes: [i64; 2], [diagonal, first, second]: [f64; 3]) -> Tensor {
    let out = Tensor::eye(4, (Kind::Double, Device::Cpu));
    let [a, b] = axes;
    for (row, column, value) in [(a, a, diagonal), (b, b, diagonal), (a, b, first), (b, a, second)] {
        let _ = out.get(row).get(column).fill_(value);
    }
    out
}

/// A rotation by this angle in the plane of two axes.
pub(crate) fn rotation(axes: [i64; 2], angle: f64) -> Tensor {
    elementary(axes, [angle.cos(), -angle.sin(), angle.sin()])
}

/// A boost of this rapidity along an axis.
pub(crate) fn boost(axis: i64, rapidity: f64) -> Tensor {
    elementary([0, axis], [rapidity.cosh(), rapidity.sinh(), rapidity.sinh()])
}

/// Rotations and boosts, one after the other.
pub(crate) fn transformation(seed: u64) -> Tensor {
    let mut stream = Seed::new(seed).stream();
    let mut draw = |size: f64| size * (2.0 * stream.random::<f64>() - 1.0);
    let parts = [
        rotation([1, 2], draw(3.0)),
        boost(3, draw(1.2)),
        rotation([2, 3], draw(3.0)),
        boost(1, draw(1.2)),
        rotation([1, 3], draw(3.0)),
    ];
    parts.iter().fold(Tensor::eye(4, (Kind::Double, Device::Cpu)), |all, part| all.matmul(part))
}

/// The transformation of vectors in the last dimension.
pub(crate) fn transformed(lambda: &Tensor, vectors: &Tensor) -> Tensor {
    vectors.matmul(&lambda.to_kind(vectors.kind()).tr())
}

/// Momenta (B x n x 4) with E > |p|.
pub(crate) fn momenta(events: i64, particles: i64, seed: u64) -> Tensor {
    let p = normal(&[events, particles, 3], seed);
    let mass = normal(&[events, particles, 1], seed + 1).exp();
    let energy = (p.square().sum_dim_intlist([2_i64].as_slice(), true, Kind::Double) + mass.square()).sqrt();
    Tensor::cat(&[energy, p], 2)
}

/// Largest difference, relative to the largest number.
pub(crate) fn distance(a: &Tensor, b: &Tensor) -> f64 {
    let largest = |x: &Tensor| x.abs().max().to_kind(Kind::Double).double_value(&[]);
    largest(&(a - b)) / largest(a).max(largest(b)).max(1e-300)
}

/// Parameters at their start, as one tensor.
pub(crate) fn start(parameters: &[Parameter]) -> Tensor {
    Tensor::from_slice(&initial_parameters(parameters, Seed::new(3))).to_kind(Kind::Double)
}

/// Views of the parameters at their start.
pub(crate) fn views(parameters: &[Parameter], kind: Kind) -> Views {
    Views::new(&layout(parameters), &start(parameters).to_kind(kind))
}

/// Numbers of all segments together.
pub(crate) fn count(parameters: &[Parameter]) -> usize {
    layout(parameters).len()
}

/// Events' coordinates, and times: inside of the domain, mildly standardized.
pub(crate) fn points(events: i64, particles: i64, seed: u64) -> (Tensor, Tensor) {
    let x = normal(&[events, 4 * particles], seed) * 0.7;
    (x, (normal(&[events], seed + 1) * 0.1).abs())
}

/// Compares the gradient of a sum of squared velocities by some parameters, and by x, with finite differences.
pub(crate) fn check_gradients(network: &dyn Graph, particles: i64) {
    let parameters = network.parameters();
    let (x, t) = points(3, particles, 21);
    let (theta, x) = (start(&parameters).set_requires_grad(true), x.set_requires_grad(true));
    let loss = |theta: &Tensor, x: &Tensor| {
        network.velocity(&mut Views::new(&layout(&parameters), theta), x, &t).square().mean(Kind::Double)
    };
    let gradients = Tensor::run_backward(&[&loss(&theta, &x)], &[&theta, &x], false, false);
    for (which, length) in [(0, theta.numel()), (1, x.numel())] {
        for i in (0..length).step_by(length / 23) {
            let moved = |by: f64| {
                let mut at = [theta.detach().copy(), x.detach().copy()];
                let _ = at[which].view([-1]).get(i as i64).g_add_scalar_(by);
                let [theta, x] = &mut at;
                tch::no_grad(|| loss(theta, x).double_value(&[]))
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            let found = gradients[which].view([-1]).double_value(&[i as i64]);
            let scale = gradients[which].abs().max().double_value(&[]);
            assert!(
                (slope - found).abs() < 1e-6 * scale + 1e-5 * found.abs(),
                "{which}, {i}: {found} {slope}"
            );
        }
    }
}

/// How much velocities change, relative to the largest, when all phi are shifted together.
pub(crate) fn azimuthal_defect(network: &dyn Graph, particles: i64, kind: Kind) -> f64 {
    let (x, t) = points(16, particles, 31);
    let parameters = network.parameters();
    let at = |x: &Tensor| network.velocity(&mut views(&parameters, kind), x, &t);
    let shift = Tensor::from_slice(&[0.0, 1.1, 0.0, 0.0]).repeat([particles]);
    distance(&at(&x), &at(&(&x + shift)))
}
