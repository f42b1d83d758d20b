//! What everything of one process shares: plugins, journal, progress, and the user's wish to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use amplicast_sdk::abi::{Caller, Kind};
use amplicast_sdk::{Context, Error, Result};
use rayon::prelude::*;

use crate::plugins::{Catalogue, Loading, plugin_folders};
use crate::progress::{Progress, Task};
use crate::supervise::{Failure, Journal, Subject};

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
    /// Looks at the plugins in the folders `given`, those of the environment and the experiment's own; an error if the user asks
    /// to stop meanwhile.
    pub fn new(
        given: &[PathBuf],
        experiment: &[PathBuf],
        journal: Arc<Journal>,
        failures: Vec<Failure>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self> {
        let stopped = || stop.load(Ordering::SeqCst);
        let loading = Loading { journal: &journal, failures: &failures };
        let catalogue = Catalogue::of_folders(plugin_folders(given, experiment), loading, &stopped);
        // What is missing from a catalogue that was cut short is no error of the user's.
        if stopped() {
            return Err(Error::cancelled());
        }
        Ok(Session { catalogue, journal, progress: Progress::new(), stop, failures })
    }

    /// An error if the user asked to stop.
    pub fn check_stop(&self) -> Result<()> {
        if self.stop.load(Ordering::SeqCst) { Err(Error::cancelled()) } else { Ok(()) }
    }

    /// The only way to a component: a caller that names it by `label`, whose calls are watched; an error if it killed an earlier
    /// worker.
    ///
    /// `kind` and `label` tell it from all others, in this worker and in the next.
    pub fn caller(&self, kind: Kind, label: &str) -> Result<Caller> {
        let subject = Subject { kind: kind.table().into(), name: label.into() };
        match self.failures.iter().find(|failure| failure.subject == subject) {
            Some(failure) => Err(Error::plugin(failure.message.clone())),
            None => Ok(Caller::new(label, self.journal.of(&subject))),
        }
    }

    /// Runs a stage, unless the user asked to stop.
    pub fn attempt<T>(&self, stage: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check_stop()?;
        self.journal.stage(stage, work)
    }
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
