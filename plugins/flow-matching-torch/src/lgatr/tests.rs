//! Golden numbers of the reference implementation in components of e0, e1, ..., and equivariance of every layer.

use amplicast_nn::LogPtPhiEtaLogM2;
use amplicast_nn_flow::flow::Architecture;
use amplicast_nn_flow::lgatr::{ALMOST_UNIT, Attention, DEFAULT, Lgatr, Linear, Mlp};
use amplicast_nn_flow::space::Kinematics;
use amplicast_nn_flow::time::scalar_count;
use amplicast_nn_torch::Views;
use tch::{Device, Kind, Tensor};

use super::attention::signs;
use super::features::Features;
use super::norm::{gate, layer_norm, square};
use super::product::product;
use crate::agreement::{azimuthal_defect_of_lanes, check_lanes};
use crate::graph::Forward;
use crate::lorentz::references;
use crate::symmetry::*;

/// Where the sixteen components 1, e0..e3, e01, e02, e03, e12, e13, e23, e012, e013, e023, e123, e0123 are in
/// (q_0, q_1, q_2, q_3, v_0, v_1, v_2, v_3), real and imaginary parts after one another, and with which sign.
const PLACES: [(usize, f64); 16] = [
    (0, 1.0),
    (8, 1.0),
    (10, 1.0),
    (12, 1.0),
    (14, 1.0),
    (2, -1.0),
    (4, -1.0),
    (6, -1.0),
    (7, -1.0),
    (5, 1.0),
    (3, -1.0),
    (15, -1.0),
    (13, 1.0),
    (11, -1.0),
    (9, -1.0),
    (1, 1.0),
];

/// One multivector of one token.
fn multivector(components: [f64; 16]) -> Features {
    let mut parts = [0.0; 16];
    for (x, (place, sign)) in components.iter().zip(PLACES) {
        parts[place] = sign * x;
    }
    let all = Tensor::from_slice(&parts).view([8, 1, 2]);
    Features {
        channels: 1,
        invariants: all.get(0),
        bivectors: all.narrow(0, 1, 3),
        vectors: all.narrow(0, 4, 4),
    }
}

fn components(x: &Features) -> [f64; 16] {
    let all = Tensor::cat(&[&x.invariants.unsqueeze(0), &x.bivectors, &x.vectors], 0).flatten(0, -1);
    let parts: Vec<f64> = Vec::try_from(all).unwrap();
    PLACES.map(|(place, sign)| sign * parts[place])
}

fn up() -> [f64; 16] {
    std::array::from_fn(|i| 1.0 + i as f64)
}

fn down() -> [f64; 16] {
    std::array::from_fn(|i| 16.0 - i as f64)
}

#[test]
fn products_are_those_of_the_algebra() {
    let of = |x, y| components(&product(&multivector(x), &multivector(y)));
    let xy =
        [-248., -478., -558., 78., 486., -420., 176., 524., 270., 474., 330., 240., 500., 296., 268., 342.];
    let yx =
        [-248., -206., -150., 350., 78., -284., 312., 252., 338., 338., 398., 444., 228., 500., 540., 478.];
    assert_eq!(of(up(), down()), xy);
    assert_eq!(of(down(), up()), yx);
    let unit = |i: usize| std::array::from_fn(|k| if k == i { 1.0 } else { 0.0 });
    let golden = [
        (5, 5, 0, 1.0),
        (8, 8, 0, -1.0),
        (15, 15, 0, -1.0),
        (14, 14, 0, 1.0),
        (11, 11, 0, -1.0),
        (1, 15, 14, 1.0),
        (15, 1, 14, -1.0),
    ];
    for (x, y, out, sign) in golden {
        assert_eq!(of(unit(x), unit(y)), unit(out).map(|c: f64| sign * c), "{x} {y}");
    }
}

#[test]
fn norms_are_taken_grade_by_grade() {
    let x = multivector(up());
    assert_eq!(square(&x.complex(), &x.vectors, &x.bivectors).double_value(&[0]), 740.0);
}

