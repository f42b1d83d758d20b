//! Equivariance of every layer and of the network.

use amplicast_nn::LogPtPhiEtaLogM2;
use amplicast_nn_flow::flow::Architecture;
use amplicast_nn_flow::slim::{Attention, Linear, Mlp, Slim};
use amplicast_nn_flow::space::Kinematics;
use amplicast_nn_flow::time::scalar_count;
use tch::{Device, Kind, Tensor};

use super::layers::{Features, norm};
use crate::agreement::{azimuthal_defect_of_lanes, check_lanes};
use crate::graph::Forward;
use crate::lorentz::references;
use crate::symmetry::*;

const TOKENS: i64 = 5;

fn moved(x: &Features, lambda: &Tensor) -> Features {
    let vectors = transformed(lambda, &x.vectors.permute([1, 2, 0])).permute([2, 0, 1]).contiguous();
    Features { vectors, scalars: x.scalars.shallow_clone() }
}

/// Largest relative difference between a layer of transformed features and its transformed features.
fn defect(layer: impl Fn(&Features) -> Features) -> f64 {
    let x = Features { vectors: normal(&[4, 3 * TOKENS, 4], 11), scalars: normal(&[3 * TOKENS, 8], 12) };
    let defects = [13, 14, 15].map(|seed| {
        let lambda = transformation(seed);
        let (a, b) = (layer(&moved(&x, &lambda)), moved(&layer(&x), &lambda));
        distance(&a.vectors, &b.vectors).max(distance(&a.scalars, &b.scalars))
    });
    defects.into_iter().fold(0.0, f64::max)
}

#[test]
fn every_layer_is_equivariant() {
    let start = |parameters: &[_]| views(parameters, Kind::Double);
    let linear = Linear { inputs: [4, 8], outputs: [5, 2], factor: 1.0 };
    let attention = Attention::new([4, 8], 2, 2);
    let mlp = Mlp { channels: [4, 8], factor: 2 };
    let defects = [
        ("linear", defect(|x| linear.forward(&mut start(&linear.parameters("a")), x))),
        ("norm", defect(norm)),
        ("attention", defect(|x| attention.forward(&mut start(&attention.parameters("a")), (x, TOKENS)))),
        ("mlp", defect(|x| mlp.forward(&mut start(&mlp.parameters("a")), x))),
    ];
    for (layer, defect) in defects {
        assert!(defect < 1e-9, "{layer}: {defect}");
    }
    // What a layer that favors an axis looks like.
    let broken = |x: &Features| {
        let mut y = norm(x);
        y.vectors *= Tensor::from_slice(&[1.0, 1.0, 1.0, 1.001]).view([4, 1, 1]);
        y
    };
    assert!(defect(broken) > 1e-4);
}

fn network(particles: usize) -> Slim {
    let kinematics = Kinematics::new(&LogPtPhiEtaLogM2::unstandardized(particles, 22.0));
    Slim { kinematics, channels: [16, 32], heads: 8, blocks: 6, attention_factor: 1, mlp_factor: 2 }
}

#[test]
fn the_published_networks_have_their_parameters() {
    for (particles, published) in [(6, 82_226), (10, 82_354)] {
        // 72 are those of the time.
        assert_eq!(count(&network(particles).parameters()), published + 72);
    }
}

/// A small network.
fn small() -> Slim {
    Slim { channels: [4, 6], heads: 2, blocks: 2, ..network(3) }
}

/// The vector that comes out turns with momenta and references, the scalars stay.
#[test]
fn the_network_is_equivariant() {
    let (network, p) = (small(), momenta(4, 3, 61));
    let scalars = normal(&[4, 3, scalar_count(3) as i64], 62);
    for (kind, tolerance) in [(Kind::Double, 1e-9), (Kind::Float, 1e-3)] {
        let parameters = network.parameters();
        let of = |lambda: &Tensor| {
            let mut views = views(&parameters, kind);
            let (_, _) = (views.take(), views.take());
            let [p, seen] = [&p, &references(&p)].map(|vectors| transformed(lambda, vectors).to_kind(kind));
            network.forward(&mut views, [&p, &seen, &scalars.to_kind(kind)])
        };
        let [vector, numbers] = of(&Tensor::eye(4, (Kind::Double, Device::Cpu)));
        for seed in [63, 64] {
            let lambda = transformation(seed);
            let [moved, same] = of(&lambda);
            let off = [distance(&moved, &transformed(&lambda, &vector)), distance(&same, &numbers)];
            assert!(off.iter().all(|off| *off < tolerance), "{kind:?}: {off:?}");
        }
    }
}

/// Odd numbers of channels, heads, tokens and events, and widths that are no multiples of a tile.
#[test]
fn the_graph_and_the_lanes_agree() {
    for (particles, channels, heads, blocks, [attention_factor, mlp_factor], n) in [
        (3, [4, 6], 2, 2, [1, 2], 37),
        (2, [3, 5], 1, 1, [2, 3], 16),
        (6, [5, 4], 3, 2, [2, 1], 7),
        (1, [2, 3], 2, 3, [1, 2], 50),
    ] {
        let network = Slim { channels, heads, blocks, attention_factor, mlp_factor, ..network(particles) };
        check_lanes(network, 4 * particles, n, 3e-5);
    }
    check_lanes(network(6), 24, 40, 3e-5);
}

#[test]
fn gradients_agree_with_differences() {
    check_gradients(&small(), 3);
}

#[test]
fn rotations_around_the_beam_change_no_velocity() {
    let defect = azimuthal_defect(&small(), 3, Kind::Double);
    assert!(defect < 1e-9, "{defect}");
    let defect = azimuthal_defect_of_lanes(&small(), 3);
    assert!(defect < 2e-5, "{defect}");
}
