//! Given columns: which terms the loss has, its gradient, and events that follow their conditions.

use amplicast_sdk::ndarray::Axis;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Alone, Generator, Model, TrainingSettings};

use super::*;

fn conditional(names: &[&str]) -> AutoregressiveConfig {
    let condition = names.iter().map(|name| (*name).to_string()).collect();
    AutoregressiveConfig { condition, ..Default::default() }
}

/// c ~ N(5, 2^2) and x = c + N(0, 0.5^2); `c` is the column with this number.
fn dependent(n: usize, seed: u64, c: usize) -> Array2<f64> {
    let mut stream = Seed::new(seed).stream();
    let mut events = Array2::zeros((n, 2));
    for mut event in events.rows_mut() {
        let [z, noise]: [f64; 2] = std::array::from_fn(|_| StandardNormal.sample(&mut stream));
        event[c] = 5.0 + 2.0 * z;
        event[1 - c] = event[c] + 0.5 * noise;
    }
    events
}

fn loss(model: &AutoregressiveModel, theta: &[f32], rows: &[u64], gradient: &mut [f32]) -> f64 {
    model.gradients().unwrap().loss_and_gradient(theta, rows, None, Seed::new(1), gradient).unwrap()
}

/// With the same parameters -log p(x1 | x0) is -log p(x0, x1) + log p(x0), the latter by an integral over x1: in numbers of the event both.
#[test]
fn the_loss_has_the_terms_of_generated_columns_alone() {
    let (events, schema) = (ring(20, 2, Seed::new(1)), schema(2));
    let whole = prepare(AutoregressiveConfig::default(), &events, &schema);
    let given = prepare(conditional(&["x0"]), &events, &schema);
    assert_eq!(whole.layout(), given.layout());
    let mut theta = whole.initial(Seed::new(1)).unwrap();
    let mut stream = Seed::new(2).stream();
    theta.iter_mut().for_each(|t| *t += 0.1 * (stream.random::<f32>() - 0.5));
    let rows: Vec<u64> = (0..20).collect();
    let mut gradient = vec![0.0; theta.len()];
    let (of_both, found) =
        (loss(&whole, &theta, &rows, &mut gradient), loss(&given, &theta, &rows, &mut gradient));
    let member = whole.at(&theta).unwrap();
    let (cells, half) = (8000, 12.0);
    let step = 2.0 * half / cells as f64;
    let log_marginal = |x0: f64| {
        let line =
            Array2::from_shape_fn(
                (cells, 2),
                |(i, k)| if k == 0 { x0 } else { (i as f64 + 0.5) * step - half },
            );
        let mut density = vec![0.0; cells];
        member.log_density(line.view(), Seed::new(1), &mut density).unwrap();
        (density.iter().map(|p| p.exp()).sum::<f64>() * step).ln()
    };
    let mean = events.column(0).iter().map(|x0| log_marginal(*x0)).sum::<f64>() / 20.0;
    assert!(mean.abs() > 0.1 && (found - of_both - mean).abs() < 1e-4, "{found} {of_both} {mean}");
}

/// Segment by segment against differences of the loss, whichever columns are given.
#[test]
fn gradients_are_those_of_finite_differences() {
    for names in [&["x0"][..], &["x2"], &["x3", "x1"]] {
        let small =
            AutoregressiveConfig { width: 8, heads: 2, blocks: 1, components: 4, ..conditional(names) };
        let model = prepare(small, &ring(60, 4, Seed::new(3)), &schema(4));
        let rows: Vec<u64> = (0..60).collect();
        let theta = model.initial(Seed::new(4)).unwrap();
        let mut gradient = vec![0.0; theta.len()];
        loss(&model, &theta, &rows, &mut gradient);
        let mut stream = Seed::new(5).stream();
        for (segment, range) in model.layout().ranges() {
            let direction: Vec<f32> = range.clone().map(|_| 2.0 * stream.random::<f32>() - 1.0).collect();
            let at = |step: f32| {
                let mut moved = theta.clone();
                moved[range.clone()].iter_mut().zip(&direction).for_each(|(t, d)| *t += step * d);
                loss(&model, &moved, &rows, &mut vec![0.0; theta.len()])
            };
            let slope = (at(0.004) - at(-0.004)) / 0.008;
            let own = &gradient[range.clone()];
            let found: f64 = own.iter().zip(&direction).map(|(g, d)| f64::from(g * d)).sum();
            let norm = own.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
            let what = format!("{names:?}, {}: {found} {slope} of {norm}", segment.name);
            assert!((found - slope).abs() < 5e-3 * norm + 5e-4, "{what}");
        }
    }
}

