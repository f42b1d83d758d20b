use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{
    Alone, Batch, Component, FittedSummary, Origin, PseudoExperiments, Result, Schema, Seed, Summary,
    SummaryFit,
};

use crate::{ClassifierLr, ClassifierLrConfig, FeatureKind};

/// n x d normal numbers of unit width, the first column around `mean`.
fn normal(n: usize, d: usize, mean: f64, seed: Seed) -> Array2<f64> {
    let mut stream = seed.stream();
    let mut events = Array2::from_shape_simple_fn((n, d), || StandardNormal.sample(&mut stream));
    events.column_mut(0).mapv_inplace(|x: f64| x + mean);
    events
}

/// Calls with a fit to these events, with others that it must not depend on.
fn with_fit<T>(
    truth: &Array2<f64>,
    unseen: &Array2<f64>,
    generated: &Array2<f64>,
    seed: Seed,
    call: impl FnOnce(&SummaryFit<'_>) -> Result<T>,
) -> Result<T> {
    with_weights([None, None], truth, unseen, generated, seed, call)
}

/// The same with weights of the true and of the unseen events.
fn with_weights<T>(
    weights: [Option<&[f64]>; 2],
    truth: &Array2<f64>,
    unseen: &Array2<f64>,
    generated: &Array2<f64>,
    seed: Seed,
    call: impl FnOnce(&SummaryFit<'_>) -> Result<T>,
) -> Result<T> {
    let schema = schema(truth);
    let rows: Vec<u64> = (0..truth.nrows().max(generated.nrows()).max(unseen.nrows()) as u64).collect();
    let training = Batch::new(truth.view(), Origin::Training, &rows[..truth.nrows()]);
    let others = Batch::new(unseen.view(), Origin::Training, &rows[..unseen.nrows()]);
    call(&SummaryFit {
        schema: &schema,
        training: Batch { weights: weights[0], ..training },
        unseen: Batch { weights: weights[1], ..others },
        generated: Batch::new(generated.view(), Origin::Generated, &rows[..generated.nrows()]),
        seed,
        context: &Alone,
    })
}

fn fit(
    config: &ClassifierLrConfig,
    truth: &Array2<f64>,
    generated: &Array2<f64>,
    seed: Seed,
) -> Result<Vec<f32>> {
    let unseen = Array2::zeros((0, truth.ncols()));
    let summary = ClassifierLr::new(config.clone())?;
    Ok(with_fit(truth, &unseen, generated, seed, |fit| summary.fit(fit))?.parameters)
}

fn schema(events: &Array2<f64>) -> Schema {
    Schema::columns((0..events.ncols()).map(|i| format!("x_{i}")))
}

fn score(config: &ClassifierLrConfig, parameters: &[f32], events: &Array2<f64>) -> Vec<f64> {
    score_as(Origin::Holdout, config, parameters, events)
}

fn score_as(
    origin: Origin,
    config: &ClassifierLrConfig,
    parameters: &[f32],
    events: &Array2<f64>,
) -> Vec<f64> {
    let schema = schema(events);
    let summary: Box<dyn Summary> =
        ClassifierLr::new(config.clone()).unwrap().fitted(&schema, parameters).unwrap();
    let rows: Vec<u64> = (0..events.nrows() as u64).collect();
    let mut out = vec![f64::NAN; events.nrows()];
    summary.evaluate(&Batch::new(events.view(), origin, &rows), &mut out).unwrap();
    out
}

/// Two Gaussians with means 0 and 0.7: the log likelihood ratio is 0.7 x - 0.245, whatever the sizes of the samples.
#[test]
fn the_logit_is_the_log_likelihood_ratio() {
    let config = ClassifierLrConfig::default();
    let (truth, generated) = (normal(20_000, 2, 0.0, Seed::new(1)), normal(5000, 2, 0.7, Seed::new(2)));
    let parameters = fit(&config, &truth, &generated, Seed::new(3)).unwrap();
    assert_eq!(parameters, fit(&config, &truth, &generated, Seed::new(3)).unwrap());
    let events = normal(20_000, 2, 0.35, Seed::new(4));
    let scores = score(&config, &parameters, &events);
    let error = |(score, event): (&f64, amplicast_sdk::ndarray::ArrayView1<'_, f64>)| {
        (score - (0.7 * event[0] - 0.245)).powi(2)
    };
    let square = scores.iter().zip(events.rows()).map(error).sum::<f64>() / scores.len() as f64;
    // The ratio itself scatters by 0.7; 5000 events fix a straight line to 0.03, a network less well.
    assert!(square.sqrt() < 0.12, "{}", square.sqrt());
}

/// The same truth from a wider Gaussian with weights that make up for it, some of them negative.
#[test]
fn weights_make_up_for_a_biased_phase_space() {
    let config = ClassifierLrConfig::default();
    let mut truth = normal(20_000, 2, 0.0, Seed::new(1));
    truth.column_mut(0).mapv_inplace(|x| 1.5 * x);
    let weight = |(i, x): (usize, &f64)| {
        // One event in ten is taken away from the others, which count more for it.
        let sign = if i % 10 == 0 { -1.0 } else { 1.0 };
        sign * 0.3 * (-0.5 * x * x * (1.0 - 1.0 / 2.25)).exp()
    };
    let weights: Vec<f64> = truth.column(0).iter().enumerate().map(weight).collect();
    let generated = normal(20_000, 2, 0.7, Seed::new(2));
    let unseen = truth.clone();
    let summary = ClassifierLr::new(config.clone()).unwrap();
    let fitted =
        with_weights([Some(&weights); 2], &truth, &unseen, &generated, Seed::new(3), |fit| summary.fit(fit))
            .unwrap();
    let events = normal(20_000, 2, 0.35, Seed::new(4));
    let scores = score(&config, &fitted.parameters, &events);
    let error = |(score, event): (&f64, amplicast_sdk::ndarray::ArrayView1<'_, f64>)| {
        (score - (0.7 * event[0] - 0.245)).powi(2)
    };
    let square = scores.iter().zip(events.rows()).map(error).sum::<f64>() / scores.len() as f64;
    // Without its weights the wider sample has -0.278 x^2 in place of nothing.
    assert!(square.sqrt() < 0.2, "{}", square.sqrt());
    // Phi(0.7 / sqrt(2)) of two Gaussians 0.7 apart, with the statistics of the weighted events.
    let area = fitted.diagnostics.numbers.iter().find(|number| number.name == "AUC").unwrap();
    let error = area.error.unwrap();
    assert!((area.value - 0.6897).abs() < 3.5 * error && error < 0.01, "{} +- {error}", area.value);
}

/// A sum that is not positive has no classifier; with folds, the law of the ranks is that of events that count alike.
#[test]
fn weights_that_it_cannot_take() {
    let (truth, generated) = (normal(100, 2, 0.0, Seed::new(1)), normal(100, 2, 0.0, Seed::new(2)));
    let summary = ClassifierLr::new(ClassifierLrConfig::default()).unwrap();
    assert!(summary.needs().weights);
    let weights = vec![-1.0; 100];
    let unseen = Array2::zeros((0, 2));
    let error = with_weights([Some(&weights), None], &truth, &unseen, &generated, Seed::new(3), |fit| {
        summary.fit(fit)
    })
    .unwrap_err();
    assert!(error.to_string().contains("expected true events whose weights have a positive sum"), "{error}");
    let folded = ClassifierLr::new(ClassifierLrConfig { folds: Some(5), ..Default::default() }).unwrap();
    assert!(!folded.needs().weights);
}

/// sqrt(n m / (n + m)) times the two-sample KS distance, by going through both samples in order.
fn rescaled_ks(a: &[f64], b: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> =
        a.iter().map(|x| (*x, true)).chain(b.iter().map(|x| (*x, false))).collect();
    all.sort_unstable_by(|x, y| x.0.total_cmp(&y.0));
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (mut difference, mut largest) = (0.0_f64, 0.0_f64);
    for group in all.chunk_by(|x, y| x.0 == y.0) {
        difference += group.iter().map(|(_, of_a)| if *of_a { 1.0 / n } else { -1.0 / m }).sum::<f64>();
        largest = largest.max(difference.abs());
    }
    largest * (n * m / (n + m)).sqrt()
}

/// Fig. 7 of Bahl et al. 2025: truth against truth, n = 1000. What is scored was not seen, so the distance follows
/// Kolmogorov's law: mean 0.8687, standard deviation 0.2603 (at n = 500 lower by 1/(6 sqrt(500)) = 0.007).
#[test]
fn truth_against_truth_follows_kolmogorov() {
    const REPLICAS: u64 = 40;
    let config = ClassifierLrConfig::default();
    let distance = |replica: u64| {
        let seed = Seed::new(7).index(replica);
        let truth = normal(500, 2, 0.0, seed.split("truth"));
        let generated = normal(10_000, 2, 0.0, seed.split("generated"));
        let parameters = fit(&config, &truth, &generated, seed.split("fit")).unwrap();
        let reference = score(&config, &parameters, &normal(500, 2, 0.0, seed.split("reference")));
        let sampled = score(&config, &parameters, &normal(20_000, 2, 0.0, seed.split("sampled")));
        rescaled_ks(&reference, &sampled)
    };
    let distances: Vec<f64> = (0..REPLICAS).map(distance).collect();
    let mean = distances.iter().sum::<f64>() / REPLICAS as f64;
    let error = 0.2603 / (REPLICAS as f64).sqrt();
    assert!((mean - 0.8687 + 0.007).abs() < 3.5 * error, "{mean} +- {error}");
    // 95 % of the distances below 1.358.
    let beyond = distances.iter().filter(|d| **d > 1.358).count();
    assert!(beyond <= 7, "{beyond} of {REPLICAS} beyond the 95 % quantile");
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let config = ClassifierLrConfig::default();
    let events = normal(100, 2, 0.0, Seed::new(1));
    let message = |truth: &Array2<f64>, generated: &Array2<f64>| {
        fit(&config, truth, generated, Seed::new(1)).unwrap_err().message().to_string()
    };
    assert_eq!(
        message(&normal(9, 2, 0.0, Seed::new(2)), &events),
        "a classifier cannot be trained: expected at least 10 true events, found 9"
    );
    assert_eq!(
        message(&events, &Array2::zeros((0, 2))),
        "a classifier cannot be trained: expected at least 10 generated events, found 0"
    );
    let same = Array2::from_elem((100, 2), 3.0);
    assert_eq!(
        message(&same, &same),
        "a classifier cannot be trained: expected events that differ, found the same numbers in all of them"
    );
    let refused = |config: ClassifierLrConfig| ClassifierLr::new(config).unwrap_err().to_string();
    assert_eq!(
        refused(ClassifierLrConfig { training_fraction: 1.0, ..config.clone() }),
        "training_fraction: expected a fraction above 0 and below 1, found 1"
    );
    assert_eq!(
        refused(ClassifierLrConfig { hidden: vec![3, 0], ..config.clone() }),
        "hidden[1]: expected at least 1, found 0"
    );
    assert_eq!(
        refused(ClassifierLrConfig { batch: 1, ..config.clone() }),
        "batch: expected at least 2 events, found 1"
    );
    assert_eq!(
        refused(ClassifierLrConfig { folds: Some(1), ..config }),
        "folds: expected at least 2, found 1"
    );
}

#[test]
fn what_cannot_be_cross_fitted_is_refused() {
    let config = ClassifierLrConfig { folds: Some(5), ..Default::default() };
    let message = |config: &ClassifierLrConfig, truth: usize, generated: usize| {
        let (truth, generated) =
            (normal(truth, 2, 0.0, Seed::new(1)), normal(generated, 2, 0.0, Seed::new(2)));
        let summary = ClassifierLr::new(config.clone()).unwrap();
        let unseen = Array2::zeros((0, 2));
        let fit = |f: &SummaryFit<'_>| summary.fit(f).map(drop).and_then(|()| summary.draw(f, 0).map(drop));
        with_fit(&truth, &unseen, &generated, Seed::new(3), fit).unwrap_err().message().to_string()
    };
    assert_eq!(
        message(&config, 4, 4000),
        "a classifier cannot be cross-fitted: expected at least 5 true events for as many folds, found 4"
    );
    // The smallest fold leaves 8 of 10 events.
    assert_eq!(
        message(&config, 10, 4000),
        "a classifier cannot be trained: expected at least 10 true events, found 8"
    );
    assert_eq!(
        message(&config, 100, 20),
        "a classifier cannot be trained: expected at least 10 generated events, found 5"
    );
    let quick = ClassifierLrConfig { iterations: 1, hidden: vec![2], ..config };
    assert_eq!(
        message(&quick, 100, 200),
        "the null law cannot be simulated: expected at least 400 generated events, 4 for each training event, found 200; \
         set `generated`"
    );
}

/// Truth against truth: the diagnostics find nothing, and state the right error of that.
#[test]
fn diagnostics_of_truth_against_truth() {
    const FITS: u64 = 40;
    for folds in [None, Some(5)] {
        let config = ClassifierLrConfig {
            hidden: vec![16],
            iterations: 400,
            generated: 2000,
            folds,
            ..Default::default()
        };
        let summary = ClassifierLr::new(config).unwrap();
        let needed = summary.needs().generated as usize;
        let found: Vec<(f64, f64)> = (0..FITS)
            .map(|trial| {
                let seed = Seed::new(11).index(trial);
                let draw = |n: usize, name: &str| normal(n, 2, 0.0, seed.split(name));
                let (truth, generated) = (draw(500, "truth"), draw(needed, "generated"));
                let unseen = draw(if folds.is_some() { 0 } else { 500 }, "unseen");
                let fitted = with_fit(&truth, &unseen, &generated, seed, |fit| summary.fit(fit)).unwrap();
                fitted.diagnostics.check().unwrap();
                assert_eq!(fitted.diagnostics.figures.len(), 2);
                let area = fitted.diagnostics.numbers.iter().find(|n| n.name == "AUC").unwrap();
                (area.value, area.error.unwrap())
            })
            .collect();
        let n = FITS as f64;
        let mean = found.iter().map(|f| f.0).sum::<f64>() / n;
        let spread = (found.iter().map(|f| (f.0 - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let stated = found.iter().map(|f| f.1).sum::<f64>() / n;
        println!("folds {folds:?}: AUC {mean:.4}, spread {spread:.4}, stated {stated:.4}");
        assert!((mean - 0.5).abs() < 3.5 * spread / n.sqrt(), "{folds:?}: {mean} +- {spread}");
        // A standard deviation from 40 values is known to 11 %.
        assert!((spread / stated - 1.0).abs() < 3.5 * 0.11, "{folds:?}: {spread} {stated}");
    }
}

/// P(K > x) of Kolmogorov's law.
fn survival(x: f64) -> f64 {
    let term = |k: i32| (-2.0 * f64::from(k * k) * x * x).exp() * if k % 2 == 1 { 2.0 } else { -2.0 };
    if x < 0.2 { 1.0 } else { (1..=40).map(term).sum::<f64>().clamp(0.0, 1.0) }
}

/// Truth against truth, all 1000 training events scored by cross-fitting: under the simulated law p-values are uniform.
#[test]
fn the_simulated_law_is_that_of_truth_against_truth() {
    const REPLICAS: u64 = 40;
    const N: f64 = REPLICAS as f64;
    let config = ClassifierLrConfig {
        folds: Some(5),
        hidden: vec![16],
        iterations: 300,
        generated: 4000,
        validate_every: 25,
        ..Default::default()
    };
    let summary = ClassifierLr::new(config.clone()).unwrap();
    let none = Array2::zeros((0, 2));
    let draw = |n: usize, seed: Seed| normal(n, 2, 0.0, seed);
    let seed = Seed::new(17);
    let generated = draw(16_000, seed.split("generated"));
    let experiments = summary.pseudo_experiments().unwrap();
    assert_eq!(experiments.count(), 40);
    let simulated: Vec<f64> = with_fit(&draw(1000, seed.split("truth")), &none, &generated, seed, |fit| {
        let distance = |number| {
            let found = experiments.draw(fit, number)?;
            let [training, generated] =
                [found.training, found.generated].map(|x| x.into_raw_vec_and_offset().0);
            assert_eq!((training.len(), generated.len()), (1000, 7500));
            Ok(rescaled_ks(&training, &generated))
        };
        (0..40).map(distance).collect()
    })
    .unwrap();
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    let distance = |replica: u64| {
        let seed = seed.split("replica").index(replica);
        let (truth, generated) = (draw(1000, seed.split("truth")), draw(16_000, seed.split("generated")));
        let parameters = fit(&config, &truth, &generated, seed.split("fit")).unwrap();
        let reference = score_as(Origin::Training, &config, &parameters, &truth);
        let sampled = score_as(Origin::Generated, &config, &parameters, &draw(50_000, seed.split("sampled")));
        rescaled_ks(&reference, &sampled)
    };
    let distances: Vec<f64> = (0..REPLICAS).map(distance).collect();
    let scale = mean(&simulated) / 0.8687;
    let mut p: Vec<f64> = distances.iter().map(|d| survival(d / scale)).collect();
    p.sort_unstable_by(f64::total_cmp);
    let off = p.iter().zip(1..).map(|(p, i)| {
        let (above, below) = (f64::from(i) / N, f64::from(i - 1) / N);
        (p - above).abs().max((p - below).abs())
    });
    let off = off.fold(0.0, f64::max);
    println!("simulated {:.3}, found {:.3}, p-values off by {off:.3}", mean(&simulated), mean(&distances));
    // 99.9 % of 40 uniform numbers are within 1.95 / sqrt(40); the law's own mean is known to 5 %, which moves p-values by up
    // to 0.05 d(survival)/d(log x) = 0.05 * 1.36.
    assert!(off < 1.95 / N.sqrt() + 0.07, "{off}: {p:?}");
}

/// `n` events of three particles around different momenta in GeV: n x 12.
fn momenta(n: usize, seed: Seed) -> Array2<f64> {
    let mut stream = seed.stream();
    let mut events = Array2::zeros((n, 12));
    for mut event in events.rows_mut() {
        for (i, mut particle) in event.exact_chunks_mut(4).into_iter().enumerate() {
            let center = [40.0, -20.0, 10.0 * i as f64];
            let p = center.map(|c| {
                let noise: f64 = StandardNormal.sample(&mut stream);
                c + 15.0 * noise
            });
            let energy = (p.iter().map(|x| x * x).sum::<f64>() + 25.0).sqrt();
            particle.iter_mut().zip([energy, p[0], p[1], p[2]]).for_each(|(to, x)| *to = x);
        }
    }
    events
}

/// Truth against truth with the high-level features: nothing is found, and the scores are those of the features.
#[test]
fn features_of_truth_against_truth() {
    let config = ClassifierLrConfig {
        features: FeatureKind::Kinematics,
        systems: vec![vec![0, 1, 2], vec![1, 2]],
        ..Default::default()
    };
    let summary = ClassifierLr::new(config).unwrap();
    let schema = Schema::four_momenta(["a", "b", "c"]);
    let draw = |n, name: &str| momenta(n, Seed::new(31).split(name));
    let (truth, generated, unseen) = (draw(5000, "truth"), draw(5000, "generated"), draw(5000, "unseen"));
    let rows: Vec<u64> = (0..20_000).collect();
    let fitted = summary
        .fit(&SummaryFit {
            schema: &schema,
            training: Batch::new(truth.view(), Origin::Training, &rows[..5000]),
            unseen: Batch::new(unseen.view(), Origin::Training, &rows[..5000]),
            generated: Batch::new(generated.view(), Origin::Generated, &rows[..5000]),
            seed: Seed::new(32),
            context: &Alone,
        })
        .unwrap();
    let function = summary.fitted(&schema, &fitted.parameters).unwrap();
    let score = |name: &str| {
        let events = draw(20_000, name);
        let mut out = vec![f64::NAN; 20_000];
        function.evaluate(&Batch::new(events.view(), Origin::Holdout, &rows), &mut out).unwrap();
        out
    };
    let alike = vec![1.0; 20_000];
    let (area, error) = crate::auc::auc((&score("one"), &alike), (&score("another"), &alike));
    // 20 000 events each fix it to 0.003.
    assert!(error < 0.0033 && (area - 0.5).abs() < 0.01, "{area} +- {error}");
    // Three particles, two systems, three pairs: 23 features, each with a mean and a width.
    let network = |inputs: usize| 2 * inputs + 64 * (inputs + 1) + 64 * 65 + 65;
    assert_eq!(fitted.parameters.len(), network(23));
}

/// Validation is set by the keys that trainings of generators have; those of earlier versions are read.
#[test]
fn former_names_of_keys_are_read() {
    let text = r#"{"validation_fraction": 0.5, "look_every": 7}"#;
    let config: ClassifierLrConfig = amplicast_sdk::read_config(text).unwrap();
    assert_eq!((config.validation, config.validate_every), (0.5, 7));
}
