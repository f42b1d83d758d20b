//! A step of the variational posterior over the autoregressive network.

use amplicast_sdk::{Alone, Inference, Model, Result, Seed, TrainingSettings};
use serde_json::json;

use crate::peers::{Beside, Peers};
use crate::plugins::Plugins;
use crate::ring::{TRAINING, model, rows};
use crate::table::{Row, cost};
use crate::timing::{Pairs, REPETITIONS, Times};

/// Times as fast as PyTorch.
const TARGET: f64 = 12.0;
const BATCH: usize = 200;
const STEPS: u64 = 50;
const MILLI: f64 = 1e-3;

/// Milliseconds a step: draw, loss, gradient, clip, Adam.
pub fn measure(plugins: &Plugins, peers: &Peers, dimension: usize) -> Result<Vec<Row>> {
    let model = model(plugins, dimension)?;
    let posterior = plugins.uncertainty(
        "bayesian",
        &json!({"segments": ["head.weight"], "initial_log_sigma": -2.0, "log_sigma_learning_rate": 4e-3}),
    )?;
    let settings = TrainingSettings { iterations: STEPS, batch: BATCH, ..Default::default() };
    let inference = Inference {
        chain: 0,
        model: &model,
        members: None,
        rows: &(0..TRAINING as u64).collect::<Vec<_>>(),
        training_rows: TRAINING as u64,
        settings: &settings,
        seed: Seed::new(3),
        context: &Alone,
    };
    let (theta, rows) = (model.initial(Seed::new(4))?, rows());
    let mut gradient = vec![0.0; theta.len()];
    let gradients = model.gradients().expect("it has gradients");
    let gradient_alone = || {
        (0..STEPS).try_for_each(|step| {
            let first = BATCH * (step as usize % (TRAINING / BATCH));
            let batch = &rows[first..first + BATCH];
            gradients.loss_and_gradient(&theta, batch, None, Seed::new(5), &mut gradient).map(drop)
        })
    };
    let chain = || posterior.infer_chain(&inference).map(drop);
    let pairs = Pairs::of(REPETITIONS, chain, gradient_alone)?;
    let (ours, bare) = (pairs.first.per(STEPS as f64), pairs.second.per(STEPS as f64));

    let what = format!("variational step, autoregressive, {dimension}D, batch {BATCH}");
    let show = |times: &Times| cost(times, MILLI, "ms");
    let against = format!("its gradient alone, {}", show(&bare));
    let mut table = vec![Row::new(&what, show(&ours), against).surplus(pairs.ratio, None)];
    let key = format!("step-{dimension}");
    if let Some(Beside { name, pairs }) = peers.beside(&key, 2 * REPETITIONS, STEPS as f64, chain)? {
        let against = format!("{name}, {}", show(&pairs.first));
        table.push(Row::new(what, show(&pairs.second), against).times(pairs.ratio, Some(TARGET)));
    }
    Ok(table)
}
