//! Many events, for faults that are rare; as many as a test's time allows, and it says how many those were.

use std::time::{Duration, Instant};

use super::outcome::{Stop, Verdict};

/// Events in which a fault is looked for that shows once in ten thousand.
pub const EVENTS: u64 = 100_000;

/// What a test may spend on them.
const TIME: Duration = Duration::from_secs(1);

/// Calls `work(first, n)` for pieces of `events` events, the first ones small, until all are done or the time is over.
pub fn in_pieces(what: &str, events: u64, mut work: impl FnMut(u64, usize) -> Verdict) -> Verdict {
    let start = Instant::now();
    let (mut done, mut piece) = (0, 128);
    while done < events {
        let n = piece.min(events - done);
        work(done, n as usize)?;
        done += n;
        if done < events && start.elapsed() > TIME {
            return Err(Stop::Partial(format!("{what}: {done} of {events} events in {} s", TIME.as_secs())));
        }
        piece = (2 * piece).min(1 << 14);
    }
    Ok(())
}

/// Tests all items; one that ends in part does not keep the others from being tested.
pub fn each<T>(items: impl IntoIterator<Item = T>, mut test: impl FnMut(T) -> Verdict) -> Verdict {
    let mut parts = Vec::new();
    for item in items {
        match test(item) {
            Err(Stop::Partial(part)) => parts.push(part),
            other => other?,
        }
    }
    if parts.is_empty() { Ok(()) } else { Err(Stop::Partial(parts.join("; "))) }
}

/// Tests as many items as the time allows, at least one.
pub fn in_time<T>(what: &str, items: Vec<T>, mut test: impl FnMut(T) -> Verdict) -> Verdict {
    let (start, all) = (Instant::now(), items.len());
    for (done, item) in items.into_iter().enumerate() {
        if done > 0 && start.elapsed() > TIME {
            return Err(Stop::Partial(format!("{done} of {all} {what} in {} s", TIME.as_secs())));
        }
        test(item)?;
    }
    Ok(())
}
