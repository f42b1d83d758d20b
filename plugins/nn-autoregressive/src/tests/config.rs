//! Names, counts, refusals.

use amplicast_sdk::ndarray::arr2;
use amplicast_sdk::{Generator, Model, read_config};

use super::*;

#[test]
fn the_network_of_the_ring_study() {
    let layout = ring_model(2).layout();
    assert_eq!(layout.len(), 19_260);
    let shape = |name: &str| layout.segments().iter().find(|s| s.name == name).unwrap().shape.clone();
    assert_eq!(shape("head.weight"), [60, 32]);
    assert_eq!(shape("block.1.attention.qkv.weight"), [96, 32]);
    assert_eq!(shape("position"), [2, 32]);
    // embed, head, and four in each block: every matrix and nothing else.
    assert_eq!(layout.matching("*.weight").unwrap().len(), 10);
    assert_eq!(ring_model(4).layout().len(), 19_324);
}

#[test]
fn configurations_out_of_range_are_refused() {
    let refuse = |json: &str| match Autoregressive::new(read_config(json).unwrap()) {
        Ok(_) => panic!("{json} was accepted"),
        Err(error) => error.to_string(),
    };
    assert_eq!(refuse(r#"{"width": 0}"#), "width: expected at least 1, found 0");
    assert_eq!(refuse(r#"{"heads": 5}"#), "heads: expected a divisor of the width 32, found 5");
    assert!(refuse(r#"{"pt_min": -1}"#).starts_with("pt_min: "));
    let error = read_config::<AutoregressiveConfig>(r#"{"coordinates": "polar"}"#).unwrap_err();
    assert!(error.to_string().contains("`cartesian` or `log-pt-phi-eta-log-m2`"), "{error}");
}

/// At the creation of the component, whatever this machine has.
#[test]
fn a_gpu_is_for_the_sibling_in_libtorch() {
    let config = read_config(r#"{"device": "cuda:0"}"#).unwrap();
    let error = Autoregressive::new(config).unwrap_err().to_string();
    assert_eq!(
        error,
        "device: expected `cpu`, found `cuda:0`; a GPU needs libtorch: use `autoregressive-torch`, which is built after \
         `cargo xtask setup --torch`"
    );
}

#[test]
fn plain_columns_are_no_momenta() {
    let config =
        AutoregressiveConfig { coordinates: CoordinateSystem::LogPtPhiEtaLogM2, ..Default::default() };
    let generator = Autoregressive::new(config).unwrap();
    let error = generator.check(&schema(4)).unwrap_err();
    assert!(error.to_string().starts_with("coordinates: "), "{error}");
    assert!(generator.check(&Schema::four_momenta(["a"])).is_ok());
}

#[test]
fn wrong_sizes_are_refused() {
    let model = ring_model(2);
    assert!(model.at(&[0.0; 3]).is_err());
    let member = model.at(&model.initial(Seed::new(1)).unwrap()).unwrap();
    assert!(member.sample(chunk(1), Array2::zeros((3, 5)).view_mut()).is_err());
    let rows = [0, 1];
    let events = arr2(&[[0.0, 1.0], [f64::NAN, 2.0]]);
    let batch = Batch::new(events.view(), Origin::Training, &rows);
    let generator = Autoregressive::new(AutoregressiveConfig::default()).unwrap();
    assert!(generator.prepare(&batch, &schema(2)).is_err());
}

/// One column: only the start token.
#[test]
fn one_column_works() {
    let model = ring_model(1);
    let theta = model.initial(Seed::new(1)).unwrap();
    let member = model.at(&theta).unwrap();
    let (mut out, mut density) = (Array2::zeros((100, 1)), vec![0.0; 100]);
    member.sample_with_log_density(chunk(1), out.view_mut(), &mut density).unwrap();
    assert!(density.iter().chain(&out).all(|x| x.is_finite()));
    let mut gradient = vec![0.0; theta.len()];
    let loss = model
        .gradients()
        .unwrap()
        .loss_and_gradient(&theta, &[0, 1, 2], None, Seed::new(1), &mut gradient)
        .unwrap();
    assert!(loss.is_finite() && gradient.iter().any(|&g| g != 0.0));
}
