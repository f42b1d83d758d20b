use super::*;
use crate::gaussian_model::{GaussianModel, infer_members};

fn repulsive(config: RepulsiveEnsembleConfig) -> RepulsiveEnsemble {
    RepulsiveEnsemble::new(config).unwrap()
}

fn brief() -> TrainingSettings {
    TrainingSettings { iterations: 10, ..TrainingSettings::default() }
}

/// Long enough to come to rest from several hundred posterior widths away.
fn settings() -> TrainingSettings {
    TrainingSettings { iterations: 3000, learning_rate: 0.05, ..TrainingSettings::default() }
}

fn members(model: &GaussianModel, config: RepulsiveEnsembleConfig, count: u64) -> Vec<Vec<f32>> {
    let ensemble = repulsive(config);
    let chain = infer_members(&ensemble, model, &settings(), 0, Some(count)).unwrap();
    let members = ensemble.members(&[chain], count, Seed::new(1)).unwrap();
    assert_eq!(members.n_effective, count as f64);
    members.parameters
}

/// Deviation of the mean in posterior widths, and variance (with N - 1) over the posterior's, of each coordinate.
fn against_exact(
    model: &GaussianModel,
    prior_width: f64,
    temperature: f64,
    found: &[Vec<f32>],
) -> Vec<(f64, f64)> {
    let rows: Vec<u64> = (0..model.events.nrows() as u64).collect();
    let scale = rows.len() as f64 / temperature;
    let precision = scale + prior_width.powi(-2);
    let coordinate = |(k, mean): (usize, f64)| {
        let pulls: Vec<f64> = found
            .iter()
            .map(|theta| (f64::from(theta[k]) - mean * scale / precision) * precision.sqrt())
            .collect();
        let average = pulls.iter().sum::<f64>() / pulls.len() as f64;
        let square: f64 = pulls.iter().map(|x| (x - average).powi(2)).sum();
        (average, square / (pulls.len() - 1) as f64)
    };
    model.mean(&rows).into_iter().enumerate().map(coordinate).collect()
}

/// Particles at rest have the mean and the variance of the exact posterior, however few they are: no scatter is left but
/// that of f32 and of the last steps.
#[test]
fn particles_find_mean_and_width_of_the_exact_posterior() {
    let model = GaussianModel::new(1000, 1, 4);
    for kernel in [Kernel::Coordinates, Kernel::Joint] {
        for count in [2, 5, 20, 30] {
            let config = RepulsiveEnsembleConfig { kernel, ..Default::default() };
            let [(mean, variance)] = against_exact(&model, 1.0, 1.0, &members(&model, config, count))[..]
            else {
                panic!("one coordinate")
            };
            assert!(mean.abs() < 0.01, "{kernel:?}, {count}: {mean}");
            assert!((variance - 1.0).abs() < 0.01, "{kernel:?}, {count}: {variance}");
        }
    }
}

#[test]
fn more_dimensions_than_particles_keep_their_widths() {
    let model = GaussianModel::new(1000, 30, 4);
    let found = against_exact(&model, 1.0, 1.0, &members(&model, Default::default(), 10));
    for (mean, variance) in found {
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
    }
}

#[test]
fn prior_and_temperature_count() {
    let model = GaussianModel::new(100, 2, 5);
    let config = RepulsiveEnsembleConfig { prior_width: 0.1, temperature: Some(4.0), ..Default::default() };
    for (mean, variance) in against_exact(&model, 0.1, 4.0, &members(&model, config, 10)) {
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
    }
}

#[test]
fn other_segments_are_trained_to_a_point() {
    let model = GaussianModel::new(200, 3, 6);
    let config = RepulsiveEnsembleConfig { segments: vec!["head".into()], ..Default::default() };
    let found = members(&model, config, 5);
    assert!(found.windows(2).all(|pair| (pair[0][0] - pair[1][0]).abs() > 1e-3));
    let rows: Vec<u64> = (0..200).collect();
    for (k, mean) in model.mean(&rows).into_iter().enumerate().skip(1) {
        assert!(found.iter().all(|theta| (f64::from(theta[k]) - mean).abs() < 1e-3), "{k}");
    }
}

/// A model that allows one call at a time, and counts those under way.
#[test]
fn no_more_calls_at_once_than_the_model_allows() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let (under_way, largest) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let found = at_most(1, 6, &testing::Threads, |i| {
        largest.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(2));
        under_way.fetch_sub(1, Ordering::SeqCst);
        Ok(i)
    });
    assert_eq!((found.unwrap(), largest.into_inner()), ((0..6).collect(), 1));
}

#[test]
fn refusals() {
    let model = GaussianModel::new(10, 1, 7);
    let ensemble = repulsive(Default::default());
    let message = |members| infer_members(&ensemble, &model, &brief(), 0, members).unwrap_err().to_string();
    assert!(message(None).starts_with("expected the number of members, which are inferred together"));
    assert_eq!(message(Some(1)), "expected at least 2 members, found 1");
    let chain = infer_members(&ensemble, &model, &brief(), 0, Some(3)).unwrap();
    let error = ensemble.members(&[chain], 2, Seed::new(0)).unwrap_err().to_string();
    assert_eq!(error, "expected 2 members trained together, found 3");
    assert!(ensemble.requirements().likelihood && ensemble.requirements().joint);
    let with = repulsive(RepulsiveEnsembleConfig { temperature: Some(1.0), ..Default::default() });
    assert!(!with.requirements().likelihood);
}
