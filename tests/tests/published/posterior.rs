//! Uncertainty models over `gaussian-fit`, both loaded from their libraries: the exact posterior is known.

use std::sync::Arc;

use amplicast_sdk::abi::{Caller, Kind, LoadedGenerator, LoadedUncertaintyModel, Unwatched};
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{
    Alone, Batch, Chain, Chunk, Inference, Model, Origin, Schema, Seed, Split, TrainingSettings,
};

use crate::run::catalogue;

const N_TRAIN: usize = 1000;

fn caller() -> Caller {
    Caller::new("test", Arc::new(Unwatched))
}

/// 1000 events of a unit Gaussian around 0.4, with their mean and root mean square deviation.
fn training() -> (Array2<f64>, f64, f64) {
    let found = catalogue();
    let entry = found.find(Kind::Dataset, "gaussian").unwrap();
    let dataset = entry.component.dataset(r#"{"mean": [0.4]}"#, caller()).unwrap();
    let mut events = Array2::zeros((N_TRAIN, 1));
    let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(5) };
    dataset.read(Split::Training, chunk, events.view_mut()).unwrap();
    let mean = events.mean().unwrap();
    let square = events.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / N_TRAIN as f64;
    (events, mean, square.sqrt())
}

fn components(uncertainty: &str, config: &str) -> (LoadedGenerator, LoadedUncertaintyModel) {
    let found = catalogue();
    let generator = found.find(Kind::Generator, "gaussian-fit").unwrap();
    let model = found.find(Kind::Uncertainty, uncertainty).unwrap();
    (
        generator.component.generator("{}", caller()).unwrap(),
        model.component.uncertainty(config, caller()).unwrap(),
    )
}

fn chain(
    uncertainty: &LoadedUncertaintyModel,
    model: &dyn Model,
    k: u64,
    settings: &TrainingSettings,
) -> Chain {
    let n = N_TRAIN as u64;
    let rows = uncertainty.rows(k, 20, n, Seed::new(9)).unwrap().unwrap_or_else(|| (0..n).collect());
    let inference = Inference {
        chain: k,
        model,
        members: uncertainty.requirements().joint.then_some(20),
        rows: &rows,
        training_rows: n,
        settings,
        seed: Seed::new(9).index(k),
        context: &Alone,
    };
    uncertainty.infer_chain(&inference).unwrap()
}

/// N(n xbar / (n + 1/p^2), 1 / (n + 1/p^2)) for the prior N(0, p^2): the mean within 0.05 widths, the width within 3 %.
#[test]
fn bayesian_recovers_the_exact_posterior_of_a_gaussian_fit() {
    let (events, mean, _) = training();
    let rows: Vec<u64> = (0..N_TRAIN as u64).collect();
    let batch = Batch::new(events.view(), Origin::Training, &rows);
    let settings = TrainingSettings { iterations: 100_000, learning_rate: 5e-3, ..Default::default() };
    for prior_width in [1.0, 0.05] {
        let (generator, bayesian) = components("bayesian", &format!("{{\"prior_width\": {prior_width}}}"));
        let model = generator.prepare(&batch, &Schema::columns(["x"])).unwrap();
        let chain = chain(&bayesian, &model, 0, &settings);
        let found = f64::from(chain.get("mean").unwrap()[0]);
        let width = f64::from(chain.get("log-sigma").unwrap()[0]).exp();
        let precision = N_TRAIN as f64 + f64::powi(prior_width, -2);
        let (expected, exact) = (mean * N_TRAIN as f64 / precision, precision.powf(-0.5));
        assert!((found - expected).abs() < 0.05 * exact, "mean {found}, exact {expected} +- {exact}");
        assert!((width / exact - 1.0).abs() < 0.03, "width {width}, exact {exact}");
    }
}

