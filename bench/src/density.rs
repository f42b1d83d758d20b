//! Log densities of the autoregressive network.

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Alone, Model, Result, Seed, TrainingSettings};

use crate::peers::{Beside, Peers};
use crate::plugins::Plugins;
use crate::ring::{chunk, model, rows};
use crate::table::{Row, rate};
use crate::timing::{REPETITIONS, Times};

const EVENTS: usize = 1 << 15;

/// Events a second on one core.
pub fn measure(plugins: &Plugins, peers: &Peers, dimension: usize) -> Result<Vec<Row>> {
    let model = model(plugins, dimension)?;
    let settings = TrainingSettings { iterations: 200, ..Default::default() };
    let member = model.at(&model.fit(&rows(), &settings, Seed::new(2), &Alone)?)?;
    let mut events = Array2::zeros((EVENTS, dimension));
    member.sample(chunk(0), events.view_mut())?;
    let mut out = vec![0.0; EVENTS];
    let mut one = || member.log_density(events.view(), Seed::new(3), &mut out);
    let what = format!("log density, autoregressive, {dimension}D, one core");
    let (key, units) = (format!("density-{dimension}"), EVENTS as f64);
    if let Some(Beside { name, pairs }) = peers.beside(&key, 2 * REPETITIONS, units, &mut one)? {
        let against = format!("{name}, {}", rate(&pairs.first, "events"));
        return Ok(vec![
            Row::new(what, rate(&pairs.second, "events"), against).times(pairs.ratio, Some(3.0)),
        ]);
    }
    let ours = Times::of(2 * REPETITIONS, one)?.per(units);
    Ok(vec![Row::new(what, rate(&ours, "events"), "")])
}
