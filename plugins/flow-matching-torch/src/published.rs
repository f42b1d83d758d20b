//! Networks against the published ones: their answers in the files beside this one come from `cargo xtask published`.

use amplicast_nn::{LogPtPhiEtaLogM2, Parameter, layout};
use amplicast_nn_flow::flow::Architecture;
use amplicast_nn_flow::lgatr::Lgatr;
use amplicast_nn_flow::lloca::{FramesNet, Lloca};
use amplicast_nn_flow::slim::Slim;
use amplicast_nn_flow::space::Kinematics;
use amplicast_nn_flow::time::{self, scalar_count};
use amplicast_nn_flow::transformer::Backbone;
use amplicast_nn_torch::Views;
use amplicast_sdk::serde_json::{self, Value};
use tch::Tensor;

use crate::graph::Forward;
use crate::lorentz::references;
use crate::symmetry::distance;

const PARTICLES: usize = 3;

/// Calls with parameters, momenta, references and scalars, and compares the vectors and scalars.
fn check(
    answers: &str,
    network: &impl Architecture,
    forward: impl FnOnce(&mut Views, [&Tensor; 3]) -> [Tensor; 2],
) {
    let answers: Value = serde_json::from_str(answers).unwrap();
    let list = |name: &str| {
        let numbers = answers[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap());
        Tensor::from_slice(&numbers.collect::<Vec<f64>>())
    };
    let tensor = |name: &str, last: i64| list(name).view([-1, PARTICLES as i64, last]);
    let parameters: Vec<Parameter> = network.parameters().split_off(time::parameters().len());
    let momenta = tensor("momenta", 4);
    let scalars = tensor("scalars", scalar_count(PARTICLES) as i64);
    let layout = layout(&parameters);
    let mut views = Views::new(&layout, &list("parameters"));
    let found = forward(&mut views, [&momenta, &references(&momenta), &scalars]);
    for (found, expected) in found.iter().zip([tensor("vector", 4), tensor("numbers", 2)]) {
        let off = distance(found, &expected);
        assert!(off < 1e-10, "{off}");
    }
}

fn kinematics() -> Kinematics {
    Kinematics::new(&LogPtPhiEtaLogM2::unstandardized(PARTICLES, 22.0))
}

#[test]
fn lgatr_is_the_published_one() {
    let network = Lgatr {
        kinematics: kinematics(),
        channels: [4, 6],
        heads: 2,
        blocks: 2,
        attention_factor: 2,
        mlp_factor: 2,
    };
    check(include_str!("published/lgatr.json"), &network, |views, seen| network.forward(views, seen));
}

#[test]
fn slim_is_the_published_one() {
    let network = Slim {
        kinematics: kinematics(),
        channels: [4, 6],
        heads: 2,
        blocks: 2,
        attention_factor: 1,
        mlp_factor: 2,
    };
    check(include_str!("published/slim.json"), &network, |views, seen| network.forward(views, seen));
}

#[test]
fn lloca_is_the_published_one() {
    let transformer = Backbone {
        inputs: 4 + scalar_count(PARTICLES),
        outputs: 6,
        width: 26,
        heads: 2,
        vectors: 2,
        blocks: 2,
        mlp_factor: 2,
    };
    let frames = FramesNet { particles: PARTICLES, width: 8, pairs: [0.5, 1.2] };
    let network = Lloca { kinematics: kinematics(), frames, transformer };
    check(include_str!("published/lloca.json"), &network, |views, seen| network.forward(views, seen));
}
