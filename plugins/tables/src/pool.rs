//! Files that are open at a time: a bounded number of them, with bounded memory, whatever the number of members.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use amplicast_sdk::Result;

use crate::table::Source;

/// What opens a source again.
type Open = Box<dyn Fn() -> Result<Box<dyn Source>> + Send + Sync>;

/// A source that is open while it is read, and closed when others need the room.
pub struct Pooled {
    number: u64,
    open: Open,
}

/// The sources that are open, the one that was used last at the end.
#[derive(Default)]
struct Pool {
    open: Vec<(u64, Arc<dyn Source>)>,
}

static POOL: LazyLock<Mutex<Pool>> = LazyLock::new(Mutex::default);
static NUMBERS: AtomicU64 = AtomicU64::new(0);
static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::of_process);

/// How much may be open.
struct Limits {
    sources: usize,
    bytes: u64,
}

impl Limits {
    /// Enough for every thread to read a file of its own; a fraction of the files that the process may open.
    fn of_process() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let allowed = open_files().unwrap_or(1024);
        let sources = (2 * threads).max(16).min((allowed / 8).max(2));
        Limits { sources, bytes: (192 + 64 * threads as u64) << 20 }
    }
}

/// The limit of open files of this process.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pooled {
    /// A source that is open now, and what opens it again.
    pub fn new(source: Box<dyn Source>, open: Open) -> Self {
        let pooled = Pooled { number: NUMBERS.fetch_add(1, Ordering::Relaxed), open };
        let closed = pool().keep(pooled.number, source.into());
        drop(closed);
        pooled
    }

    /// The open source.
    pub fn source(&self) -> Result<Arc<dyn Source>> {
        if let Some(source) = pool().find(self.number) {
            return Ok(source);
        }
        // Opened without the lock: other threads go on reading.
        let source: Arc<dyn Source> = (self.open)()?.into();
        let mut pool = pool();
        // Another thread may have been faster.
        let (kept, closed) = match pool.find(self.number) {
            Some(other) => (other, vec![source]),
            None => (Arc::clone(&source), pool.keep(self.number, source)),
        };
        // A source may have parts that are in the pool as well.
        drop(pool);
        drop(closed);
        Ok(kept)
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let closed = pool().take(self.number);
        drop(closed);
    }
}

impl Pool {
    fn take(&mut self, number: u64) -> Option<Arc<dyn Source>> {
        let place = self.open.iter().position(|(n, _)| *n == number)?;
        Some(self.open.remove(place).1)
    }

    fn find(&mut self, number: u64) -> Option<Arc<dyn Source>> {
        let source = self.take(number)?;
        self.open.push((number, Arc::clone(&source)));
        Some(source)
    }

    /// Keeps a source; gives those that were not used for longest, to be closed, if there is no room for them.
    fn keep(&mut self, number: u64, source: Arc<dyn Source>) -> Vec<Arc<dyn Source>> {
        let mut held = source.held();
        let mut room = LIMITS.sources.saturating_sub(1);
        // From the one that was used last: those after the first that does not fit are closed.
        let kept = self.open.iter().rev().take_while(|(_, other)| {
            held = held.saturating_add(other.held());
            let fits = room > 0 && held <= LIMITS.bytes;
            room = room.saturating_sub(1);
            fits
        });
        let closed = self.open.len() - kept.count();
        let closed = self.open.drain(..closed).map(|(_, source)| source).collect();
        self.open.push((number, source));
        closed
    }
}

impl fmt::Debug for Pooled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pooled {}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Held(u64);

    impl Source for Held {
        fn read(&self, _first: u64, out: &mut [f64]) -> Result<()> {
            out.fill(self.0 as f64);
            Ok(())
        }

        fn held(&self) -> u64 {
            self.0
        }
    }

    fn numbers(pool: &Pool) -> Vec<u64> {
        pool.open.iter().map(|(number, _)| *number).collect()
    }

    #[test]
    fn the_oldest_is_closed_first() {
        let mut pool = Pool::default();
        let count = LIMITS.sources as u64;
        for number in 0..count {
            pool.keep(number, Arc::new(Held(0)));
        }
        assert!(pool.find(0).is_some());
        pool.keep(count, Arc::new(Held(0)));
        assert_eq!((pool.open.len() as u64, pool.find(1).is_none()), (count, true));
        assert!(pool.find(0).is_some());
    }

    #[test]
    fn memory_is_bounded() {
        let mut pool = Pool::default();
        let third = LIMITS.bytes / 3 + 1;
        (0..3).for_each(|number| _ = pool.keep(number, Arc::new(Held(third))));
        assert_eq!(numbers(&pool), [1, 2]);
        // What is larger than all of it is alone.
        pool.keep(3, Arc::new(Held(2 * LIMITS.bytes)));
        assert_eq!(numbers(&pool), [3]);
    }

    #[test]
    fn a_closed_source_is_opened_again() {
        let pooled = Pooled::new(Box::new(Held(1)), Box::new(|| Ok(Box::new(Held(2)))));
        let read = |pooled: &Pooled| {
            let mut out = [0.0];
            pooled.source().unwrap().read(0, &mut out).unwrap();
            out[0]
        };
        drop(pool().take(pooled.number));
        assert_eq!(read(&pooled), 2.0);
        let number = pooled.number;
        drop(pooled);
        assert!(pool().find(number).is_none());
    }
}
