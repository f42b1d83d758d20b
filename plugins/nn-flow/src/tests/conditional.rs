//! Given columns: they stay for all times, have no part in the loss, and events follow them.

use ndarray::s;

use super::*;

fn conditional(names: &[&str], flow: FlowConfig) -> FlowTransformerConfig {
    let condition = names.iter().map(|name| (*name).to_string()).collect();
    FlowTransformerConfig { width: 16, heads: 2, blocks: 1, condition, flow, ..Default::default() }
}

/// c ~ N(5, 2^2) in the second column; x = c + N(0, 0.5^2) and y = -c + N(0, 1) around it.
fn dependent(n: usize, seed: u64) -> Array2<f64> {
    let mut stream = Seed::new(seed).stream();
    let mut events = Array2::zeros((n, 3));
    for mut event in events.rows_mut() {
        let [z, a, b]: [f64; 3] = std::array::from_fn(|_| StandardNormal.sample(&mut stream));
        let c = 5.0 + 2.0 * z;
        event.assign(&ndarray::arr1(&[c + 0.5 * a, c, b - c]));
    }
    events
}

fn schema() -> Schema {
    Schema::columns(["x", "c", "y"])
}

/// On the lines from events to the base given coordinates, which come first, have their true values for all times, and the velocity 0.
#[test]
fn lines_hold_what_is_given() {
    let events = dependent(100, 1);
    let space = CoordinateSystem::Automatic.space(events.view(), &schema(), &[1], CUTS).unwrap();
    assert_eq!((space.given(), space.shape()), (1, [3, 1]));
    let mut x = vec![0.0; 300];
    for (x, event) in x.chunks_exact_mut(3).zip(events.rows()) {
        space.coordinates().forward(&event.to_vec(), x).unwrap();
    }
    let lines = Lines::new(&*space, &x, Seed::new(5));
    for ((x0, (xt, v)), t) in x.chunks(3).zip(lines.x.chunks(3).zip(lines.v.chunks(3))).zip(&lines.t) {
        assert_eq!((xt[0], v[0]), (x0[0], 0.0));
        assert!((1..3).all(|k| v[k] != 0.0 && (xt[k] - x0[k] - t * v[k]).abs() < 1e-12));
    }
}

/// Whatever stands in the place of a given coordinate's velocity; and the mean is over the generated ones.
#[test]
fn given_coordinates_have_no_part_in_the_loss() {
    let of = |given| {
        let network =
            Transformer { tokens: 3, numbers: 1, given, width: 8, heads: 2, blocks: 1, mlp_factor: 2 };
        (layout(&network.parameters()), network.in_lanes())
    };
    let (layout, network) = of(1);
    let mut stream = Seed::new(2).stream();
    let mut numbers = |n: usize| -> Vec<f64> { (0..n).map(|_| StandardNormal.sample(&mut stream)).collect() };
    let theta: Vec<f32> = numbers(layout.len()).iter().map(|x| 0.3 * *x as f32).collect();
    let n = 37;
    let lines =
        Lines { t: numbers(n).iter().map(|x| x.sin().abs()).collect(), x: numbers(3 * n), v: numbers(3 * n) };
    let noise = numbers(n);
    let weights = vec![1.0 / n as f64; n];
    let with = |network: &dyn Network, lines: &Lines| {
        let mut gradient = vec![0.0; theta.len()];
        let loss = network.loss_and_gradient((&layout, &theta), lines, &weights, &mut gradient).unwrap();
        (loss, gradient)
    };
    let expected = with(&*network, &lines);
    let mut other = Lines { t: lines.t.clone(), x: lines.x.clone(), v: lines.v.clone() };
    other.v.iter_mut().step_by(3).zip(&noise).for_each(|(v, z)| *v += z);
    assert_eq!(with(&*network, &other), expected);
    // The loss of all three is (2 L + that of the given one) / 3, and the latter vanishes where the velocity is right.
    let mut field = network.field((&layout, &theta)).unwrap();
    for (i, t) in lines.t.iter().enumerate() {
        let mut v = [0.0; 3];
        field(*t, &lines.x[3 * i..3 * i + 3], &mut v).unwrap();
        other.v[3 * i] = v[0];
    }
    let (_, whole) = of(0);
    let found = with(&*whole, &other).0;
    assert!((found - 2.0 / 3.0 * expected.0).abs() < 1e-6 * expected.0, "{found} {}", expected.0);
}

#[test]
fn gradients_are_those_of_the_loss() {
    let events = dependent(50, 11);
    let model = model(conditional(&["c"], FlowConfig::default()), events.view(), &schema());
    let theta = model.initial(Seed::new(1)).unwrap();
    let rows: Vec<u64> = (0..50).collect();
    let gradients = model.gradients().unwrap();
    let loss = |theta: &[f32]| gradients.loss(theta, &rows, Seed::new(2)).unwrap();
    let mut gradient = vec![0.0; theta.len()];
    gradients.loss_and_gradient(&theta, &rows, None, Seed::new(2), &mut gradient).unwrap();
    let mut stream = Seed::new(3).stream();
    for (segment, range) in model.layout().ranges() {
        let direction: Vec<f32> = range.clone().map(|_| 2.0 * stream.random::<f32>() - 1.0).collect();
        let at = |step: f32| {
            let mut moved = theta.clone();
            moved[range.clone()].iter_mut().zip(&direction).for_each(|(t, d)| *t += step * d);
            loss(&moved)
        };
        let slope = (at(0.01) - at(-0.01)) / 0.02;
        let own = &gradient[range.clone()];
        let found: f64 = own.iter().zip(&direction).map(|(g, d)| f64::from(g * d)).sum();
        let norm = own.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        assert!((found - slope).abs() < 5e-3 * norm + 1e-4, "{}: {found} {slope} of {norm}", segment.name);
    }
}

