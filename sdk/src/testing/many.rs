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

/// Both verdicts: a failure before all else, then what was left out.
pub fn both(first: Verdict, second: impl FnOnce() -> Verdict) -> Verdict {
    match first {
        Err(Stop::Partial(part)) => match second() {
            Err(Stop::Partial(other)) => Err(Stop::Partial(format!("{part}; {other}"))),
            Ok(()) => Err(Stop::Partial(part)),
            other => other,
        },
        Ok(()) => second(),
        other => other,
    }
}
