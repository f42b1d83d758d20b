//! The 2D Gaussian ring with the settings of an independent study: 6000 steps, posterior over the output head.

use std::sync::Arc;

use amplicast_sdk::abi::{Caller, Kind, Unwatched};
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Alone, Batch, Chunk, Density, Inference, Model, Origin, Seed, Split, TrainingSettings};
use amplicast_tests::Place;

use crate::run::{catalogue, cell, run_file};

const SETTINGS: &str =
    r#"{"segments": ["head.weight"], "initial_log_sigma": -2.0, "log_sigma_learning_rate": 4e-3}"#;

/// Mean negative log-likelihood of the Bayesian network minus the truth's, on the same 1e5 fresh events.
#[test]
fn the_network_learns_the_ring() {
    const SETS: u64 = 3;
    const MEMBERS: u64 = 10;
    let catalogue = catalogue();
    let caller = || Caller::new("test", Arc::new(Unwatched));
    let find = |kind, name: &str| catalogue.find(kind, name).unwrap();
    let dataset = find(Kind::Dataset, "gaussian-ring").component.dataset("{}", caller()).unwrap();
    let generator = find(Kind::Generator, "autoregressive").component.generator("{}", caller()).unwrap();
    let bayesian = find(Kind::Uncertainty, "bayesian").component.uncertainty(SETTINGS, caller()).unwrap();
    let settings = TrainingSettings { iterations: 6000, ..Default::default() };
    let read = |n: usize, seed: Seed| {
        let mut events = Array2::zeros((n, 2));
        let chunk = Chunk { index: 0, first_event: 0, seed };
        dataset.read(Split::Training, chunk, events.view_mut()).unwrap();
        events
    };
    let fresh = read(100_000, Seed::new(11).split("fresh"));
    let mean = |log_density: &[f64]| -log_density.iter().sum::<f64>() / log_density.len() as f64;
    let mut log_density = vec![0.0; fresh.nrows()];
    dataset.log_density(fresh.view(), &mut log_density).unwrap();
    let truth = mean(&log_density);
    // Entropy of the ring: 0.9492; the mean over 1e5 events scatters by 1/sqrt(2e5).
    assert!((truth - 0.9492).abs() < 4.0 * 0.0023, "{truth}");

    let one = |set: u64| {
        let seed = Seed::new(11).index(set);
        let training = read(1000, seed.split("training"));
        let rows: Vec<u64> = (0..1000).collect();
        let batch = Batch::new(training.view(), Origin::Training, &rows);
        let model = generator.prepare(&batch, dataset.schema()).unwrap();
        let chain = bayesian
            .infer_chain(&Inference {
                chain: 0,
                model: &model,
                members: None,
                rows: &rows,
                training_rows: 1000,
                settings: &settings,
                seed: seed.split("chain"),
                context: &Alone,
            })
            .unwrap();
        let members = bayesian.members(&[chain], MEMBERS, seed.split("members")).unwrap();
        // The density of the Bayesian network is the mean over its members (a single member's NLL is higher by Jensen).
        let mut density = vec![0.0; fresh.nrows()];
        for theta in &members.parameters {
            let mut log_density = vec![0.0; fresh.nrows()];
            model.at(theta).unwrap().log_density(fresh.view(), seed, &mut log_density).unwrap();
            density.iter_mut().zip(&log_density).for_each(|(d, l)| *d += l.exp() / MEMBERS as f64);
        }
        let log_density: Vec<f64> = density.iter().map(|d| d.ln()).collect();
        mean(&log_density)
    };
    let excess = (0..SETS).map(|set| one(set) - truth).sum::<f64>() / SETS as f64;
    println!("NLL is {excess} above the truth's");
    assert!((0.0..=0.08).contains(&excess), "NLL is {excess} above the truth's");
}

/// G of the combined regions by fits to halves: intervals that hold the true one, over 3 training sets.
#[test]
fn averaging_amplification_of_the_ring() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/ring-2d.toml");
    let results = run_file(&Place::new(), example, &["--set", "experiment.training_sets=3"]);
    let combined = cell(&results, "autoregressive", "regions 2-19", "");
    // A study of 26 training sets found 4.3 for one fit; three know their own to a factor of 1.5.
    let truth = combined.true_g().unwrap().value.unwrap();
    assert!((2.0..9.0).contains(&truth), "true G {truth}");
    let held = combined.replicas.iter().filter(|r| {
        let interval = r.estimate.interval_95;
        interval.low.unwrap() <= 4.3 && 4.3 <= interval.high.unwrap()
    });
    let held = held.count();
    assert!(held >= 2, "{held} of 3 intervals hold 4.3");
    assert!(combined.replicas.iter().all(|r| r.estimate.bound.unwrap() < 4.3));
}

/// Fig. 10 of Bahl et al. 2025, upper right: the more a summary sees, the less the network amplifies. Over 3 training sets.
#[test]
fn likelihood_ratios_find_more_than_the_radius() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/ring-2d-lr.toml");
    let results = run_file(&Place::new(), example, &["--set", "experiment.training_sets=3"]);
    let g = |summary: &str| {
        let found = results.cells.iter().find(|c| c.name.summary == summary && c.name.reference == "holdout");
        found.unwrap().overall.as_ref().unwrap().g_mean.unwrap()
    };
    let (radius, classifier, truth) = (g("radius"), g("classifier-lr"), g("true-lr"));
    println!(
        "G by the radius {radius}, by the classifier {classifier}, by the true likelihood ratio {truth}"
    );
    assert!(radius > 1.5 * classifier && classifier > 1.5 * truth, "{radius} {classifier} {truth}");
    // Against a holdout the true likelihood ratio sees no amplification: an independent study found 0.05 to 0.07.
    assert!((0.01..0.3).contains(&truth), "{truth}");
}
