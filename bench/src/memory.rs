//! The memory of a whole run, at two sizes of the generated samples.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use amplicast_sdk::{Error, Result};

use crate::table::Row;

const EXPERIMENT: &str = "examples/ring-2d.toml";
const MEMBERS: u64 = 50;
const SIZES: [u64; 2] = [1_000_000, 10_000_000];
/// Bytes.
const LIMIT: f64 = 1e9;

/// The largest memory of the worker of `amplicast run`, with 50 members of 1e6 and of 1e7 events.
pub fn measure(folder: &Path) -> Result<Vec<Row>> {
    let mut peaks = Vec::new();
    for n_gen in SIZES {
        let start = Instant::now();
        let peak = run(folder, n_gen)?;
        peaks.push((peak, start.elapsed().as_secs_f64()));
    }
    let show = |(peak, seconds): (u64, f64)| format!("{:.0} MB in {seconds:.0} s", peak as f64 / 1e6);
    let [short, long] = [peaks[0], peaks[1]];
    let what = |n_gen: u64| format!("peak memory, ring-2d, {MEMBERS} members of {:.0e} events", n_gen as f64);
    let gigabytes = |(peak, _): (u64, f64)| peak as f64 / 1e9;
    Ok(vec![
        Row::new(what(SIZES[0]), show(short), "").at_most(gigabytes(short), LIMIT / 1e9, "GB"),
        Row::new(what(SIZES[1]), show(long), "").at_most(gigabytes(long), LIMIT / 1e9, "GB"),
        Row::new(what(SIZES[1]), show(long), format!("1e6 events, {}", show(short)))
            .surplus(long.0 as f64 / short.0 as f64, None),
    ])
}

/// Runs the experiment and gives the worker's high-water mark in bytes.
fn run(folder: &Path, n_gen: u64) -> Result<u64> {
    let io = |error| Error::io("cannot run amplicast", error);
    let out = tempfile::tempdir().map_err(io)?;
    let settings = [format!("experiment.members={MEMBERS}"), format!("experiment.n_gen={n_gen}")];
    let mut command = Command::new(folder.join("amplicast"));
    command.args(["run", EXPERIMENT, "--set", "training.iterations=300"]);
    for setting in &settings {
        command.args(["--set", setting]);
    }
    command.arg("--plugin-path").arg(folder).arg("--out").arg(out.path());
    let mut supervisor = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(io)?;
    let mut peak = 0;
    let status = loop {
        for worker in children(supervisor.id()) {
            peak = peak.max(high_water(worker).unwrap_or(0));
        }
        match supervisor.try_wait().map_err(io)? {
            Some(status) => break status,
            None => sleep(Duration::from_millis(20)),
        }
    };
    // A run whose cells are all there, some with failures, has used the memory all the same; one without results has not.
    if !out.path().join("results.json").is_file() {
        return Err(Error::plugin(format!("amplicast run {EXPERIMENT} wrote no results ({status})")));
    }
    Ok(peak)
}

/// The processes that this one started.
fn children(parent: u32) -> Vec<u32> {
    let is_child = |pid: &u32| status(*pid, "PPid:").and_then(|v| v.parse().ok()) == Some(parent);
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    processes.flatten().filter_map(|p| p.file_name().to_str()?.parse().ok()).filter(is_child).collect()
}

/// The most memory that a process ever had, in bytes.
fn high_water(pid: u32) -> Option<u64> {
    let kilobytes: u64 = status(pid, "VmHWM:")?.parse().ok()?;
    Some(1024 * kilobytes)
}

/// The first word of a line of /proc/PID/status.
fn status(pid: u32, key: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.split_whitespace().next()?.to_owned())
}
