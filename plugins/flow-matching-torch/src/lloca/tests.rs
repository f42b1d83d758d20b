//! What makes a frame a frame, equivariance, and the graph against the lanes.

use std::sync::Arc;

use amplicast_nn::{LogPtPhiEtaLogM2, initial_parameters, layout};
use amplicast_nn_flow::flow::Architecture;
use amplicast_nn_flow::lloca::{Event, FramesNet, Lloca};
use amplicast_nn_flow::space::Kinematics;
use amplicast_nn_flow::time::scalar_count;
use amplicast_nn_flow::transformer::{Backbone, Transformer};
use amplicast_sdk::Seed;
use tch::{Device, Kind, Tensor};

use super::frames_net::pairs;
use crate::agreement::{azimuthal_defect_of_lanes, compare_with_lanes, uniform_lines};
use crate::graph::Forward;
use crate::kinematics::{coordinates_of, particles_at};
use crate::lorentz::{metric, references};
use crate::symmetry::*;
use crate::transformer::Frames;

/// A network for three particles, which sees them as they are.
fn network(particles: usize, width: usize, heads: usize, blocks: usize) -> Lloca {
    Lloca {
        kinematics: Kinematics::new(&LogPtPhiEtaLogM2::unstandardized(particles, 22.0)),
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
    Frames::new(&network.frames.forward(&mut views(&parameters, Kind::Double), [&p, &seen, &scalars]))
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
            network.forward(&mut views(&parameters, kind), [&p, &seen, &scalars.to_kind(kind)])
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
            network.forward(&mut views(&parameters, kind), [&moved, &references(&p), &scalars.to_kind(kind)]);
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

#[test]
fn gradients_agree_with_differences() {
    check_gradients(&small(), 3);
}

#[test]
fn rotations_around_the_beam_change_no_velocity_but_the_plain_transformers() {
    let defect = azimuthal_defect(&small(), 3, Kind::Double);
    assert!(defect < 1e-9, "{defect}");
    let plain =
        Transformer { tokens: 3, numbers: 4, given: 0, width: 16, heads: 2, blocks: 2, mlp_factor: 2 };
    let defect = azimuthal_defect(&plain, 3, Kind::Double);
    assert!(defect > 1e-2, "{defect}");
}

/// Of other sizes, without vectors, and of numbers of events that fill no block or several.
#[test]
fn the_graph_and_the_lanes_agree() {
    for (particles, width, heads, vectors, blocks, events) in [
        (3, 26, 2, 2, 2, 103),
        (6, 13, 1, 3, 1, 48),
        (2, 10, 2, 0, 1, 7),
        (1, 12, 3, 1, 2, 30),
        (2, 8, 1, 1, 1, 520),
    ] {
        let mut network = network(particles, width, heads, blocks);
        network.transformer.vectors = vectors;
        network.frames.width = 18;
        let (mut lines, weights) = uniform_lines(events, 4 * particles);
        // All around the beam, as particles that are close to each other have such vectors as well.
        lines.x.iter_mut().skip(1).step_by(4).for_each(|phi| *phi *= 3.1);
        let parameters = network.parameters();
        let mut theta = initial_parameters(&parameters, Seed::new(3));
        // At the start the three vectors of a frame are almost the same, and single precision leaves their directions an
        // error that is a thousand times larger.
        let scores = layout(&parameters).range("frames.2.weight").unwrap();
        theta[scores].iter_mut().for_each(|weight| *weight *= 5.0);
        compare_with_lanes((Arc::new(network), &theta), &lines, &weights, 2e-4);
    }
}

/// A turn around the beam changes nothing in the lanes either, to single precision.
#[test]
fn rotations_around_the_beam_change_no_velocity_in_the_lanes() {
    let defect = azimuthal_defect_of_lanes(&small(), 3);
    assert!(defect < 1e-4, "{defect}");
}

/// What the particles see, and gradients, in double precision on both sides.
#[test]
fn frames_are_those_of_the_graph() {
    const PARTICLES: usize = 4;
    let network = network(PARTICLES, 26, 2, 1);
    let (kinematics, net) = (&network.kinematics, &network.frames);
    let (lines, _) = uniform_lines(20, 4 * PARTICLES);
    let shape = [20, PARTICLES as i64, PARTICLES as i64 + 3, 3];
    let leaf = |tensor: Tensor| tensor.set_requires_grad(true);
    let (x, scores) = (leaf(Tensor::from_slice(&lines.x).view([20, -1])), leaf(normal(&shape, 81)));
    let particles = particles_at(kinematics, &x);
    let momenta = particles.momenta();
    let pairs = pairs(net, &momenta, &references(&momenta));
    let frames = Frames::new(&pairs.vectors(&scores));
    let coordinates = coordinates_of(kinematics, &frames.momenta_to_local(&momenta));
    let angles = particles.angles_by_momentum().matmul(&frames.global);
    let seen = Tensor::cat(&[coordinates, frames.local.flatten(2, 3), angles.flatten(2, 3)], 2);
    let (by_seen, by_edges) = (normal(&seen.size(), 82), normal(&pairs.edges.size(), 83));
    // The number of a particle's pair with itself is nothing that any network reads.
    let itself = Tensor::eye_m(shape[1], shape[2], (Kind::Double, Device::Cpu));
    let by_edges = by_edges * (itself * -1.0 + 1.0);
    let product = (&seen * &by_seen).sum(Kind::Double) + (&pairs.edges * &by_edges).sum(Kind::Double);
    let expected = Tensor::run_backward(&[&product], &[&scores, &x], false, false);
    let numbers = |tensor: &Tensor| Vec::<f64>::try_from(tensor.detach().flatten(0, -1)).unwrap();
    let (scores, by_seen, by_edges) = (numbers(&scores), numbers(&by_seen), numbers(&by_edges));
    let mut found = [const { Vec::new() }; 4];
    for (i, x) in lines.x.chunks_exact(4 * PARTICLES).enumerate() {
        fn of(numbers: &[f64], i: usize) -> &[f64] {
            &numbers[i * numbers.len() / 20..(i + 1) * numbers.len() / 20]
        }
        let event = Event::new(kinematics, x);
        found[0].extend(event.edges(net));
        let sights = event.sights(kinematics, of(&scores, i));
        found[1].extend(sights.iter().flat_map(|sight| sight.seen));
        let (by_scores, by) = event.gradient(kinematics, &sights, of(&by_seen, i));
        found[2].extend(by_scores);
        found[3].extend(event.by_coordinates(net, by, of(&by_edges, i)));
    }
    for (found, expected) in found.iter().zip([&pairs.edges, &seen, &expected[0], &expected[1]]) {
        let off = distance(&Tensor::from_slice(found), &expected.detach().flatten(0, -1));
        assert!(off < 1e-9, "{off}");
    }
}
