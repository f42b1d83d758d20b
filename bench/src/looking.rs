//! What looking at members' events costs, beside the estimate that it is part of.

use std::path::Path;
use std::time::Instant;

use amplicast_sdk::ndarray::{Array2, Axis};
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Error, MembersData, Result, Seed, chunk_events};
use amplicast_statistics::inspection::{
    Findings, Glance, Known, Neighbors, RowHashes, TrueSample, TrueSummary,
};

use crate::npy;
use crate::table::Row;
use crate::whole;

const MEMBERS: usize = 20;
const COLUMNS: usize = 24;
const N_TRAIN: usize = 50_000;
/// Per cent of the run's time.
const TARGET: f64 = 10.0;
/// Bytes.
const MEMORY: f64 = 300e6;

/// The time that looking takes, as a part of a run over 20 files, and the memory of that run.
pub fn measure(folder: &Path, events: usize) -> Result<Vec<Row>> {
    let io = |error| Error::io("cannot write the benchmark's files", error);
    let place = tempfile::tempdir().map_err(io)?;
    write(&place.path().join("train.npy"), N_TRAIN, 0).map_err(io)?;
    for member in 0..MEMBERS {
        write(&place.path().join(format!("gen_{member}.npy")), events, 1 + member as u64).map_err(io)?;
    }
    let experiment = place.path().join("estimate.toml");
    std::fs::write(&experiment, text(events)).map_err(io)?;
    let start = Instant::now();
    let peak = whole::run(folder, &experiment.display().to_string(), &[])?.peak;
    let run = start.elapsed().as_secs_f64();

    let training = sample(N_TRAIN, 0);
    let step = chunk_events(COLUMNS);
    let chunk = sample(step.min(events), 99);
    let start = Instant::now();
    let known = Known::new(training.view(), events as u64);
    let neighbors = Neighbors::new(training.view());
    let of_true = neighbors.among_training(neighbors.affordable());
    let values = training.column(0).to_owned().insert_axis(Axis(1));
    let of_summary = Neighbors::new(values.view());
    let summary = TrueSummary {
        summary: 0,
        name: "x0".into(),
        range: [0.0, 1.0],
        of_true: vec![of_summary.among_training(of_summary.affordable())],
        neighbors: of_summary,
    };
    let truth =
        TrueSample { known, neighbors, of_true: vec![of_true], holdout: None, summaries: vec![summary] };
    let of_sample = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let mut hashes = RowHashes::default();
    let mut glance = Glance::default();
    for _ in 0..events.div_ceil(chunk.nrows()) {
        glance.add(chunk.view(), &truth.known, &mut hashes);
    }
    // A member a thread, on two threads.
    let of_members = start.elapsed().as_secs_f64() * MEMBERS as f64 / 2.0;
    let glances: Vec<Glance> = (0..MEMBERS)
        .map(|member| {
            let mut glance = Glance::default();
            for part in sample(4 * step.min(5000), 200 + member as u64).axis_chunks_iter(Axis(0), 5000) {
                glance.add(part, &truth.known, &mut hashes);
            }
            glance
        })
        .collect();
    let start = Instant::now();
    let columns: Vec<String> = (0..COLUMNS).map(|c| format!("x{c}")).collect();
    let mut found =
        Findings::new(&glances, &truth, Some(MembersData::Bootstrap), (&columns, &[]), |i| i.to_string());
    let values: Vec<Vec<f32>> = glances.iter().map(|g| g.head(COLUMNS).column(0).to_vec()).collect();
    found.look_at(&truth.summaries[0], &values, Some(MembersData::Bootstrap));
    if let Some(warning) = found.warnings.first() {
        return Err(Error::plugin(format!("independent events: expected no finding, found: {warning}")));
    }
    let of_findings = start.elapsed().as_secs_f64();
    let looking = of_sample + of_members + of_findings;
    let what = format!("looking at {MEMBERS} members of {:.0e} events x {COLUMNS}", events as f64);
    let share = Row::new(&what, format!("{looking:.2} s"), format!("the whole run, {run:.1} s"));
    let memory =
        Row::new(format!("{what}: peak memory of the run"), format!("{:.0} MB", peak as f64 / 1e6), "");
    Ok(vec![
        share.at_most(100.0 * looking / run, TARGET, "%"),
        memory.at_most(peak as f64 / 1e6, MEMORY / 1e6, "MB"),
    ])
}

fn text(events: usize) -> String {
    format!(
        "[experiment]\nn_train = {N_TRAIN}\nn_gen = {events}\n\n[dataset]\nplugin = \"events-file\"\ntrain = \"train.npy\"\n\n\
         [[generator]]\nplugin = \"samples\"\nmembers = [\"gen_*.npy\"]\nmembers_data = \"bootstrap\"\n\n\
         [[summary]]\nplugin = \"coordinate\"\nindex = 0\n\n[[metric]]\nplugin = \"integral\"\nintervals = [[0.2, 0.4]]\n"
    )
}

fn sample(events: usize, seed: u64) -> Array2<f64> {
    let mut stream = Seed::new(seed).split("looking").stream();
    Array2::from_shape_simple_fn((events, COLUMNS), || f64::from(stream.random::<f32>()))
}

/// A .npy file of uniform numbers in single precision, written as they come.
fn write(path: &Path, events: usize, seed: u64) -> std::io::Result<()> {
    let mut stream = Seed::new(seed).split("file").stream();
    let numbers = (0..events * COLUMNS).map(|_| stream.random::<f32>().to_le_bytes());
    npy::write(path, "<f4", [events, COLUMNS], numbers)
}
