//! `amplicast workflow`: an experiment as jobs that a cluster runs.

use amplicast_sdk::{Error, ErrorKind, Result};

use super::arguments::WorkflowCommand;
use super::job::EXPERIMENT;
use super::process::{Process, refused, usage};
use super::provenance::instruction_set;
use super::ready::{Ready, prepare};
use super::run::{folder, folders};
use super::to_toml::to_toml;
use crate::exit::{EXIT_OK, stopped};
use crate::pipeline::{JobsOfRow, Times, jobs, measure};
use crate::store::Store;
use crate::workflow::{Asked, MadeWith, ReadFrom, Sizes, write};

/// Runs the command.
pub fn workflow(command: &WorkflowCommand, time_limit: Option<u64>, process: &Process) -> u8 {
    let threads = Some(command.job_threads);
    let ready = match prepare(&command.experiment, &command.set, &command.plugins, threads, process) {
        Ok(ready) => ready,
        Err(error) => return refused(error),
    };
    let (out, _) = folders(&command.out, &ready, process);
    let written = to_toml(&ready.experiment.effective()).and_then(|experiment| {
        let mut asked = asked(&ready, command, options(command, time_limit, process)?, &experiment)?;
        let file = process.path(&command.experiment);
        // The run's own file is written anew.
        asked.read_from = ReadFrom::now(&file).filter(|_| file != out.join(EXPERIMENT));
        // Nothing else writes there meanwhile.
        let _lock = folder(&out)?;
        write(&out, &asked, &experiment, EXPERIMENT)?;
        Ok(asked)
    });
    match written {
        Err(error) if error.kind() == ErrorKind::Cancelled => stopped(),
        Err(error) => usage(error),
        Ok(asked) => {
            for note in &ready.components.notes {
                println!("warning: {note}");
            }
            for (kind, list) in asked.jobs.kinds() {
                println!("{kind}: {} job(s)", list.len());
            }
            println!("run it with: snakemake --profile {}", quoted(&out.join("local").display().to_string()));
            EXIT_OK
        }
    }
}

fn asked(ready: &Ready, command: &WorkflowCommand, options: Vec<String>, experiment: &str) -> Result<Asked> {
    let store = Store::nowhere();
    let setting = ready.setting(&store);
    let jobs = jobs(&setting)?;
    let times = measure(&setting)?;
    let gpus = setting.plan.rows().into_iter().map(|row| {
        let device = &ready.experiment.generator[row.generator].config.get("device");
        device.and_then(|d| d.as_str()).is_some_and(|device| device.starts_with("cuda"))
    });
    // At least a call for each processor of this machine, if it does them all.
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let calls = processors.div_ceil(jobs.rows.len() * jobs.training_sets as usize) as u64;
    let sizes = jobs.rows.iter().zip(times).zip(gpus);
    let sizes = sizes.map(|((row, times), gpu)| size(row, times, gpu, command.minutes, calls)).collect();
    let made_with = MadeWith::here(&ready.components, instruction_set());
    Ok(Asked {
        run: made_with.name(experiment),
        experiment: ready.experiment.experiment.name.clone(),
        read_from: None,
        program: match &command.program {
            Some(program) => program.clone(),
            None => this_program()?,
        },
        options,
        container: command.container.clone().unwrap_or_default(),
        threads: command.job_threads,
        memory_mb: memory_mb(),
        jobs,
        sizes,
        made_with,
    })
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%=,".contains(c);
    if word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn this_program() -> Result<String> {
    let program = std::env::current_exe().map_err(|e| Error::io("cannot find this program", e))?;
    program.to_str().map(str::to_string).ok_or_else(|| {
        Error::config("--program", format!("expected a path in UTF-8, found {}", program.display()))
    })
}

/// The options that every call of the program needs.
fn options(command: &WorkflowCommand, time_limit: Option<u64>, process: &Process) -> Result<Vec<String>> {
    let mut options = Vec::new();
    if let Some(seconds) = time_limit {
        options.extend(["--time-limit".into(), seconds.to_string()]);
    }
    for folder in &command.plugins.plugin_path {
        options.extend(["--plugin-path".into(), process.written(folder)?]);
    }
    if command.plugins.trust_plugins {
        options.push("--trust-plugins".into());
    }
    Ok(options)
}

/// Minutes that a call may take beyond what was estimated: reading, and a machine under load.
const MARGIN_MINUTES: f64 = 10.0;
/// How many times as long as estimated a call may take before it is ended; a second try gets twice as long.
const MARGIN: f64 = 3.0;
/// Minutes of a call of jobs of which nothing is known.
const UNKNOWN_MINUTES: u64 = 240;
/// Most jobs that one call does: what is lost with it when it is killed stays small, and the list of jobs short.
const MOST_PER_CALL: f64 = 100.0;

/// How many jobs a call does, and how long it may take.
fn size(row: &JobsOfRow, times: Times, gpu: bool, minutes_per_call: f64, least_calls: u64) -> Sizes {
    let per_call = |seconds: Option<f64>, all: u64| match seconds {
        Some(seconds) => {
            let fit = (60.0 * minutes_per_call / seconds).clamp(1.0, MOST_PER_CALL) as u64;
            // Calls of one length.
            let calls = all.div_ceil(fit).max(least_calls);
            all.div_ceil(calls).max(1)
        }
        None => 1,
    };
    let minutes = |seconds: Option<f64>, jobs: u64| match seconds {
        Some(seconds) => (MARGIN * seconds * jobs as f64 / 60.0 + MARGIN_MINUTES).ceil() as u64,
        None => UNKNOWN_MINUTES,
    };
    let chains_per_call = per_call(times.chain, row.chains);
    let passes_per_call = per_call(times.pass, row.members);
    Sizes {
        chain_seconds: times.chain,
        pass_seconds: times.pass,
        chains_per_call,
        passes_per_call,
        chain_minutes: minutes(times.chain, chains_per_call),
        pass_minutes: minutes(times.pass, passes_per_call),
        gpu,
    }
}

/// Memory of a job: half as much again as this process needed to try every generator, and what an operating system counts besides.
fn memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.map_or(4000, |kilobytes| (1.5 * kilobytes / 1000.0 + 500.0).ceil() as u64)
}
