//! Whether a component keeps in memory what it has seen.

use std::time::{Duration, Instant};

use super::outcome::{Stop, Verdict, ensure};

/// Bytes that are handled: they show in the memory of the process if they are kept.
const BYTES: usize = 64 << 20;
/// Bytes that are too few to tell.
const FEW: usize = 12 << 20;
/// What handling them may take.
const TIME: Duration = Duration::from_millis(600);

/// Calls `round`, which says how many bytes it handled, until these are many; fails if the process grew with them.
pub fn keeps_nothing(what: &str, mut round: impl FnMut() -> Verdict<usize>) -> Verdict {
    // The first call makes buffers that stay; it also tells whether the others are worth their time.
    let start = Instant::now();
    let bytes = round()? as f64 * TIME.as_secs_f64() / start.elapsed().as_secs_f64().max(1e-9);
    if bytes < FEW as f64 {
        return Err(Stop::Partial(format!(
            "{what}: about {:.0} kB in its time, too few to tell",
            bytes / 1024.0
        )));
    }
    let mut grown = 0;
    // Other threads need memory as well: once is no proof.
    for _ in 0..3 {
        let before = resident();
        let (mut bytes, start) = (0, Instant::now());
        while bytes < BYTES && start.elapsed() < TIME {
            bytes += round()?;
        }
        if bytes < FEW {
            return Err(Stop::Partial(format!("{what}: {} kB in its time, too few to tell", bytes >> 10)));
        }
        let Some((before, after)) = before.zip(resident()) else {
            return Err(Stop::Partial("/proc is not there: its memory is not looked at".into()));
        };
        let more = after.saturating_sub(before);
        if more <= bytes / 4 {
            return Ok(());
        }
        grown += 1;
        ensure(grown < 3, || {
            format!("{what}: {} MB more memory after {} MB of them: it keeps them", more >> 20, bytes >> 20)
        })?;
    }
    Ok(())
}

/// Bytes of memory that the process has.
pub fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    Some(1024 * line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?)
}
