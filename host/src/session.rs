//! What everything of one process shares: plugins, journal, progress, and the user's wish to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use amplicast_sdk::abi::Watch;
use amplicast_sdk::{Context, Error, Result};
use rayon::prelude::*;

use crate::plugins::{Catalogue, Refused, plugin_folders};
use crate::progress::{Progress, Task};
use crate::supervise::{Failure, Journal};

/// One process's plugins and the means to call them.
pub struct Session {
    /// The plugins on the path.
    pub catalogue: Catalogue,
    /// Where every plugin call is written first.
    pub journal: Arc<Journal>,
    /// Bars or lines.
    pub progress: Progress,
    /// Set when the user asks to stop.
    pub stop: Arc<AtomicBool>,
    failures: Vec<Failure>,
}

impl Session {
    /// Loads the plugins in the folders `given`, those of the environment and the experiment's own; an error if the user asks
    /// to stop meanwhile.
    pub fn new(
        given: &[PathBuf],
        experiment: &[PathBuf],
        journal: Arc<Journal>,
        failures: Vec<Failure>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self> {
        let watch: Arc<dyn Watch> = journal.clone();
        let killers = killers(&failures);
        let stopped = || stop.load(Ordering::SeqCst);
        let catalogue = Catalogue::load(plugin_folders(given, experiment), &killers, &watch, &stopped);
        // What is missing from a catalogue whose loading was cut short is no error of the user's.
        if stopped() {
            return Err(Error::cancelled());
        }
        Ok(Session { catalogue, journal, progress: Progress::new(), stop, failures })
    }

    /// The journal as plugins' callers need it.
    pub fn watch(&self) -> Arc<dyn Watch> {
        self.journal.clone()
    }

    /// An error if the user asked to stop.
    pub fn check_stop(&self) -> Result<()> {
        if self.stop.load(Ordering::SeqCst) { Err(Error::cancelled()) } else { Ok(()) }
    }

    /// Why this component must not be called again: it killed an earlier worker.
    pub fn quarantine(&self, component: &str) -> Result<()> {
        match self.failures.iter().find(|f| f.component == component) {
            Some(failure) => Err(Error::plugin(failure.message.clone())),
            None => Ok(()),
        }
    }

    /// Runs a stage, unless the user asked to stop.
    pub fn attempt<T>(&self, stage: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check_stop()?;
        self.journal.stage(stage, work)
    }
}

/// Files that killed an earlier worker while they were loaded.
pub fn killers(failures: &[Failure]) -> Vec<Refused> {
    let loading = failures.iter().filter(|f| f.call == "load");
    loading.map(|f| Refused { path: PathBuf::from(&f.component), reason: f.message.clone() }).collect()
}

/// The context of a long call.
pub struct CallContext<'a> {
    session: &'a Session,
    task: &'a Task<'a>,
}

impl<'a> CallContext<'a> {
    /// A context that reports to `task`.
    pub fn new(session: &'a Session, task: &'a Task<'a>) -> Self {
        CallContext { session, task }
    }
}

impl Context for CallContext<'_> {
    fn progress(&self, done: u64, total: u64, loss: Option<f64>) {
        self.session.journal.alive();
        self.task.update(done, total, loss);
    }

    fn cancelled(&self) -> bool {
        self.session.stop.load(Ordering::SeqCst)
    }

    fn parallel(&self, n: usize, work: &(dyn Fn(usize) + Sync)) {
        let stage = self.session.journal.current_stage();
        (0..n).into_par_iter().for_each(|i| self.session.journal.stage(&stage, || work(i)));
    }
}
