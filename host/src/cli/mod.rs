//! The command line.

mod arguments;
mod calibration;
mod check;
mod class;
mod compare;
mod conformance;
mod convert;
mod convert_arguments;
mod dev;
mod estimate;
mod estimate_arguments;
mod exports;
mod job;
mod new_plugin;
mod numbers;
mod plan;
mod plugin_arguments;
mod plugins;
mod process;
mod provenance;
mod reading_arguments;
mod ready;
mod report;
mod run;
mod sample;
mod split;
mod status;
mod to_toml;
mod why;
mod workflow;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;

use process::{Process, usage};

use arguments::{Arguments, Command};
use plugin_arguments::{PluginCommand, PluginsCommand};

use crate::exit::{EXIT_FAILED, EXIT_OK, EXIT_STOPPED, stopped};
use crate::supervise::{Blame, is_worker, listen_to_the_supervisor, on_stop, supervise, worker};
use crate::terminal;

/// Runs the program: the supervisor, or the worker that it started.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    // These are the work of this process, and of no plugin: nothing has to be told to stop.
    let alone = matches!(arguments.command, Command::Report(_) | Command::Compare(_) | Command::Status(_));
    let supervised = is_worker();
    let listening = on_stop(move || {
        if flag.swap(true, Ordering::SeqCst) || alone {
            // The supervisor, which hears of it as well, says so.
            std::process::exit(i32::from(if supervised { EXIT_STOPPED } else { stopped() }));
        }
    });
    if let Err(error) = listening
        && !supervised
    {
        // Ctrl-C would reach nobody; what reaches the supervisor alone, it tells the worker.
        return ExitCode::from(no_thread(&error));
    }
    match &arguments.command {
        Command::Report(command) => return ExitCode::from(written(report::report(command))),
        Command::Compare(command) => return ExitCode::from(written(compare::compare(command))),
        Command::Status(command) => return ExitCode::from(written(status::status(command))),
        Command::Plugins(PluginsCommand { command: PluginCommand::Dev(command) }) => {
            return ExitCode::from(written(dev::dev(command, &stop)));
        }
        _ => (),
    }
    let here = std::env::current_dir().unwrap_or_else(|_| ".".into());
    match worker() {
        Some(Err(error)) => {
            eprintln!("amplicast: the worker cannot begin: {error}");
            ExitCode::from(EXIT_FAILED)
        }
        Some(Ok(worker)) => {
            if let Err(error) = listen_to_the_supervisor(stop.clone()) {
                worker.exit(no_thread(&error));
            }
            let process = Process::new(stop, worker, here);
            let code = dispatch(&arguments, &process);
            process.worker.exit(written(code))
        }
        None => match supervise(time_limit(&arguments), blame(&arguments), &stop, further(&arguments)) {
            Ok(code) => ExitCode::from(code),
            Err(error) => {
                eprintln!("amplicast: cannot start the worker: {error}");
                ExitCode::from(EXIT_FAILED)
            }
        },
    }
}

fn dispatch(arguments: &Arguments, process: &Process) -> u8 {
    match &arguments.command {
        Command::Run(command) => run::run(command, process),
        Command::Calibrate(command) => run::calibrate(command, process),
        Command::Demonstrate(command) => run::demonstrate(command, process),
        Command::Check(command) => check::check(command, process),
        Command::Plan(command) => plan::plan(command, process),
        Command::Estimate(command) => run::estimate(command, process),
        Command::Split(command) => split::split(command, process),
        Command::Sample(command) => sample::sample(command, process),
        Command::Convert(command) => convert::convert(command, process),
        Command::Report(command) => report::report(command),
        Command::Compare(command) => compare::compare(command),
        Command::Workflow(command) => workflow::workflow(command, arguments.time_limit, process),
        Command::Job(command) => job::job(command, process),
        Command::Status(command) => status::status(command),
        Command::Schema(command) => plugins::schema(command, process),
        Command::Plugins(command) => match &command.command {
            PluginCommand::List(command) => plugins::list(command, process),
            PluginCommand::Info(command) => plugins::info(command, process),
            PluginCommand::Check(command) => conformance::check(command, process),
            PluginCommand::Path(command) => plugins::path(command, process),
            PluginCommand::New(command) => new_plugin::new(command, process),
            PluginCommand::Dev(command) => dev::dev(command, &process.stop),
        },
    }
}

/// Jobs that are named by standard input, which a worker does not have.
fn further(arguments: &Arguments) -> Vec<OsString> {
    match &arguments.command {
        Command::Job(command) if command.jobs.is_empty() => {
            let text = std::io::read_to_string(std::io::stdin()).unwrap_or_default();
            text.split_whitespace().map(OsString::from).collect()
        }
        _ => Vec::new(),
    }
}

/// Says that the system starts no thread, and gives the exit code: nothing was run.
fn no_thread(error: &dyn std::fmt::Display) -> u8 {
    usage(format!("cannot start a thread: {error}; raise the limits (`ulimit -u`, `ulimit -v`)"))
}

/// The exit code of a command, unless what it printed is lost.
fn written(code: u8) -> u8 {
    if code == EXIT_OK && terminal::lost() { EXIT_FAILED } else { code }
}

/// Whether a plugin is tested: what its components do is what the command asks.
fn is_test(arguments: &Arguments) -> bool {
    matches!(&arguments.command, Command::Plugins(PluginsCommand { command: PluginCommand::Check(_) }))
}

/// The longest silence of a plugin call, unless the user says otherwise: a test of the conformance suite takes less than a
/// training.
fn time_limit(arguments: &Arguments) -> Duration {
    Duration::from_secs(arguments.time_limit.unwrap_or(if is_test(arguments) { 20 } else { 600 }))
}

/// What is not called again after it killed a worker.
fn blame(arguments: &Arguments) -> Blame {
    if is_test(arguments) { Blame::Stage } else { Blame::Component }
}
