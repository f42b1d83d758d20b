use super::*;
use crate::gaussian_model::{GaussianModel, infer};

fn sgld(config: SgldConfig) -> Sgld {
    Sgld::new(config).unwrap()
}

fn short() -> SgldConfig {
    SgldConfig { chains: 2, draws: 8, thinning: 5, ..SgldConfig::default() }
}

fn brief() -> TrainingSettings {
    TrainingSettings { iterations: 10, ..TrainingSettings::default() }
}

fn chains(sgld: &Sgld, model: &GaussianModel, settings: &TrainingSettings) -> Vec<Chain> {
    (0..sgld.config.chains).map(|k| infer(sgld, model, settings, k).unwrap()).collect()
}

/// All draws against the exact posterior of the model's means, N(s xbar / (s + P), 1 / (s + P)) with s = n / T.
fn agrees(model: &GaussianModel, config: SgldConfig, settings: &TrainingSettings) {
    let (f, temperature, prior) =
        (config.noise_fraction, config.temperature.unwrap_or(1.0), config.prior_width.powi(-2));
    let all = config.chains * config.draws;
    let sgld = sgld(config);
    let members = sgld.members(&chains(&sgld, model, settings), all, Seed::new(1)).unwrap();
    // A step takes away at most `noise_fraction` of a deviation, and the draws are some ten times that apart.
    let n = members.n_effective;
    assert!(n > 0.25 * all as f64, "{n} of {all}");
    assert!(members.diagnostics.numbers[0].value < 1.05, "{:?}", members.diagnostics.numbers);
    let rows: Vec<u64> = (0..model.events.nrows() as u64).collect();
    let scale = rows.len() as f64 / temperature;
    let precision = scale + prior;
    for (k, mean) in model.mean(&rows).into_iter().enumerate() {
        let pulls: Vec<f64> = (members.parameters.iter())
            .map(|theta| (f64::from(theta[k]) - mean * scale / precision) * precision.sqrt())
            .collect();
        let average = pulls.iter().sum::<f64>() / all as f64;
        let variance = pulls.iter().map(|x| (x - average).powi(2)).sum::<f64>() / all as f64;
        // Four standard errors of a mean and of a variance of n independent draws; the variance may exceed the exact one
        // by the noise and the length of the steps.
        assert!(average.abs() < 4.0 / n.sqrt(), "{k}: {average} of {n} draws");
        let error = 4.0 * (2.0 / n).sqrt();
        assert!((1.0 - error..1.0 + 1.5 * f + error).contains(&variance), "{k}: {variance} +- {error}");
    }
}

#[test]
fn the_exact_posterior_is_drawn_from() {
    let config = SgldConfig { draws: 500, thinning: 50, ..SgldConfig::default() };
    let settings = TrainingSettings::default();
    agrees(&GaussianModel::new(1000, 1, 4), config.clone(), &settings);
    agrees(
        &GaussianModel::new(100, 3, 5),
        config.clone(),
        &TrainingSettings { batch: 20, ..settings.clone() },
    );
    // Without any noise of minibatches the step's own length counts.
    agrees(&GaussianModel::new(500, 1, 4), config, &TrainingSettings { batch: 500, ..settings });
}

#[test]
fn prior_and_temperature_count() {
    let config = SgldConfig {
        draws: 500,
        thinning: 50,
        prior_width: 0.1,
        temperature: Some(4.0),
        ..SgldConfig::default()
    };
    agrees(
        &GaussianModel::new(100, 1, 5),
        config,
        &TrainingSettings { batch: 20, ..TrainingSettings::default() },
    );
}

/// Four columns that are one: their gradients are the same, and the step is a fourth of what each alone would allow.
#[test]
fn parameters_that_pull_together_make_shorter_steps() {
    let mut model = GaussianModel::new(1000, 4, 6);
    for k in 1..4 {
        let first = model.events.column(0).to_owned();
        model.events.column_mut(k).assign(&first);
    }
    let inference = Inference {
        chain: 0,
        model: &model,
        members: None,
        rows: &(0..1000).collect::<Vec<_>>(),
        training_rows: 1000,
        settings: &brief(),
        seed: Seed::new(1),
        context: &Alone,
    };
    let target = Target::new("sgld", &inference, &["*".to_string()], 1.0, None).unwrap();
    let mean = model.mean(&target.rows)[0] as f32;
    let steps = Steps::calibrate(&target, &[mean; 4], 200, 0.1, Seed::new(2), &Alone).unwrap();
    // A mean of 100 chi-squares.
    assert!((steps.reduction / 4.0 - 1.0).abs() < 4.0 * 0.02_f64.sqrt(), "{}", steps.reduction);
}

