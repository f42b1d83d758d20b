//! What a long call gets from the host: a monitor for progress and cancellation, and the host's one thread pool.

use std::sync::{Mutex, PoisonError};

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

    /// What `work(0)` ... `work(n - 1)` give, in this order, run by [`Context::parallel`]; the first error among them.
    pub fn collect<T: Send>(&self, n: usize, work: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
        let slots: Vec<Mutex<Option<Result<T>>>> = (0..n).map(|_| Mutex::new(None)).collect();
        self.parallel(n, &|i| {
            let done = work(i);
            *slots[i].lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        });
        let missing = || Err(Error::plugin("a part of the parallel work was not run"));
        let take = |slot: Mutex<Option<Result<T>>>| {
            slot.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(missing)
        };
        slots.into_iter().map(take).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Threads;

    /// A host that forgets the last part.
    struct Forgetful;

    impl Context for Forgetful {
        fn progress(&self, _done: u64, _total: u64, _loss: Option<f64>) {}

        fn cancelled(&self) -> bool {
            false
        }

        fn parallel(&self, n: usize, work: &(dyn Fn(usize) + Sync)) {
            (0..n - 1).for_each(work);
        }
    }

    #[test]
    fn results_are_collected_in_order() {
        for context in [&Alone as &dyn Context, &Threads] {
            assert_eq!(context.collect(5, |i| Ok(i * i)).unwrap(), [0, 1, 4, 9, 16]);
            assert!(context.collect(0, Ok).unwrap().is_empty());
            let odd =
                |i: usize| if i.is_multiple_of(2) { Ok(i) } else { Err(Error::data(format!("{i} is odd"))) };
            assert_eq!(context.collect(5, odd).unwrap_err().to_string(), "1 is odd");
        }
        let error = (&Forgetful as &dyn Context).collect(2, Ok).unwrap_err();
        assert_eq!(error.to_string(), "a part of the parallel work was not run");
    }
}
