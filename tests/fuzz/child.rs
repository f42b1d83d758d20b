//! The child: reads one input after the other.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::mutate::mutated;
use crate::status::Status;
use crate::targets::{Outcome, Target};

/// How much of the processors' time one input may take.
const SLOW: Duration = Duration::from_secs(10);

/// A panic since the last look, caught or not.
static PANIC: Mutex<Option<Panic>> = Mutex::new(None);

struct Panic {
    said: String,
    /// In a library that is not ours.
    outside: bool,
}

/// Reads inputs for so many seconds, and prints what fails.
pub fn read(arguments: &Arguments, status: &Path) -> Outcome<()> {
    std::panic::set_hook(Box::new(|info| {
        // Our crates are compiled from paths in the workspace, all others from cargo's folder of sources.
        let outside = info.location().is_some_and(|l| l.file().contains("/registry/src/"));
        let said = info.to_string().replace('\n', " ");
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(Panic { said, outside });
    }));
    let name = arguments.target.as_deref().ok_or("expected a target")?;
    let target = Target::of(name)?;
    let file = File::create(status)?;
    let mut status = Status { number: arguments.first, ..Status::default() };
    let begun = Instant::now();
    let end = arguments.count.map(|count| arguments.first.saturating_add(count));
    while begun.elapsed() < arguments.time() && end.is_none_or(|end| status.number < end) {
        status.write(&file)?;
        one(&target, &mut status);
        status.number += 1;
    }
    Ok(status.write(&file)?)
}

fn one(target: &Target, status: &mut Status) {
    let input = mutated(target, status.number);
    let seed = status.number as usize % target.seeds.len();
    let (started, used) = (Instant::now(), processors());
    let ended = catch_unwind(AssertUnwindSafe(|| (target.read)(seed, &input)));
    // On a machine that has other work as well, a quick one may take its time.
    let took = if started.elapsed() > SLOW { processors().saturating_sub(used) } else { Duration::ZERO };
    let panic = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
    let failure = match (panic, ended) {
        (Some(panic), _) if panic.outside && target.is_caught => {
            status.outside += 1;
            None
        }
        (Some(panic), _) => Some(panic.said),
        (None, Err(_)) => Some("a panic without a word".into()),
        (None, Ok(Err(what))) => Some(what),
        (None, Ok(Ok(read))) => {
            *(if read { &mut status.read } else { &mut status.refused }) += 1;
            None
        }
    };
    if let Some(what) = failure.or_else(|| (took > SLOW).then(|| format!("took {took:?}"))) {
        status.failures += 1;
        println!("{}: {what}", status.number);
    }
}

/// The processors' time that this process has used.
fn processors() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name of the program, which stands in brackets: a letter, and numbers; of the system's 100 ticks a second.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    Duration::from_millis(10 * ticks.sum::<u64>())
}