/// By every solver, at conditions that are spread otherwise than those of the training.
#[test]
fn events_follow_their_conditions() {
    let events = dependent(2000, 21);
    let rows: Vec<u64> = (0..2000).collect();
    let settings =
        TrainingSettings { iterations: 800, batch: 200, learning_rate: 4e-3, ..Default::default() };
    let fixed = FlowConfig { steps: 12, ..FlowConfig::default() };
    let of = |flow: FlowConfig| model(conditional(&["c"], flow), events.view(), &schema());
    let theta = of(fixed.clone()).fit(&rows, &settings, Seed::new(22), &Alone).unwrap();
    let n = 1500;
    let mut stream = Seed::new(23).stream();
    let conditions: Vec<f64> = (0..n).map(|_| 2.0 + 6.0 * stream.random::<f64>()).collect();
    let sample = |flow: FlowConfig| {
        let mut out = Array2::from_elem((n, 3), f64::NAN);
        out.column_mut(1).assign(&ndarray::arr1(&conditions));
        let member = of(flow).at(&theta).unwrap();
        member.sample(chunk(8), out.view_mut()).unwrap();
        assert_eq!(out.column(1).to_vec(), conditions);
        // The first events of a shorter chunk are the same.
        let mut part = out.slice(s![..700, ..]).to_owned();
        member.sample(chunk(8), part.view_mut()).unwrap();
        let off = (&part - &out.slice(s![..700, ..])).mapv(f64::abs);
        assert!(off.iter().all(|off| *off < 0.02), "{}", off.iter().fold(0.0, |m: f64, x| m.max(*x)));
        out
    };
    let published = sample(fixed);
    for (column, sign, expected) in [(0, 1.0, 0.5), (2, -1.0, 1.0)] {
        let residuals = &published.column(column) - &published.column(1).mapv(|c| sign * c);
        let (mean, width) = (residuals.mean().unwrap(), residuals.std(0.0));
        // Of a small network that was trained for a moment; without the condition the width would be 2.
        assert!(mean.abs() < 0.3 && (width / expected - 1.0).abs() < 0.3, "{column}: {mean} {width}");
    }
    for solver in [SolverKind::Adaptive, SolverKind::Multistep] {
        let found = sample(FlowConfig { solver, tolerance: 1e-3, ..FlowConfig::default() });
        // Of columns with a width of 2.
        let off = (&found - &published).mapv(|x| x * x).mean().unwrap().sqrt();
        assert!(off < 0.1, "{solver:?}: {off}");
    }
}

/// Partons that overlap jets, below their cut and without mass; the cuts of the base are those of jets alone.
#[test]
fn jets_given_partons() {
    let (jets, _) = jets(300);
    let mut events = Array2::zeros((300, 24));
    events.slice_mut(s![.., 12..]).assign(&jets.slice(s![.., ..12]));
    for mut event in events.rows_mut() {
        for parton in 0..3 {
            // In the direction of its jet, with a third of its momentum.
            let p: Vec<f64> = (1..4).map(|k| event[12 + 4 * parton + k] / 3.0).collect();
            event[4 * parton] = p.iter().map(|p| p * p).sum::<f64>().sqrt();
            (0..3).for_each(|k| event[4 * parton + 1 + k] = p[k]);
        }
    }
    let schema = Schema::four_momenta(["b", "q", "Q", "jet b", "jet q", "jet Q"]);
    let flow = FlowConfig { steps: 8, ..FlowConfig::default() };
    let config = conditional(&["b", "q", "Q"], flow);
    let generator = FlowTransformer::new(config.clone()).unwrap();
    assert!(!generator.abilities().log_density);
    assert_eq!(generator.conditions(&schema).unwrap(), (0..12).collect::<Vec<_>>());
    let model = model(config, events.view(), &schema);
    let member = model.at(&model.initial(Seed::new(1)).unwrap()).unwrap();
    let mut out = events.clone();
    out.slice_mut(s![.., 12..]).fill(f64::NAN);
    member.sample(chunk(2), out.view_mut()).unwrap();
    assert_eq!(out.slice(s![.., ..12]), events.slice(s![.., ..12]));
    for event in out.rows() {
        for jet in event.to_vec()[12..].chunks_exact(4) {
            assert!(jet[1].hypot(jet[2]) > 22.0 - 0.01 && jet[0] > 0.0, "{jet:?}");
        }
    }
    let mut density = [0.0];
    let error =
        member.log_density(out.slice(s![..1, ..]), Seed::new(1), &mut density).unwrap_err().to_string();
    assert!(error.contains("no density of whole events"), "{error}");
    let part = FlowTransformer::new(conditional(&["b.E"], FlowConfig::default())).unwrap();
    let rows: Vec<u64> = (0..300).collect();
    let error = part.prepare(&Batch::new(events.view(), Origin::Training, &rows), &schema).err().unwrap();
    assert!(error.to_string().starts_with("condition: expected whole particles"), "{error}");
}
