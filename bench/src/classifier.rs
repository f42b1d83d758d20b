//! A step of the classifier between true and generated events.

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Alone, Batch, Error, Origin, Result, Schema, Seed, SummaryFit};
use serde_json::json;

use crate::peers::{Beside, Peers};
use crate::plugins::Plugins;
use crate::table::{Row, cost};
use crate::timing::{REPETITIONS, Times};

const STEPS: u64 = 1000;
const EVENTS: usize = 10_000;
const MILLI: f64 = 1e-3;

/// Milliseconds a step of 256 events with two hidden layers of 64: batch, loss, gradient, clip, Adam, and the looks at the
/// validation loss.
pub fn measure(plugins: &Plugins, peers: &Peers) -> Result<Vec<Row>> {
    // It never stops early.
    let config = json!({"iterations": STEPS, "patience": STEPS, "validate_every": 100});
    let summary = plugins.summary("classifier-lr", &config)?;
    let summary = summary.fitted().ok_or_else(|| Error::unsupported("expected a fitted summary"))?;
    let mut stream = Seed::new(1).stream();
    let mut draw = || Array2::from_shape_simple_fn((EVENTS, 2), || StandardNormal.sample(&mut stream));
    let (truth, generated) = (draw(), draw());
    let rows: Vec<u64> = (0..EVENTS as u64).collect();
    let schema = Schema::columns(["x_0", "x_1"].map(String::from));
    let training = Batch::new(truth.view(), Origin::Training, &rows);
    let fit = SummaryFit {
        schema: &schema,
        training,
        unseen: training.part(0..0),
        generated: Batch::new(generated.view(), Origin::Generated, &rows),
        seed: Seed::new(2),
        context: &Alone,
    };
    let ours = || summary.fit(&fit).map(drop);
    let what = "classifier step, 64 x 64, batch 256";
    let show = |times: &Times| cost(times, MILLI, "ms");
    if let Some(Beside { name, pairs }) = peers.beside("classifier", 2 * REPETITIONS, STEPS as f64, ours)? {
        let against = format!("{name}, {}", show(&pairs.first));
        return Ok(vec![Row::new(what, show(&pairs.second), against).times(pairs.ratio, Some(2.0))]);
    }
    let alone = Times::of(REPETITIONS, ours)?.per(STEPS as f64);
    Ok(vec![Row::new(what, show(&alone), "").at_most(alone.median() / MILLI, 0.39, "ms")])
}
