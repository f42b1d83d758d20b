//! Events from the autoregressive network.

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Alone, CHUNK_EVENTS, Error, Member, Model, Result, Seed, TrainingSettings};
use rayon::prelude::*;

use crate::peers::{Beside, Peers};
use crate::plugins::Plugins;
use crate::ring::{chunk, model, rows};
use crate::table::{Row, cost, rate};
use crate::timing::{Pairs, REPETITIONS, Times};

/// Chunks that two threads share.
const CHUNKS: u64 = 8;

/// Events a second in a dimension, on one core and on two.
pub fn measure(plugins: &Plugins, peers: &Peers, dimension: usize, target: f64) -> Result<Vec<Row>> {
    let model = model(plugins, dimension)?;
    let settings = TrainingSettings { iterations: 200, ..Default::default() };
    let theta = model.fit(&rows(), &settings, Seed::new(2), &Alone)?;
    let member = model.at(&theta)?;

    let mut events = Array2::zeros((CHUNK_EVENTS, dimension));
    let mut one = || member.sample(chunk(0), events.view_mut());
    let ours = Times::of(2 * REPETITIONS, &mut one)?.per(CHUNK_EVENTS as f64);
    let what = format!("sampling, autoregressive, {dimension}D, one core");
    let mut rows =
        vec![Row::new(&what, rate(&ours, "events"), "").at_least(1.0 / ours.median(), target, "events/s")];
    let key = format!("sampling-{dimension}");
    if let Some(Beside { name, pairs }) = peers.beside(&key, 2 * REPETITIONS, CHUNK_EVENTS as f64, one)? {
        let against = format!("{name}, {}", rate(&pairs.first, "events"));
        rows.push(Row::new(&what, rate(&pairs.second, "events"), against).times(pairs.ratio, None));
    }
    rows.push(two_cores(&*member, dimension)?);
    Ok(rows)
}

fn two_cores(member: &dyn Member, dimension: usize) -> Result<Row> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
    let pool = pool.map_err(|e| Error::plugin(format!("cannot start two threads: {e}")))?;
    let buffers = || -> Vec<(u64, Array2<f64>)> {
        (0..CHUNKS).map(|index| (index, Array2::zeros((CHUNK_EVENTS, dimension)))).collect()
    };
    let (mut alone, mut shared) = (buffers(), buffers());
    let sequential = || alone.iter_mut().try_for_each(|(i, out)| member.sample(chunk(*i), out.view_mut()));
    let parallel = || {
        pool.install(|| {
            shared.par_iter_mut().try_for_each(|(i, out)| member.sample(chunk(*i), out.view_mut()))
        })
    };
    let pairs = Pairs::of(REPETITIONS, sequential, parallel)?;
    let unit = "ms for 8 chunks";
    let against = format!("one thread, {}", cost(&pairs.first, 1e-3, unit));
    let what = format!("sampling, autoregressive, {dimension}D, two threads");
    Ok(Row::new(what, cost(&pairs.second, 1e-3, unit), against).times(pairs.ratio, Some(1.8)))
}
