//! The reference's golden frame, what makes a frame a frame, and equivariance.

use amplicast_nn::LogPtPhiEtaLogM2;
use tch::{Device, Kind, Tensor};

use super::frames_net::pair_moments;
use super::*;
use crate::lorentz::references;
use crate::lorentz::{metric, scalar_count};
use crate::symmetry::*;
use crate::transformer::Transformer;

#[test]
fn the_golden_frame() {
    let v = Tensor::from_slice(&[2.0, 0.3, -0.4, 1.0, 1.5, 0.5, 0.2, -0.3, 3.0, -1.0, 0.7, 0.4]);
    let frames = Frames::new(&v.view([1, 1, 3, 4]));
    let golden = [
        [1.2060453783, -0.1809068067, 0.2412090757, -0.6030226892],
        [0.6121759772, 0.1064425896, 0.4829242612, -1.0631150267],
        [0.2494749789, -0.9437061554, 0.4111146992, -0.0513922315],
        [-0.1324698547, 0.3616848630, 0.8099078220, 0.4803973794],
    ];
    let golden = Tensor::from_slice(&golden.concat()).view([1, 1, 4, 4]);
    assert!(distance(&frames.local, &golden) < 1e-9);
}

/// A network for three particles, which sees them as they are.
fn network(particles: usize, width: usize, heads: usize, blocks: usize) -> Lloca {
    Lloca {
        kinematics: Kinematics::new(&LogPtPhiEtaLogM2::unstandardised(particles, 22.0)),
        frames: FramesNet { particles, width: 128, pairs: [0.5, 1.2] },
        transformer: Backbone {
            inputs: 4 + scalar_count(particles),
            outputs: 6,
            width,
            heads,
            vectors: 2,
            blocks,
            mlp_factor: 2,
        },
    }
}

fn small() -> Lloca {
    network(3, 26, 2, 2)
}

/// The frames that a network predicts for momenta that were transformed together with the references.
fn frames(network: &Lloca, p: &Tensor, lambda: &Tensor) -> Frames {
    let parameters = network.frames.parameters();
    let scalars = normal(&[p.size()[0], 3, scalar_count(3) as i64], 72);
    let [p, seen] = [p, &references(p)].map(|vectors| transformed(lambda, vectors));
    Frames::new(&network.frames.forward(&mut views(&parameters, Kind::Double), &p, &seen, &scalars))
}

#[test]
fn frames_are_lorentz_transformations_that_go_along() {
    let (network, p) = (small(), momenta(200, 3, 71));
    let one = Tensor::eye(4, (Kind::Double, Device::Cpu));
    let at_rest = frames(&network, &p, &one);
    let g = metric(&at_rest.local).diag(0);
    let local = &at_rest.local;
    let off = (local.matmul(&g).matmul(&local.transpose(2, 3)) - &g).abs().max().double_value(&[]);
    assert!(off < 1e-9, "{off}");
    let product = (local.matmul(&at_rest.global) - &one).abs().max().double_value(&[]);
    assert!(product < 1e-9, "{product}");
    assert!((Tensor::linalg_det(local) - 1.0).abs().max().double_value(&[]) < 1e-9);
    let mut collinear = at_rest.collinear.sum(Kind::Int64).int64_value(&[]);
    for seed in [73, 74, 75] {
        let lambda = transformation(seed);
        let moved = frames(&network, &p, &lambda);
        collinear += moved.collinear.sum(Kind::Int64).int64_value(&[]);
        // L(Lambda p) = L(p) Lambda^-1.
        let inverse = g.matmul(&lambda.tr()).matmul(&g);
        let off = distance(&moved.local, &local.matmul(&inverse));
        assert!(off < 1e-9, "{off}");
    }
    assert_eq!(collinear, 0, "no frame lacked a direction");
}

