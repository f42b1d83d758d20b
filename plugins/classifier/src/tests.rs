use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{
    Alone, Batch, Component, Origin, Result, Schema, Seed, Summary, SummaryFit, SummaryStatistic,
};

use crate::{ClassifierLr, ClassifierLrConfig};

/// n x d normal numbers of unit width, the first column around `mean`.
fn normal(n: usize, d: usize, mean: f64, seed: Seed) -> Array2<f64> {
    let mut stream = seed.stream();
    let mut events = Array2::from_shape_simple_fn((n, d), || StandardNormal.sample(&mut stream));
    events.column_mut(0).mapv_inplace(|x: f64| x + mean);
    events
}

fn fit(
    config: &ClassifierLrConfig,
    truth: &Array2<f64>,
    generated: &Array2<f64>,
    seed: Seed,
) -> Result<Vec<f32>> {
    let schema = Schema::columns((0..truth.ncols()).map(|i| format!("x_{i}")));
    let rows: Vec<u64> = (0..truth.nrows().max(generated.nrows()) as u64).collect();
    let fitted = ClassifierLr::new(config.clone())?.fit(&SummaryFit {
        schema: &schema,
        training: Batch::new(truth.view(), Origin::Training, &rows[..truth.nrows()]),
        generated: Batch::new(generated.view(), Origin::Generated, &rows[..generated.nrows()]),
        seed,
        context: &Alone,
    })?;
    Ok(fitted.parameters)
}

fn score(config: &ClassifierLrConfig, parameters: &[f32], events: &Array2<f64>) -> Vec<f64> {
    let schema = Schema::columns((0..events.ncols()).map(|i| format!("x_{i}")));
    let summary: Box<dyn Summary> =
        ClassifierLr::new(config.clone()).unwrap().fitted(&schema, parameters).unwrap();
    let rows: Vec<u64> = (0..events.nrows() as u64).collect();
    let mut out = vec![f64::NAN; events.nrows()];
    summary.evaluate(&Batch::new(events.view(), Origin::Holdout, &rows), &mut out).unwrap();
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

/// sqrt(n m / (n + m)) times the two-sample KS distance, by sorting.
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
        "hidden: expected widths of at least 1, found 0"
    );
    assert_eq!(
        refused(ClassifierLrConfig { batch: 1, ..config }),
        "batch: expected at least 2 events, found 1"
    );
}