/// Whether the given column comes first or last, and for conditions that are spread otherwise than those of the training.
#[test]
fn events_follow_their_conditions() {
    for c in [0, 1] {
        let events = dependent(2000, 6, c);
        let names = [["x0", "x1"][c]];
        let generator = Autoregressive::new(conditional(&names)).unwrap();
        assert!(!generator.abilities().log_density);
        let model = prepare(conditional(&names), &events, &schema(2));
        let rows: Vec<u64> = (0..2000).collect();
        let settings = TrainingSettings { iterations: 500, ..Default::default() };
        let theta = model.fit(&rows, &settings, Seed::new(5), &Alone).unwrap();
        let member = model.at(&theta).unwrap();
        let n = 4000;
        let mut out = Array2::from_elem((n, 2), f64::NAN);
        let mut stream = Seed::new(7).stream();
        out.column_mut(c).mapv_inplace(|_| 2.0 + 6.0 * stream.random::<f64>());
        let before = out.column(c).to_owned();
        member.sample(chunk(8), out.view_mut()).unwrap();
        assert_eq!(out.column(c), before);
        let residuals: Vec<f64> = out.axis_iter(Axis(0)).map(|event| event[1 - c] - event[c]).collect();
        let mean = residuals.iter().sum::<f64>() / n as f64;
        let width = (residuals.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
        // Of a network that was trained for a second; without the condition the width would be 2.
        assert!(mean.abs() < 0.15 && (width / 0.5 - 1.0).abs() < 0.2, "{c}: {mean} {width}");
        // A condition of one event is none of another's, and the first events are those of a shorter chunk.
        let mut other = Array2::from_elem((70, 2), f64::NAN);
        other.column_mut(c).assign(&before.slice(amplicast_sdk::ndarray::s![..70]));
        other[[69, c]] = 3.0;
        member.sample(chunk(8), other.view_mut()).unwrap();
        assert_eq!(
            other.slice(amplicast_sdk::ndarray::s![..69, ..]),
            out.slice(amplicast_sdk::ndarray::s![..69, ..])
        );
        let mut density = [0.0];
        let one = out.slice(amplicast_sdk::ndarray::s![..1, ..]);
        let error = member.log_density(one, Seed::new(1), &mut density).unwrap_err().to_string();
        assert!(error.contains("no density of whole events"), "{error}");
        other[[0, c]] = f64::INFINITY;
        let error = member.sample(chunk(8), other.view_mut()).unwrap_err().to_string();
        assert!(error.starts_with("event 0: expected finite numbers in its given columns"), "{error}");
    }
}

/// Partons that are given have no cut; jets that are generated do.
#[test]
fn momenta_given_others() {
    let mut events = momenta(400, 3, Seed::new(1));
    // A parton in the middle, with a quarter of the momentum of the third particle.
    for mut event in events.rows_mut() {
        (0..4).for_each(|k| event[4 + k] = 0.25 * event[8 + k]);
    }
    let config = AutoregressiveConfig {
        coordinates: CoordinateSystem::LogPtPhiEtaLogM2,
        width: 16,
        blocks: 1,
        ..conditional(&["p1"])
    };
    let model = prepare(config, &events, &Schema::four_momenta(["p0", "p1", "p2"]));
    let mut out = events.clone();
    [0..4, 8..12].into_iter().flatten().for_each(|column| out.column_mut(column).fill(f64::NAN));
    model.at(&model.initial(Seed::new(1)).unwrap()).unwrap().sample(chunk(2), out.view_mut()).unwrap();
    for (event, before) in out.rows().into_iter().zip(events.rows()) {
        let (event, before) = (event.to_vec(), before.to_vec());
        assert_eq!(event[4..8], before[4..8]);
        for p in [&event[..4], &event[8..]] {
            assert!(p[1].hypot(p[2]) >= 22.0 - 1e-9 && p[0] > 0.0, "{p:?}");
        }
    }
}
