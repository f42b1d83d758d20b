//! The memory of whole runs, at two sizes of the generated samples.

use std::path::Path;
use std::time::Instant;

use amplicast_sdk::Result;

use crate::table::Row;
use crate::{panel, whole};

const MEMBERS: u64 = 50;
const SIZES: [u64; 2] = [1_000_000, 10_000_000];
/// Bytes.
const LIMIT: f64 = 1e9;

/// The largest memory of the worker of `amplicast run`, with 50 members of 1e6 and of 1e7 events.
pub fn measure(folder: &Path) -> Result<Vec<Row>> {
    let short_training = |mut settings: Vec<String>| {
        settings.push("training.iterations=300".into());
        settings
    };
    let mut rows = Vec::new();
    rows.extend(of(folder, "ring-2d", "examples/ring-2d.toml", |n_gen| short_training(sizes(n_gen)))?);
    rows.extend(of(folder, panel::NAME, panel::EXPERIMENT, |n_gen| panel::settings(MEMBERS, n_gen))?);
    Ok(rows)
}

fn sizes(n_gen: u64) -> Vec<String> {
    vec![format!("experiment.members={MEMBERS}"), format!("experiment.n_gen={n_gen}")]
}

/// The rows of an experiment.
fn of(
    folder: &Path,
    name: &str,
    experiment: &str,
    settings: impl Fn(u64) -> Vec<String>,
) -> Result<[Row; 3]> {
    let mut peaks = Vec::new();
    for n_gen in SIZES {
        let start = Instant::now();
        let peak = whole::run(folder, experiment, &settings(n_gen))?.peak;
        peaks.push((peak, start.elapsed().as_secs_f64()));
    }
    let show = |(peak, seconds): (u64, f64)| format!("{:.0} MB in {seconds:.0} s", peak as f64 / 1e6);
    let [short, long] = [peaks[0], peaks[1]];
    let what = |n_gen: u64| format!("peak memory, {name}, {MEMBERS} members of {:.0e} events", n_gen as f64);
    let gigabytes = |(peak, _): (u64, f64)| peak as f64 / 1e9;
    Ok([
        Row::new(what(SIZES[0]), show(short), "").at_most(gigabytes(short), LIMIT / 1e9, "GB"),
        Row::new(what(SIZES[1]), show(long), "").at_most(gigabytes(long), LIMIT / 1e9, "GB"),
        Row::new(what(SIZES[1]), show(long), format!("1e6 events, {}", show(short)))
            .surplus(long.0 as f64 / short.0 as f64, None),
    ])
}
