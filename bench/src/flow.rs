//! Flow matching over six jets with the published networks: a training step, and a call of the network in sampling.

use std::f64::consts::TAU;

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Alone, Batch, Chunk, Model, Origin, Result, Schema, Seed, Stream, TrainingSettings};
use serde_json::json;

use crate::peers::{Beside, Peers};
use crate::plugins::Plugins;
use crate::table::{Row, cost};
use crate::timing::{Pairs, REPETITIONS, Times};

/// Events of a step, and of a batch in sampling.
const BATCH: usize = 512;
/// Training steps in a repetition, as in `flow.py`.
const STEPS: u64 = 1;
/// Steps of the solver in a repetition, four calls of the network each, as in `flow.py`.
const SOLVER_STEPS: u64 = 1;
const MILLI: f64 = 1e-3;
const PARTICLES: [&str; 6] = ["b1", "q1", "q2", "b2", "q3", "q4"];

/// A generator, its name in the table, how many times as fast as the published code it should be, and how many times the transformer's time
/// its step should take at most.
const NETWORKS: [(&str, &str, f64, Option<f64>); 4] = [
    (TRANSFORMER, "transformer", 1.2, None),
    ("flow-lloca", "LLoCa", 1.5, Some(1.35)),
    ("flow-lgatr", "L-GATr", 5.0, Some(1.8)),
    ("flow-lgatr-slim", "L-GATr-slim", 2.0, None),
];
const TRANSFORMER: &str = "flow-transformer";

/// Milliseconds a training step (base events, lines, loss, gradient, clip, Adam), and a call of the network on a batch
/// (of base events, whose drawing is counted as well).
pub fn measure(plugins: &Plugins, peers: &Peers) -> Result<Vec<Row>> {
    let config = json!({"flow": {"steps": SOLVER_STEPS}});
    let events = jets(4 * BATCH);
    let rows: Vec<u64> = (0..4 * BATCH as u64).collect();
    let training = Batch::new(events.view(), Origin::Training, &rows);
    let schema = Schema::four_momenta(PARTICLES);
    let settings =
        TrainingSettings { iterations: STEPS, batch: BATCH, clip: 5.0, ..TrainingSettings::default() };
    let mut table = Vec::new();
    let transformer = plugins.generator(TRANSFORMER, &config)?.prepare(&training, &schema)?;
    for (name, network, target, of_transformer) in NETWORKS {
        let generator = plugins.generator(name, &config)?;
        let model = generator.prepare(&training, &schema)?;
        let step = || model.fit(&rows, &settings, Seed::new(2), &Alone).map(drop);
        let what = format!("flow matching, {network}, step, batch 512");
        table.extend(row(peers, (&format!("{name}-step"), target), &what, STEPS as f64, step)?);
        if let Some(most) = of_transformer {
            let other = || transformer.fit(&rows, &settings, Seed::new(2), &Alone).map(drop);
            let pairs = Pairs::of(REPETITIONS, step, other)?;
            let against = format!("the transformer's, {}", cost(&pairs.second, MILLI, "ms"));
            let row = Row::new(&what, cost(&pairs.first, MILLI, "ms"), against);
            table.push(row.at_most(pairs.ratio, most, "of it"));
        }
        let member = model.at(&model.initial(Seed::new(3))?)?;
        let mut out = Array2::zeros((BATCH, 4 * PARTICLES.len()));
        let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(4) };
        let sample = || member.sample(chunk, out.view_mut());
        let what = format!("flow matching, {network}, call on 512 events");
        let calls = 4.0 * SOLVER_STEPS as f64;
        table.extend(row(peers, (&format!("{name}-call"), target), &what, calls, sample)?);
    }
    table.push(base(plugins, &training, &schema)?);
    Ok(table)
}

/// The share of the base distribution, whose events are drawn until they pass the cuts, in sampling with the published 50
/// steps, by the fastest network. Sampling with n steps takes base + n steps: the base is twice one step less two steps.
fn base(plugins: &Plugins, training: &Batch<'_>, schema: &Schema) -> Result<Row> {
    const PUBLISHED: f64 = 50.0;
    let member = |steps: u64| {
        let generator = plugins.generator("flow-lgatr-slim", &json!({"flow": {"steps": steps}}))?;
        let model = generator.prepare(training, schema)?;
        model.at(&model.initial(Seed::new(3))?)
    };
    let (one, two) = (member(1)?, member(2)?);
    let mut out = Array2::zeros((BATCH, 4 * PARTICLES.len()));
    let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(4) };
    let mut again = out.clone();
    let pairs = Pairs::of(
        5 * REPETITIONS,
        || one.sample(chunk, out.view_mut()),
        || two.sample(chunk, again.view_mut()),
    )?;
    let (first, difference) = (pairs.first.median(), -pairs.difference);
    let base = first - difference;
    let whole = base + PUBLISHED * difference;
    let what = "flow matching, L-GATr-slim, base events with their cuts, 512 of them";
    let cost = format!("{:.2} ms", base / MILLI);
    let against = format!("50 steps of the solver, {:.0} ms", PUBLISHED * difference / MILLI);
    Ok(Row::new(what, cost, against).surplus(1.0 + base / whole, Some(2.0)))
}

fn row(
    peers: &Peers,
    (key, target): (&str, f64),
    what: &str,
    units: f64,
    mut work: impl FnMut() -> Result<()>,
) -> Result<Vec<Row>> {
    let show = |times: &Times| cost(times, MILLI, "ms");
    if let Some(Beside { name, pairs }) = peers.beside(key, REPETITIONS, units, &mut work)? {
        let against = format!("{name}, {}", show(&pairs.first));
        return Ok(vec![Row::new(what, show(&pairs.second), against).times(pairs.ratio, Some(target))]);
    }
    Ok(vec![Row::new(what, show(&Times::of(REPETITIONS, work)?.per(units)), "")])
}

/// Jets above the cut of 22 GeV.
fn jets(n: usize) -> Array2<f64> {
    let mut stream: Stream = Seed::new(1).stream();
    let mut events = Array2::zeros((n, 4 * PARTICLES.len()));
    for mut event in events.rows_mut() {
        for mut jet in event.exact_chunks_mut(4) {
            let [a, b, c, d]: [f64; 4] = std::array::from_fn(|_| stream.random());
            let (pt, phi, eta, mass) = (30.0 + 60.0 * a, TAU * b, 3.0 * c - 1.5, 5.0 + 8.0 * d);
            let energy = (mass * mass + (pt * eta.cosh()).powi(2)).sqrt();
            let momentum = [energy, pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()];
            jet.iter_mut().zip(momentum).for_each(|(p, value)| *p = value);
        }
    }
    events
}