/// Vectors along one line in the rest frame of the first: a frame all the same, and gradients without NaN.
#[test]
fn frames_without_a_direction_are_guarded() {
    let v = Tensor::from_slice(&[2.0, 0.0, 0.0, 0.5, 2.0, 0.0, 0.0, 0.7, 2.0, 0.0, 0.0, 0.9]);
    let v = v.view([1, 1, 3, 4]).set_requires_grad(true);
    let frames = Frames::new(&v);
    assert_eq!(frames.collinear.int64_value(&[0, 0]), 1);
    let g = metric(&v).diag(0);
    let off = frames.local.matmul(&g).matmul(&frames.local.transpose(2, 3)) - g;
    assert!(off.abs().max().double_value(&[]) < 1e-12);
    let gradient = Tensor::run_backward(&[&frames.local.square().sum(Kind::Double)], &[&v], false, false);
    assert!(gradient[0].isfinite().all().int64_value(&[]) == 1);
}

/// The vector that comes out turns with momenta and references, the scalars stay.
#[test]
fn the_network_is_equivariant() {
    let (network, p) = (small(), momenta(4, 3, 61));
    let scalars = normal(&[4, 3, scalar_count(3) as i64], 62);
    let parameters = [network.frames.parameters(), network.transformer.parameters()].concat();
    for (kind, tolerance) in [(Kind::Double, 1e-9), (Kind::Float, 1e-3)] {
        let of = |lambda: &Tensor| {
            let [p, seen] = [&p, &references(&p)].map(|vectors| transformed(lambda, vectors));
            network.forward(&mut views(&parameters, kind), &p, &seen, &scalars.to_kind(kind))
        };
        let [vector, numbers] = of(&Tensor::eye(4, (Kind::Double, Device::Cpu)));
        for seed in [63, 64] {
            let lambda = transformation(seed);
            let [moved, same] = of(&lambda);
            let off = [distance(&moved, &transformed(&lambda, &vector)), distance(&same, &numbers)];
            assert!(off.iter().all(|off| *off < tolerance), "{kind:?}: {off:?}");
        }
        // References that stay where they are break the symmetry.
        let lambda = transformation(63);
        let moved = transformed(&lambda, &p);
        let [off, _] =
            network.forward(&mut views(&parameters, kind), &moved, &references(&p), &scalars.to_kind(kind));
        assert!(distance(&off, &transformed(&lambda, &vector)) > 1e-2);
    }
}

#[test]
fn the_published_network_has_its_parameters() {
    for (particles, transformer, frames) in [(6, 526_142, 20_739), (10, 526_558, 21_763)] {
        let network = network(particles, 104, 8, 6);
        assert_eq!(count(&network.frames.parameters()), frames);
        assert_eq!(count(&network.transformer.parameters()), transformer);
        assert_eq!(count(&network.parameters()), transformer + frames + 72);
    }
}

/// log (p_1 + p_2)^2 of two events by hand.
#[test]
fn pairs_are_standardised_over_the_events() {
    let unit = amplicast_nn::UNIT_GEV;
    let events = ndarray::arr2(&[
        [unit, 0.0, 0.0, 0.0, unit, 0.0, 0.0, 0.0],
        [3.0 * unit, 0.0, 0.0, 2.0 * unit, 3.0 * unit, 0.0, 0.0, -2.0 * unit],
    ]);
    let logs = [4.0_f64.ln(), 36.0_f64.ln()];
    let [mean, spread] = pair_moments(events.view());
    assert!((mean - 0.5 * (logs[0] + logs[1])).abs() < 1e-12);
    assert!((spread - (logs[1] - logs[0]) / 2.0_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn gradients_agree_with_differences() {
    check_gradients(&small(), 3);
}

#[test]
fn rotations_around_the_beam_change_no_velocity_but_the_plain_transformers() {
    let defect = azimuthal_defect(&small(), 3, Kind::Double);
    assert!(defect < 1e-9, "{defect}");
    let plain = Transformer { tokens: 3, numbers: 4, width: 16, heads: 2, blocks: 2, mlp_factor: 2 };
    let defect = azimuthal_defect(&plain, 3, Kind::Double);
    assert!(defect > 1e-2, "{defect}");
}
