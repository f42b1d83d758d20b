//! What commands have in common: the process that they run in, and how it ends.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use amplicast_sdk::{Error, ErrorKind, Result};

use crate::config::{path_from, pattern_from};
use crate::exit::{EXIT_USAGE, stopped};
use crate::session::Session;
use crate::supervise::Worker;

/// What a command needs of its process.
pub struct Process {
    /// Set when the user asks to stop.
    pub stop: Arc<AtomicBool>,
    /// The worker's journal and what it knows of its predecessors.
    pub worker: Worker,
    /// Where the user called the program.
    folder: PathBuf,
}

impl Process {
    /// Of this process, called in `folder`.
    pub fn new(stop: Arc<AtomicBool>, worker: Worker, folder: PathBuf) -> Self {
        Process { stop, worker, folder }
    }

    /// A path of the command line, as the user meant it.
    pub fn path(&self, given: &Path) -> PathBuf {
        let path = self.folder.join(given);
        // Without `.` in it, which is no part of a name.
        std::path::absolute(&path).unwrap_or(path)
    }

    /// A path of the command line as text, for an experiment: it starts at the current folder if that has no name in UTF-8.
    pub fn written(&self, given: &Path) -> Result<String> {
        path_from(&self.folder, given)
    }

    /// A pattern of the command line; the folder in which it was given is no part of it, whatever it is called.
    pub fn pattern(&self, given: &str) -> Result<String> {
        pattern_from(&self.folder, given)
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

/// Says why nothing was run, and gives the exit code: the user asked to stop, or something is not right.
pub fn refused(error: impl Into<Error>) -> u8 {
    let error = error.into();
    if error.kind() == ErrorKind::Cancelled { stopped() } else { usage(error) }
}

/// Prints an error and gives the exit code of a usage error.
pub fn usage(error: impl std::fmt::Display) -> u8 {
    eprintln!("error: {error}");
    EXIT_USAGE
}
