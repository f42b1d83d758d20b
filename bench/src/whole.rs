//! Whole runs of `amplicast run`, as a process beside this one.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

use amplicast_sdk::{Error, Result};
use serde_json::Value;

/// What a run leaves.
pub struct Whole {
    /// The worker's high-water mark in bytes.
    pub peak: u64,
    /// Its `results.json`.
    pub results: Value,
}

/// Runs an experiment with these settings on two threads, in a fresh folder.
pub fn run(folder: &Path, experiment: &str, settings: &[String]) -> Result<Whole> {
    let out = tempfile::tempdir().map_err(io)?;
    run_in(out.path(), folder, experiment, settings)
}

fn io(error: std::io::Error) -> Error {
    Error::io("cannot run amplicast", error)
}

/// The same in a folder that may hold what an earlier run stored.
pub fn run_in(out: &Path, folder: &Path, experiment: &str, settings: &[String]) -> Result<Whole> {
    let mut command = Command::new(folder.join("amplicast"));
    command.args(["run", experiment, "--threads", "2"]);
    for setting in settings {
        command.args(["--set", setting]);
    }
    command.arg("--plugin-path").arg(folder).arg("--out").arg(out);
    let (status, peak) = watched(&mut command)?;
    // A run whose cells are all there, some with failures, has done the work all the same; one without results has not.
    let results = fs::read(out.join("results.json")).unwrap_or_default();
    match serde_json::from_slice(&results) {
        Ok(results) => Ok(Whole { peak, results }),
        Err(_) => Err(Error::plugin(format!("amplicast run {experiment} wrote no results ({status})"))),
    }
}

/// `amplicast estimate` of the members `gen_*.npy` of a place beside `train.npy`, on two threads; gives the worker's high-water mark in bytes.
pub fn estimate(folder: &Path, place: &Path, arguments: &[&str]) -> Result<u64> {
    let mut command = Command::new(folder.join("amplicast"));
    command.current_dir(place).args([
        "estimate",
        "--train",
        "train.npy",
        "--members",
        "gen_*.npy",
        "--members-data",
        "bootstrap",
    ]);
    // Fresh, or the second run would find what the first one stored.
    let out = tempfile::tempdir().map_err(io)?;
    command
        .args(arguments)
        .args(["--threads", "2", "--plugin-path"])
        .arg(folder)
        .arg("--out")
        .arg(out.path());
    let (status, peak) = watched(&mut command)?;
    if !status.success() {
        return Err(Error::plugin(format!("{command:?} failed: {status}")));
    }
    Ok(peak)
}

/// Waits for the program, and gives the largest high-water mark of its workers.
fn watched(command: &mut Command) -> Result<(ExitStatus, u64)> {
    let mut supervisor = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(io)?;
    let mut peak = 0;
    let mut looks = 0_u64;
    loop {
        // A look at all processes costs a few milliseconds of the run's own cores: only now and then.
        if looks % 20 == 4 {
            for worker in children(supervisor.id()) {
                peak = peak.max(high_water(worker).unwrap_or(0));
            }
        }
        looks += 1;
        match supervisor.try_wait().map_err(io)? {
            Some(status) => return Ok((status, peak)),
            None => sleep(Duration::from_millis(20)),
        }
    }
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
