//! Calls of a flow's network: sampling with the solver `multistep` beside the published 50 steps, of one trained network.

use std::time::Instant;

use amplicast_sdk::abi::LoadedSummary;
use amplicast_sdk::ndarray::{Array2, Axis};
use amplicast_sdk::{
    Alone, Batch, Chunk, Error, Member, Model, Origin, Result, Schema, Seed, Split, Summary,
    TrainingSettings, chunk_events,
};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::plugins::Plugins;
use crate::table::Row;

/// Top pairs of the examples, and the network of `examples/ttbar-small.toml`.
const EVENTS_FILE: &str = "examples/data/ttbar_0j.npy";
const PARTICLES: [&str; 6] = ["b1", "q1", "q2", "b2", "q3", "q4"];
const N_TRAIN: usize = 5000;
const STEPS: u64 = 3000;
const BATCH: usize = 256;

/// Events that are generated, each time from the same base events.
const EVENTS: usize = 20_000;
/// Times as many events a second, the largest KS distance, and the largest change of a mass's median in per cent.
const TARGETS: (f64, f64, f64) = (3.0, 0.01, 0.5);

/// A summary: its plugin, its particles or what else it takes, and whether it is a mass.
fn observables() -> Vec<(&'static str, Value, bool)> {
    let mass = |particles: &[usize]| ("invariant-mass", json!({ "particles": particles }), true);
    let momentum = |particles: &[usize]| ("transverse-momentum", json!({ "particles": particles }), false);
    let rapidity = |particle: usize| ("pseudorapidity", json!({ "particles": [particle] }), false);
    let distance = |a: usize, b: usize| ("delta-r", json!({ "first": [a], "second": [b] }), false);
    vec![
        mass(&[0, 1, 2, 3, 4, 5]),
        mass(&[0, 1, 2]),
        mass(&[3, 4, 5]),
        mass(&[1, 2]),
        mass(&[4, 5]),
        momentum(&[0]),
        momentum(&[1]),
        momentum(&[3]),
        momentum(&[0, 1, 2]),
        rapidity(0),
        rapidity(3),
        distance(0, 1),
        distance(1, 2),
        ("ht", json!({}), false),
    ]
}

/// Events a second on two threads, and how far their distributions are apart.
pub fn measure(plugins: &Plugins) -> Result<Vec<Row>> {
    let dataset = plugins.dataset(
        "events-file",
        &json!({"train": EVENTS_FILE, "train_rows": [0, N_TRAIN], "particles": PARTICLES}),
    )?;
    let schema = dataset.schema();
    let mut events = Array2::zeros((N_TRAIN, schema.dimension()));
    dataset.read(
        Split::Training,
        Chunk { index: 0, first_event: 0, seed: Seed::new(0) },
        events.view_mut(),
    )?;
    let rows: Vec<u64> = (0..N_TRAIN as u64).collect();
    let training = Batch::new(events.view(), Origin::Training, &rows);
    let model = |flow: Value| {
        let config = json!({"width": 64, "heads": 4, "blocks": 4, "flow": flow});
        plugins.generator("flow-transformer", &config)?.prepare(&training, schema)
    };
    let published = model(json!({}))?;
    let settings = TrainingSettings {
        iterations: STEPS,
        batch: BATCH,
        learning_rate: 2e-3,
        clip: 5.0,
        ..TrainingSettings::default()
    };
    let parameters = published.fit(&rows, &settings, Seed::new(1), &Alone)?;

    let (reference, slow) = sample(&*published.at(&parameters)?, schema)?;
    let prepared = |(plugin, config, is_mass): (&str, Value, bool)| match plugins.summary(plugin, &config)? {
        LoadedSummary::Fixed(summary) => {
            let summary = summary.prepare(schema)?;
            Ok((values(&*summary, &reference)?, summary, is_mass))
        }
        _ => Err(Error::unsupported(format!("{plugin}: expected a summary that is not fitted"))),
    };
    let observables = observables().into_iter().map(prepared).collect::<Result<Vec<_>>>()?;
    let (times, ks, masses) = TARGETS;
    let rate = |seconds: f64| format!("{:.0} events/s", EVENTS as f64 / seconds);
    let mut table = Vec::new();
    for (name, flow) in [
        ("multistep", json!({"solver": "multistep"})),
        ("multistep of tolerance 1e-2", json!({"solver": "multistep", "tolerance": 1e-2})),
    ] {
        let (found, fast) = sample(&*model(flow)?.at(&parameters)?, schema)?;
        let (mut largest, mut shift) = (0.0_f64, 0.0_f64);
        for (of_reference, summary, is_mass) in &observables {
            let of_found = values(&**summary, &found)?;
            largest = largest.max(distance(of_reference, &of_found));
            if *is_mass {
                shift = shift.max((100.0 * (median(&of_found) / median(of_reference) - 1.0)).abs());
            }
        }
        let what =
            format!("sampling, transformer of ttbar-small after {STEPS} steps, {EVENTS} events, {name}");
        let against = format!("50 steps of the 3/8 rule, {}", rate(slow));
        let same = "the same base events";
        table.extend([
            Row::new(&what, rate(fast), against).times(slow / fast, Some(times)),
            Row::new(format!("{what}: largest KS distance of 14"), format!("{largest:.4}"), same)
                .at_most(largest, ks, ""),
            Row::new(format!("{what}: largest shift of a mass"), format!("{shift:.3} %"), same)
                .at_most(shift, masses, "%"),
        ]);
    }
    Ok(table)
}

/// Events of a member, chunk by chunk on two threads, and the seconds that they take.
fn sample(member: &dyn Member, schema: &Schema) -> Result<(Array2<f64>, f64)> {
    let mut events = Array2::zeros((EVENTS, schema.dimension()));
    let chunk = |index: usize, first: usize| Chunk {
        index: index as u64,
        first_event: first as u64,
        seed: Seed::new(2).index(index as u64),
    };
    // What a member finds out with its first events.
    let mut first = events.clone();
    member.sample(chunk(0, 0), first.slice_mut(amplicast_sdk::ndarray::s![..1, ..]))?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
    let pool = pool.map_err(|error| Error::plugin(format!("cannot start threads: {error}")))?;
    let step = chunk_events(schema.dimension()).min(EVENTS / 8);
    let start = Instant::now();
    pool.install(|| {
        let mut parts: Vec<_> = events.axis_chunks_iter_mut(Axis(0), step).enumerate().collect();
        parts
            .par_iter_mut()
            .try_for_each(|(index, part)| member.sample(chunk(*index, *index * step), part.view_mut()))
    })?;
    Ok((events, start.elapsed().as_secs_f64()))
}

/// A summary of all events, in rising order.
fn values(summary: &dyn Summary, events: &Array2<f64>) -> Result<Vec<f64>> {
    let rows: Vec<u64> = (0..events.nrows() as u64).collect();
    let mut values = vec![0.0; events.nrows()];
    summary.evaluate(&Batch::new(events.view(), Origin::Generated, &rows), &mut values)?;
    values.sort_by(f64::total_cmp);
    Ok(values)
}

fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

/// sup |F_a - F_b| of as many values each, in rising order.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let below = |list: &[f64], x: f64| list.partition_point(|y| *y <= x) as f64 / list.len() as f64;
    a.iter().chain(b).map(|x| (below(a, *x) - below(b, *x)).abs()).fold(0.0, f64::max)
}
