//! The command line.

mod arguments;
mod calibration;
mod check;
mod conformance;
mod estimate;
mod plan;
mod plugins;
mod provenance;
mod report;
mod run;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use amplicast_sdk::{Error, ErrorKind, Result};
use clap::Parser;

use arguments::{Arguments, Command, PluginCommand, PluginsCommand};

use crate::session::Session;
use crate::supervise::{Blame, Worker, is_worker, listen_to_the_supervisor, on_stop, supervise, worker};
use crate::terminal;

/// Everything went well.
pub const EXIT_OK: u8 = 0;
/// Some cells have no result, or some check failed.
pub const EXIT_FAILED: u8 = 1;
/// The experiment, an argument or a file is not right: nothing was run.
pub const EXIT_USAGE: u8 = 2;
/// The user stopped the run; the same command goes on with it.
pub const EXIT_STOPPED: u8 = 3;

/// What a command needs of its process.
pub struct Process {
    /// Set when the user asks to stop.
    pub stop: Arc<AtomicBool>,
    /// The worker's journal and what it knows of its predecessors.
    pub worker: Worker,
    /// Where the user called the program; relative paths of an experiment start elsewhere.
    folder: PathBuf,
}

impl Process {
    /// A path of the command line, as the user meant it.
    pub fn path(&self, given: &Path) -> PathBuf {
        self.folder.join(given)
    }

    /// A path of the command line as text, for an experiment: it starts at the current folder if that has no name in UTF-8.
    pub fn written(&self, given: &Path) -> Result<String> {
        let whole = self.path(given);
        whole.to_str().or(given.to_str()).map(str::to_string).ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!("{}: expected a path in UTF-8: rename it, or link to it", given.display()),
            )
        })
    }

    /// A pattern of the command line; the folder in which it was given is no part of it, whatever it is called.
    pub fn pattern(&self, given: &str) -> String {
        match self.folder.to_str() {
            Some(_) if self.path(given.as_ref()).exists() => {
                self.path(given.as_ref()).to_string_lossy().into_owned()
            }
            Some(folder) => {
                Path::new(&glob::Pattern::escape(folder)).join(given).to_string_lossy().into_owned()
            }
            // It starts at the current folder.
            None => given.into(),
        }
    }

    /// Paths of the command line, as the user meant them.
    pub fn paths(&self, given: &[PathBuf]) -> Vec<PathBuf> {
        given.iter().map(|p| self.path(p)).collect()
    }

    /// A session with the plugins of `given`, the environment, and the experiment.
    pub fn session(&self, given: &[PathBuf], experiment: &[PathBuf]) -> Result<Session> {
        for folder in self.paths(given) {
            std::fs::read_dir(&folder).map_err(|error| {
                let message = format!("expected a folder with plugins, found {}: {error}", folder.display());
                Error::config("--plugin-path", message)
            })?;
        }
        let (journal, failures) = (self.worker.journal.clone(), self.worker.failures.clone());
        Session::new(&self.paths(given), experiment, journal, failures, self.stop.clone())
    }

    /// Makes the one thread pool.
    pub fn threads(&self, wanted: Option<usize>) -> Result<usize> {
        let all = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if self.worker.serial { 1 } else { wanted.unwrap_or(all).max(1) };
        // This thread is one of the pool's: a single training then shares its batches with one thread fewer to wake.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread();
        pool.build_global().map(|()| threads).map_err(|error| {
            Error::new(
                ErrorKind::Io,
                format!(
                    "cannot start {threads} threads: {error}; give fewer --threads, or raise the limits (`ulimit -u`, `ulimit -v`)"
                ),
            )
        })
    }
}

/// Runs the program: the supervisor, or the worker that it started.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    // A report is written by this process, and by no plugin: nothing has to be told to stop.
    let alone = matches!(arguments.command, Command::Report(_));
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
    if let Command::Report(command) = &arguments.command {
        return ExitCode::from(written(report::report(command)));
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
            let process = Process { stop, worker, folder: here };
            let code = dispatch(&arguments, &process);
            process.worker.exit(written(code))
        }
        None => match supervise(time_limit(&arguments), blame(&arguments), &stop) {
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
        Command::Check(command) => check::check(command, process),
        Command::Plan(command) => plan::plan(command, process),
        Command::Estimate(command) => run::estimate(command, process),
        Command::Report(command) => report::report(command),
        Command::Schema(command) => plugins::schema(command, process),
        Command::Plugins(command) => match &command.command {
            PluginCommand::List(command) => plugins::list(command, process),
            PluginCommand::Info(command) => plugins::info(command, process),
            PluginCommand::Check(command) => conformance::check(command, process),
            PluginCommand::Path(command) => plugins::path(command, process),
        },
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

/// Says that the user asked to stop, and gives the exit code of that.
pub fn stopped() -> u8 {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::SeqCst) {
        eprintln!("stopped");
    }
    EXIT_STOPPED
}

/// Says why nothing was run, and gives the exit code: the user asked to stop, or something is not right.
pub fn refused(error: impl Into<Error>) -> u8 {
    let error = error.into();
    if error.kind() == ErrorKind::Cancelled { stopped() } else { usage(error) }
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

/// Prints an error and gives the exit code of a usage error.
pub fn usage(error: impl std::fmt::Display) -> u8 {
    eprintln!("error: {error}");
    EXIT_USAGE
}