#[test]
fn other_segments_are_trained_to_a_point() {
    let model = GaussianModel::new(100, 3, 6);
    let settings = TrainingSettings { batch: 100, learning_rate: 0.02, ..TrainingSettings::default() };
    let sgld = sgld(SgldConfig { segments: vec!["head".into()], ..short() });
    let members = sgld.members(&chains(&sgld, &model, &settings), 6, Seed::new(1)).unwrap();
    let rows: Vec<u64> = (0..100).collect();
    for (k, expected) in model.mean(&rows).into_iter().enumerate() {
        for theta in &members.parameters {
            let close = (f64::from(theta[k]) - expected).abs() < 1e-3;
            assert_eq!(close, k > 0, "{k}: {} {expected}", theta[k]);
        }
    }
}

#[test]
fn members_are_spread_over_chains_and_draws() {
    let chain = |k: usize| {
        let draws = (0..5).map(|i| (10 * k + i) as f32).collect();
        Chain::new([
            ("draws", draws),
            ("loss-1", vec![0.1, 0.3, 0.2, 0.25, 0.15]),
            ("step-reduction", vec![1.0]),
        ])
    };
    let chains = [chain(0), chain(1), chain(2)];
    let sgld = sgld(short());
    let of = |count| -> Vec<f32> {
        sgld.members(&chains, count, Seed::new(0)).unwrap().parameters.iter().map(|theta| theta[0]).collect()
    };
    assert_eq!(of(4), [1.0, 3.0, 12.0, 22.0]);
    assert_eq!(of(15).len(), 15);
    let error = sgld.members(&chains, 16, Seed::new(0)).unwrap_err().to_string();
    assert!(error.starts_with("expected draws for 16 members"), "{error}");
}

#[test]
fn chains_that_disagree_are_said() {
    let chain = |shift: f32| {
        let losses: Vec<f32> = (0..20).map(|i| shift + 0.01 * (i % 3) as f32).collect();
        Chain::new([("draws", vec![shift; 20]), ("loss-1", losses), ("step-reduction", vec![3.0])])
    };
    let members = sgld(short()).members(&[chain(1.0), chain(1.5)], 10, Seed::new(0)).unwrap();
    assert!(members.n_effective >= 1.0 && members.n_effective < 5.0, "{}", members.n_effective);
    let warnings = &members.diagnostics.warnings;
    assert!(warnings[0].starts_with("its chains disagree: R-hat is "), "{warnings:?}");
    assert!(warnings[1].starts_with("its draws correlate: 10 members are worth "), "{warnings:?}");
    assert_eq!(members.diagnostics.figures[0].curves.len(), 2);
    members.diagnostics.check().unwrap();
}

#[test]
fn traced_events_come_from_all_over() {
    let rows: Vec<u64> = (0..100_000).collect();
    let parts = parts(&rows);
    assert_eq!(parts.len(), 8);
    assert!(parts.iter().all(|p| p.len() <= 256 && p.len() > 200 && p[p.len() - 1] > 99_000));
    let few: Vec<u64> = (0..3).collect();
    assert_eq!(super::parts(&few), [[0], [1], [2]]);
}

#[test]
fn a_surrogate_loss_needs_a_temperature() {
    let mut model = GaussianModel::new(10, 1, 7);
    model.loss_kind = LossKind::Surrogate;
    let without = sgld(short());
    assert!(without.requirements().likelihood);
    let error = infer(&without, &model, &brief(), 0).unwrap_err().to_string();
    assert!(error.starts_with("temperature: the generator's loss is no negative log-likelihood"), "{error}");
    let with = sgld(SgldConfig { temperature: Some(0.1), ..short() });
    assert!(!with.requirements().likelihood);
    infer(&with, &model, &brief(), 0).unwrap();
}

#[test]
fn refusals() {
    let message = |config| Sgld::new(config).unwrap_err().to_string();
    assert_eq!(message(SgldConfig { draws: 3, ..short() }), "draws: expected at least 4, found 3");
    assert_eq!(
        message(SgldConfig { noise_fraction: 2.0, ..short() }),
        "noise_fraction: expected at most 1, found 2"
    );
    let error = infer(&sgld(short()), &GaussianModel::new(1, 1, 8), &brief(), 0).unwrap_err().to_string();
    assert_eq!(error, "expected at least 2 training events, found 1");
}