/// <x, y> = scalar part of reverse(x) y.
#[test]
fn scores_are_inner_products() {
    let attention = Attention { channels: [1, 1], heads: 1, hidden: [1, 0] };
    let signs = signs(&attention, &Tensor::zeros([1], (Kind::Double, Device::Cpu)));
    let parts = |x| {
        let x = multivector(x);
        Tensor::cat(&[&x.invariants.unsqueeze(0), &x.vectors, &x.bivectors], 0).flatten(0, -1)
    };
    let inner = |x, y| (&signs * parts(x) * parts(y)).sum(Kind::Double).double_value(&[]);
    assert_eq!([inner(up(), down()), inner(up(), up())], [0.0, 136.0]);
}

/// The ten maps of the reference: projections on grades, then the same followed by multiplication with e0123.
#[test]
fn linear_maps_are_the_ten_of_the_reference() {
    let layer = Linear { inputs: [1, 0], outputs: [1, 0], start: DEFAULT };
    let weights = |w: [f64; 10]| {
        let tensor = |values: &[f64], shape: &[i64]| Tensor::from_slice(values).view(shape);
        Views::separate(vec![
            tensor(&[w[0], -w[9], w[5], w[4]], &[2, 2]),
            tensor(&[0.0, 0.0], &[2]),
            tensor(&[w[1], w[8], -w[6], w[3]], &[2, 2]),
            tensor(&[w[2], w[7]], &[1, 1, 2]),
        ])
    };
    let of = |w, x| components(&layer.forward(&mut weights(w), &multivector(x)));
    let golden = [-159., -131., -120., 125., -98., -70., 101., -48., 91., -26., 81., 83., 24., 77., 74., 86.];
    assert_eq!(of([1., 2., 3., 4., 5., 6., 7., 8., 9., 10.], up()), golden);
    let signs = [-1., -1., -1., 1., -1., -1., 1., -1., 1., -1., 1., 1., -1., 1., 1., 1.];
    let dual = of([0., 0., 0., 0., 0., 1., 1., 1., 1., 1.], up());
    assert_eq!(dual, std::array::from_fn(|i| signs[i] * up()[15 - i]));
}

const TOKENS: i64 = 5;

fn random(channels: usize, scalars: usize, seed: u64) -> Features {
    let (rows, c) = (3 * TOKENS, channels as i64);
    Features {
        channels: c,
        invariants: normal(&[rows, 2 * c + scalars as i64], seed),
        vectors: normal(&[4, rows, 2 * c], seed + 1),
        bivectors: normal(&[3, rows, 2 * c], seed + 2),
    }
}

/// Vectors by Lambda; bivectors as the antisymmetric tensor F^0i = -Re q_i, F^12 = -Im q_3, and cyclic, by two of them.
fn moved(x: &Features, lambda: &Tensor) -> Features {
    let lambda = lambda.to_kind(x.vectors.kind());
    let by = |v: &Tensor| transformed(&lambda, &v.permute([1, 2, 0])).permute([2, 0, 1]).contiguous();
    let pairs = x.bivectors.unflatten(-1, [-1, 2]);
    let (e, b) = (pairs.select(-1, 0), pairs.select(-1, 1));
    let (e, b) = ([0, 1, 2].map(|k| -e.get(k)), [0, 1, 2].map(|k| -b.get(k)));
    let zero = e[0].zeros_like();
    let rows = [
        [&zero, &e[0], &e[1], &e[2]],
        [&-&e[0], &zero, &b[2], &-&b[1]],
        [&-&e[1], &-&b[2], &zero, &b[0]],
        [&-&e[2], &b[1], &-&b[0], &zero],
    ];
    let field = Tensor::stack(&rows.map(|row| Tensor::stack(&row, -1)), -2);
    let field = lambda.matmul(&field).matmul(&lambda.tr());
    let entry = |i: i64, j: i64| -field.select(-2, i).select(-1, j);
    let complex = [[(0, 1), (2, 3)], [(0, 2), (3, 1)], [(0, 3), (1, 2)]];
    let bivectors =
        complex.map(|[re, im]| Tensor::stack(&[entry(re.0, re.1), entry(im.0, im.1)], -1).flatten(-2, -1));
    Features {
        channels: x.channels,
        invariants: x.invariants.shallow_clone(),
        vectors: by(&x.vectors),
        bivectors: Tensor::stack(&bivectors, 0),
    }
}

