//! What amplicast's parts cost, as ratios against stated alternatives measured in the same run.
//!
//! `cargo xtask bench` builds and calls this, in the environment that a worker of `amplicast run` has; with `--peers` in
//! turn with `peers.py`, which does the same work with NumPy, SciPy and PyTorch.

mod boundary;
mod calls;
mod classifier;
mod density;
mod door;
mod estimate;
mod files;
mod flat;
mod flow;
mod ks;
mod looking;
mod matrix;
mod memory;
mod npy;
mod panel;
mod peers;
mod plugins;
mod ring;
mod roofline;
mod sampling;
mod scaling;
mod table;
mod timing;
mod training;
mod whole;

use std::path::PathBuf;
use std::process::ExitCode;

use amplicast_sdk::{Error, Result};
use clap::Parser;

use peers::Peers;
use plugins::Plugins;
use table::Row;

/// Measures amplicast.
#[derive(Parser)]
#[command(name = "amplicast-bench")]
struct Arguments {
    /// A Python with NumPy, SciPy and PyTorch, to do the same work in turn.
    #[arg(long, value_name = "PYTHON")]
    peers: Option<PathBuf>,
    /// Measure what takes long as well (a quarter of an hour): the memory of runs with 50 members of 1e7 events, and a flow's calls.
    #[arg(long)]
    memory: bool,
    /// Measure only what has this in its name: ks, sampling, density, training, roofline, flow, classifier, files, boundary, door, flat,
    /// panel, estimate, looking, matrix, scaling, calls, memory.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let executable = std::env::current_exe().map_err(|e| Error::io("cannot find this program", e))?;
    let plugins = Plugins::load(executable.parent().unwrap_or(&executable))?;
    let peers = arguments.peers.as_deref().map(Peers::start).transpose()?.unwrap_or_default();
    let wanted = |name: &str| arguments.only.as_deref().is_none_or(|only| name.contains(only));
    let before = load();
    let mut rows: Vec<Row> = Vec::new();
    if wanted("ks") {
        rows.extend(ks::measure(&plugins, &peers)?);
    }
    for (dimension, target) in [(2, 1e6), (4, 2.7e5)] {
        if wanted("sampling") {
            rows.extend(sampling::measure(&plugins, &peers, dimension, target)?);
        }
    }
    for dimension in [2, 4] {
        if wanted("training") {
            rows.extend(training::measure(&plugins, &peers, dimension)?);
        }
        if wanted("roofline") {
            rows.extend(roofline::measure(&plugins, dimension)?);
        }
    }
    for dimension in [2, 4] {
        if wanted("density") {
            rows.extend(density::measure(&plugins, &peers, dimension)?);
        }
    }
    if wanted("flow") {
        rows.extend(flow::measure(&plugins, &peers)?);
    }
    if wanted("classifier") {
        rows.extend(classifier::measure(&plugins, &peers)?);
    }
    if wanted("files") {
        rows.extend(files::measure(&plugins, &peers)?);
    }
    if wanted("boundary") {
        rows.extend(boundary::measure(&plugins)?);
    }
    if let Some(python) = arguments.peers.as_deref().filter(|_| wanted("door")) {
        rows.extend(door::measure(&plugins, python)?);
    }
    for dimension in [2, 4] {
        if wanted("flat") {
            rows.push(flat::measure(dimension, 200)?);
        }
    }
    if wanted("panel") {
        rows.extend(panel::measure(plugins.folder(), &peers)?);
    }
    if wanted("estimate") {
        rows.extend(estimate::measure(plugins.folder(), &peers)?);
    }
    if wanted("looking") {
        let events = if arguments.memory { 1_000_000 } else { 100_000 };
        rows.extend(looking::measure(plugins.folder(), events)?);
    }
    if wanted("matrix") {
        rows.extend(matrix::measure(plugins.folder())?);
    }
    if wanted("scaling") {
        rows.extend(scaling::measure(plugins.folder())?);
    }
    if arguments.memory && wanted("calls") {
        rows.extend(calls::measure(&plugins)?);
    }
    if arguments.memory && wanted("memory") {
        rows.extend(memory::measure(plugins.folder())?);
    }
    println!("{}", table::render(&rows));
    println!("load of the machine: {before} before, {} after (this program is 1 of it)", load());
    Ok(())
}

/// The load average of the last minute.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}
