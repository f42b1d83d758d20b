//! What a long call gets from the host: a monitor for progress and cancellation, and the host's one thread pool.

use crate::{Error, Result};

/// Progress, loss values, cancellation, and parallel work.
///
/// A plugin starts no threads and no pool of its own: each shared library would bring its own.
pub trait Context: Sync {
    /// Says how far the call is; cheap enough for every training step.
    fn progress(&self, done: u64, total: u64, loss: Option<f64>);

    /// Whether the user asked to stop. A long call looks often and returns [`Error::cancelled`].
    fn cancelled(&self) -> bool;

    /// Runs `work(0)` ... `work(n - 1)` on the host's thread pool, in any order.
    fn parallel(&self, n: usize, work: &(dyn Fn(usize) + Sync));
}

impl dyn Context + '_ {
    /// An error if the user asked to stop.
    pub fn check(&self) -> Result<()> {
        if self.cancelled() { Err(Error::cancelled()) } else { Ok(()) }
    }
}

/// A context without a host: no progress, never cancelled, sequential. For tests and small tools.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Context for Alone {
    fn progress(&self, _done: u64, _total: u64, _loss: Option<f64>) {}

    fn cancelled(&self) -> bool {
        false
    }

    fn parallel(&self, n: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..n).for_each(work);
    }
}