/// Mean and variance of the members' only parameter, in units of the exact posterior (prior width 1).
fn against_exact(members: &[Vec<f32>], mean: f64) -> (f64, f64) {
    let precision = N_TRAIN as f64 + 1.0;
    let expected = mean * N_TRAIN as f64 / precision;
    let pulls: Vec<f64> =
        members.iter().map(|theta| (f64::from(theta[0]) - expected) * precision.sqrt()).collect();
    let average = pulls.iter().sum::<f64>() / pulls.len() as f64;
    let square: f64 = pulls.iter().map(|x| (x - average).powi(2)).sum();
    (average, square / (pulls.len() - 1) as f64)
}

/// Four standard errors of the mean and of the variance of as many independent draws as it says; the variance may exceed
/// the exact one by one and a half times the noise fraction, 0.1.
#[test]
fn langevin_draws_have_the_exact_posterior_of_a_gaussian_fit() {
    let (events, mean, _) = training();
    let rows: Vec<u64> = (0..N_TRAIN as u64).collect();
    let batch = Batch::new(events.view(), Origin::Training, &rows);
    let (generator, sgld) = components("sgld", r#"{"draws": 250, "thinning": 100}"#);
    let model = generator.prepare(&batch, &Schema::columns(["x"])).unwrap();
    let settings = TrainingSettings::default();
    let chains: Vec<Chain> = (0..4).map(|k| chain(&sgld, &model, k, &settings)).collect();
    let members = sgld.members(&chains, 1000, Seed::new(1)).unwrap();
    let n = members.n_effective;
    assert!(n > 500.0, "{n}");
    let r_hat = &members.diagnostics.numbers[0];
    assert!(r_hat.name.starts_with("R-hat") && r_hat.value < 1.05, "{r_hat:?}");
    let (average, variance) = against_exact(&members.parameters, mean);
    assert!(average.abs() < 4.0 / n.sqrt(), "{average} of {n}");
    let error = 4.0 * (2.0 / n).sqrt();
    assert!((1.0 - error..1.15 + error).contains(&variance), "{variance} of {n}");
}

/// Twenty particles at rest: no scatter but that of the last steps.
#[test]
fn repulsive_members_have_the_exact_posterior_of_a_gaussian_fit() {
    let (events, mean, _) = training();
    let rows: Vec<u64> = (0..N_TRAIN as u64).collect();
    let batch = Batch::new(events.view(), Origin::Training, &rows);
    for config in ["{}", r#"{"kernel": "joint"}"#] {
        let (generator, repulsive) = components("repulsive-ensemble", config);
        let model = generator.prepare(&batch, &Schema::columns(["x"])).unwrap();
        let chain = chain(&repulsive, &model, 0, &TrainingSettings::default());
        let members = repulsive.members(&[chain], 20, Seed::new(1)).unwrap();
        let (average, variance) = against_exact(&members.parameters, mean);
        assert!(average.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{config}: {average} {variance}");
    }
}

/// The means of bootstrapped fits scatter by s / sqrt(n); 400 of them know it to 1/sqrt(800).
#[test]
fn bootstrapped_fits_scatter_like_the_mean() {
    const MEMBERS: u64 = 400;
    let (events, mean, width) = training();
    let rows: Vec<u64> = (0..N_TRAIN as u64).collect();
    let batch = Batch::new(events.view(), Origin::Training, &rows);
    let (generator, ensemble) = components("ensemble", "{}");
    let model = generator.prepare(&batch, &Schema::columns(["x"])).unwrap();
    let settings = TrainingSettings::default();
    let chains: Vec<Chain> = (0..MEMBERS).map(|k| chain(&ensemble, &model, k, &settings)).collect();
    let members = ensemble.members(&chains, MEMBERS, Seed::new(1)).unwrap();
    let square = members.parameters.iter().map(|theta| (f64::from(theta[0]) - mean).powi(2)).sum::<f64>();
    let (found, expected) = ((square / MEMBERS as f64).sqrt(), width / (N_TRAIN as f64).sqrt());
    assert!(
        (found / expected - 1.0).abs() < 4.0 / (2.0 * MEMBERS as f64).sqrt(),
        "{found}, expected {expected}"
    );
}
