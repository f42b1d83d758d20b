use super::*;
use crate::gaussian_model::{GaussianModel, infer};

fn bayesian(config: BayesianConfig) -> Bayesian {
    Bayesian::new(config).unwrap()
}

/// Long enough that the widths of several runs scatter by 0.7 % (100 events) and 0.9 % (1000).
fn settings() -> TrainingSettings {
    TrainingSettings { iterations: 100_000, learning_rate: 5e-3, ..TrainingSettings::default() }
}

/// Mean and width of the exact posterior of the model's means, at a temperature.
fn exact(model: &GaussianModel, prior_width: f64, temperature: f64) -> (Vec<f64>, f64) {
    let n = model.events.nrows() as f64;
    let precision = n / temperature + prior_width.powi(-2);
    let rows: Vec<u64> = (0..model.events.nrows() as u64).collect();
    let mean = model.mean(&rows).iter().map(|m| m * n / temperature / precision).collect();
    (mean, precision.powf(-0.5))
}

fn agrees(chain: &Chain, exact: (Vec<f64>, f64)) {
    let (mean, width) = exact;
    for (k, expected) in mean.iter().enumerate() {
        let mu = f64::from(chain.get("mean").unwrap()[k]);
        let sigma = f64::from(chain.get("log-sigma").unwrap()[k]).exp();
        assert!((mu - expected).abs() < 0.05 * width, "{k}: mean {mu}, exact {expected} +- {width}");
        assert!((sigma / width - 1.0).abs() < 0.03, "{k}: width {sigma}, exact {width}");
    }
}

#[test]
fn the_exact_posterior_is_recovered() {
    for (n, dimension) in [(100, 1), (100, 3), (1000, 1)] {
        let model = GaussianModel::new(n, dimension, 4);
        agrees(
            &infer(&bayesian(BayesianConfig::default()), &model, &settings(), 0).unwrap(),
            exact(&model, 1.0, 1.0),
        );
    }
}

#[test]
fn prior_and_temperature_count() {
    let model = GaussianModel::new(100, 1, 5);
    let config = BayesianConfig { prior_width: 0.1, temperature: Some(4.0), ..BayesianConfig::default() };
    let (mean, width) = exact(&model, 0.1, 4.0);
    // The prior is as informative as 400 events here.
    assert!(mean[0] < 0.3 * exact(&model, 1.0, 1.0).0[0]);
    agrees(&infer(&bayesian(config), &model, &settings(), 0).unwrap(), (mean, width));
}

/// A batch of 200 has two parts: which thread has which must not matter.
#[test]
fn threads_change_nothing() {
    let model = GaussianModel::new(300, 3, 9);
    let settings = TrainingSettings { iterations: 50, ..TrainingSettings::default() };
    let infer = |context: &dyn Context| {
        let (members, seed) = (None, Seed::new(17));
        let training_rows = model.events.nrows() as u64;
        let rows: &[u64] = &(0..training_rows).collect::<Vec<_>>();
        let inference = Inference {
            chain: 0,
            model: &model,
            members,
            rows,
            training_rows,
            settings: &settings,
            seed,
            context,
        };
        bayesian(BayesianConfig::default()).infer_chain(&inference).unwrap()
    };
    assert_eq!(infer(&Alone), infer(&amplicast_sdk::testing::Threads));
}

#[test]
fn members_scatter_as_the_chain_says() {
    let chain = Chain::new([("mean", vec![1.0, 2.0]), ("log-sigma", vec![0.1_f32.ln(), f32::NEG_INFINITY])]);
    let count = 10_000;
    let members = bayesian(BayesianConfig::default()).members(&[chain], count, Seed::new(3)).unwrap();
    assert_eq!(members.n_effective, count as f64);
    assert!(members.parameters.iter().all(|p| p[1] == 2.0));
    let square = members.parameters.iter().map(|p| f64::from(p[0] - 1.0).powi(2)).sum::<f64>() / count as f64;
    assert!((square / 0.01 - 1.0).abs() < 4.0 * (2.0 / count as f64).sqrt(), "{square}");
    assert_ne!(members.parameters[0], members.parameters[1]);
}

#[test]
fn other_segments_are_trained_to_a_point() {
    let model = GaussianModel::new(100, 3, 6);
    let config = BayesianConfig { segments: vec!["he*".into(), "head".into()], ..BayesianConfig::default() };
    let chain = infer(&bayesian(config), &model, &settings(), 0).unwrap();
    let log_sigma = chain.get("log-sigma").unwrap();
    assert!(log_sigma[0].is_finite());
    assert_eq!(log_sigma[1..], [f32::NEG_INFINITY; 2]);
    let rows: Vec<u64> = (0..100).collect();
    // Without a prior: the maximum of the likelihood.
    for (found, expected) in chain.get("mean").unwrap().iter().zip(model.mean(&rows)).skip(1) {
        assert!((f64::from(*found) - expected).abs() < 1e-3, "{found} {expected}");
    }
}

#[test]
fn a_surrogate_loss_needs_a_temperature() {
    let mut model = GaussianModel::new(10, 1, 7);
    model.loss_kind = LossKind::Surrogate;
    let short = TrainingSettings { iterations: 10, ..TrainingSettings::default() };
    let without = bayesian(BayesianConfig::default());
    assert!(without.requirements().likelihood);
    let error = infer(&without, &model, &short, 0).unwrap_err().to_string();
    assert!(error.starts_with("temperature: the generator's loss is no negative log-likelihood"), "{error}");
    let with = bayesian(BayesianConfig { temperature: Some(0.1), ..BayesianConfig::default() });
    assert!(!with.requirements().likelihood);
    infer(&with, &model, &short, 0).unwrap();
}

#[test]
fn refusals() {
    let message = |config| Bayesian::new(config).unwrap_err().to_string();
    let default = BayesianConfig::default;
    let error = message(BayesianConfig { prior_width: 0.0, ..default() });
    assert_eq!(error, "prior_width: expected a positive number, found 0");
    let error = message(BayesianConfig { segments: vec![], ..default() });
    assert!(error.starts_with("segments: expected at least one segment or pattern"), "{error}");
    let config = BayesianConfig { segments: vec!["head".into(), "tail".into()], ..default() };
    // Said when it is asked, before anything is trained, and by a training all the same.
    let (model, posterior) = (GaussianModel::new(10, 2, 8), bayesian(config));
    for error in
        [posterior.check(&model).unwrap_err(), infer(&posterior, &model, &settings(), 0).unwrap_err()]
    {
        let error = error.to_string();
        assert!(
            error.starts_with("segments[1]: unknown segment `tail` of the model's parameters"),
            "{error}"
        );
    }
    bayesian(BayesianConfig { segments: vec!["he*".into()], ..default() }).check(&model).unwrap();
}
