//! Two threads at once.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::outcome::{Stop, Verdict, ensure_same};
use crate::{Context, Result};

/// A context whose parallel work runs on threads of its own, two at a time. For tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Threads;

impl Context for Threads {
    fn progress(&self, _done: u64, _total: u64, _loss: Option<f64>) {}

    fn cancelled(&self) -> bool {
        false
    }

    fn parallel(&self, n: usize, work: &(dyn Fn(usize) + Sync)) {
        std::thread::scope(|scope| {
            let half = scope.spawn(|| (1..n).step_by(2).for_each(work));
            (0..n).step_by(2).for_each(work);
            if let Err(panic) = half.join() {
                std::panic::resume_unwind(panic);
            }
        });
    }
}

/// How often two threads call, at least; how often their calls must have met, if they are short; and how long they try.
const LEAST: usize = 3;
const MEETINGS: usize = 20;
const TIME: Duration = Duration::from_secs(2);
/// How long the one that is first waits for the other.
const PATIENCE: Duration = Duration::from_millis(10);

/// Runs `work(0)` and `work(1)` alone, then on two threads at once; the results must be the same to the last bit.
///
/// Both begin at the same moment, and short calls are repeated until they met many times: on a busy machine one may be over
/// before the other begins.
pub fn same_on_two_threads<T: PartialEq + Send>(
    context: &dyn Context,
    what: &str,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Verdict {
    let alone = [work(0)?, work(1)?];
    let start = Instant::now();
    let (mut rounds, mut met) = (0, 0);
    while rounds < LEAST || (met < MEETINGS && start.elapsed() < TIME) {
        let arrived = AtomicUsize::new(0);
        let together = |i: usize| {
            arrived.fetch_add(1, Ordering::AcqRel);
            // A context of one thread runs one after the other.
            let since = Instant::now();
            while arrived.load(Ordering::Acquire) < 2 && since.elapsed() < PATIENCE {
                std::hint::spin_loop();
            }
            let begin = Instant::now();
            let found = work(i)?;
            Ok((found, begin, Instant::now()))
        };
        let found = context.collect(2, together)?;
        let [(_, first, first_end), (_, second, second_end)] = &found[..] else { break };
        met += usize::from(first < second_end && second < first_end);
        rounds += 1;
        for (alone, (found, ..)) in alone.iter().zip(&found) {
            ensure_same(&format!("{what}, from two threads"), alone, found)?;
        }
        // Calls of some length meet each time.
        if rounds == LEAST && met == LEAST && start.elapsed() > TIME / 20 {
            break;
        }
    }
    if met == 0 {
        return Err(Stop::Partial(format!("{what}: two threads never called at the same time")));
    }
    Ok(())
}

/// A context that counts signs of progress, and whose user asked to stop.
#[derive(Default)]
pub struct Impatient {
    /// Whether the user asked to stop.
    pub stop: bool,
    /// Calls of `progress`.
    pub progressed: AtomicU64,
}

impl Context for Impatient {
    fn progress(&self, _done: u64, _total: u64, _loss: Option<f64>) {
        self.progressed.fetch_add(1, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.stop
    }

    fn parallel(&self, n: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..n).for_each(work);
    }
}