/// Largest relative difference between a layer of transformed features and its transformed features.
fn defect(layer: impl Fn(&Features) -> Features, channels: usize, scalars: usize) -> f64 {
    let seeds = [41, 42, 43].map(transformation);
    let x = random(channels, scalars, 51);
    let defects = seeds.iter().map(|lambda| {
        let (a, b) = (layer(&moved(&x, lambda)), moved(&layer(&x), lambda));
        let pairs = [
            distance(&a.invariants, &b.invariants),
            distance(&a.vectors, &b.vectors),
            distance(&a.bivectors, &b.bivectors),
        ];
        pairs.into_iter().fold(0.0, f64::max)
    });
    defects.fold(0.0, f64::max)
}

#[test]
fn every_layer_is_equivariant() {
    let start = |parameters: &[_]| views(parameters, Kind::Double);
    let linear = Linear { inputs: [3, 4], outputs: [5, 2], start: ALMOST_UNIT };
    let attention = Attention::new([4, 8], 2, 2);
    let mlp = Mlp { channels: [3, 4], factor: 2 };
    let defects = [
        ("linear", defect(|x| linear.forward(&mut start(&linear.parameters("a")), x), 3, 4)),
        ("product", defect(|x| product(x, &layer_norm(x)), 3, 0)),
        ("norm", defect(layer_norm, 3, 4)),
        ("gate", defect(gate, 3, 4)),
        (
            "attention",
            defect(|x| attention.forward(&mut start(&attention.parameters("a")), (x, TOKENS)), 4, 8),
        ),
        ("mlp", defect(|x| mlp.forward(&mut start(&mlp.parameters("a")), x), 3, 4)),
    ];
    for (layer, defect) in defects {
        assert!(defect < 1e-9, "{layer}: {defect}");
    }
    // What a layer that favors an axis looks like.
    let broken = |x: &Features| {
        let mut y = layer_norm(x);
        y.vectors *= Tensor::from_slice(&[1.0, 1.0, 1.0, 1.001]).view([4, 1, 1]);
        y
    };
    assert!(defect(broken, 3, 4) > 1e-4);
}

fn network(particles: usize, channels: [usize; 2], [attention_factor, mlp_factor]: [usize; 2]) -> Lgatr {
    let kinematics = Kinematics::new(&LogPtPhiEtaLogM2::unstandardized(particles, 22.0));
    Lgatr { kinematics, channels, heads: 8, blocks: 6, attention_factor, mlp_factor }
}

#[test]
fn the_published_networks_have_their_parameters() {
    for (particles, factors, published) in [
        (6, [2, 2], 541_348),
        (10, [2, 2], 541_604),
        (6, [1, 4], 842_788),
        (6, [1, 2], 405_028),
        (10, [1, 2], 405_284),
    ] {
        // 72 are those of the time.
        assert_eq!(count(&network(particles, [16, 32], factors).parameters()), published + 72);
    }
}

/// A small network.
fn small() -> Lgatr {
    Lgatr { heads: 2, blocks: 2, ..network(3, [4, 6], [2, 2]) }
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
    for (particles, channels, heads, blocks, factors, n) in [
        (3, [4, 6], 2, 2, [2, 2], 37),
        (2, [3, 5], 1, 1, [1, 3], 16),
        (6, [5, 4], 3, 2, [2, 1], 7),
        (1, [2, 3], 2, 3, [1, 2], 50),
    ] {
        let network = Lgatr { heads, blocks, ..network(particles, channels, factors) };
        check_lanes(network, 4 * particles, n, 3e-5);
    }
    // Few events: where a square is near zero, rounding decides about the sign that its absolute value's gradient has.
    check_lanes(network(6, [16, 32], [2, 2]), 24, 5, 3e-5);
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
