//! Starts the worker, watches it, and starts another one without the culprit when a plugin kills it.

use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::journal::{CallUnderWay, Reader, Slot};
use super::start::{Failure, Start, shared_file};
use crate::terminal::shown;

/// The signal of Ctrl-C.
const INTERRUPT: i32 = 2;

/// Time between two looks at the worker.
const TICK: Duration = Duration::from_millis(20);

/// How long a worker that has given its word may take to end: libraries' own destructors are left to do.
const LAST_DESTRUCTORS: Duration = Duration::from_secs(10);

/// What is not called again after a death.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The component.
    Component,
    /// The component in this stage: its other tests are run.
    Stage,
}

impl Blame {
    /// Whether a death was to be prevented by what is known of an earlier one.
    fn repeats(self, earlier: &Failure, call: &CallUnderWay) -> bool {
        earlier.subject == call.subject && (self == Blame::Component || earlier.stage == call.stage)
    }
}

/// How a worker ended.
enum End {
    /// In order, with this exit code; and what ended the process after that, if anything did.
    Orderly(u8, Option<ExitStatus>),
    /// Without a word, in these calls.
    Died(ExitStatus, Vec<CallUnderWay>),
    /// Killed since this call was silent for too long.
    Hung(CallUnderWay),
}

/// Runs this program again with the same arguments, and `further` ones, as a worker, until one ends in order. Gives its exit code.
///
/// `time_limit` is the longest silence of a plugin call: no return and no progress.
pub fn supervise(
    time_limit: Duration,
    blame: Blame,
    stop: &Arc<AtomicBool>,
    further: Vec<OsString>,
) -> std::io::Result<u8> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).chain(further).collect();
    let notes = shared_file("amplicast-notes")?;
    let (mut failures, mut serial): (Vec<Failure>, bool) = (Vec::new(), false);
    loop {
        let journal = shared_file("amplicast-journal")?;
        let start = Start {
            // A library that ends the process, or an earlier worker's word, cannot be taken for this one's.
            word: RandomState::new().build_hasher().finish() | 1,
            journal: journal.as_raw_fd(),
            notes: notes.as_raw_fd(),
            failures: failures.clone(),
            serial,
        };
        let (mut suspects, how, hung) =
            match watch(begin(&arguments, &start)?, &journal, start.word, time_limit, stop)? {
                End::Orderly(code, None) => return Ok(code),
                End::Orderly(code, Some(status)) => {
                    eprintln!(
                        "amplicast: all was done when the process {}: a library's own destructor",
                        describe(status)
                    );
                    return Ok(code);
                }
                End::Hung(call) => {
                    let limit = time_limit.as_secs();
                    (
                        vec![call],
                        format!("did not return, and made no progress, for {limit} s (--time-limit)"),
                        true,
                    )
                }
                // Also a worker that was too young to listen, before this process heard of the same Ctrl-C.
                End::Died(status, _) if stop.load(Ordering::SeqCst) || status.signal() == Some(INTERRUPT) => {
                    return Ok(crate::exit::stopped());
                }
                End::Died(status, calls) => (calls, describe(status), false),
            };
        suspects.sort_by(|a, b| (&a.subject, &a.call).cmp(&(&b.subject, &b.call)));
        suspects.dedup_by(|a, b| (&a.subject, &a.call) == (&b.subject, &b.call));
        match suspects.as_slice() {
            // Threads that were all in one component: whichever did it, the component is to blame, in one of these calls.
            [culprit, others @ ..] if others.iter().all(|other| other.subject == culprit.subject) => {
                let calls: Vec<&str> = suspects.iter().map(|suspect| suspect.call.as_str()).collect();
                let message =
                    format!("`{}`, call {}: {how}", shown(&culprit.subject.name), calls.join(" or "));
                if failures.iter().any(|earlier| blame.repeats(earlier, culprit)) {
                    eprintln!(
                        "amplicast: {message}; it had been called once more after it did so before: this is a fault of amplicast"
                    );
                    return Ok(crate::exit::EXIT_FAILED);
                }
                eprintln!("amplicast: {message}; going on without it");
                failures.push(Failure {
                    stage: culprit.stage.clone(),
                    subject: culprit.subject.clone(),
                    call: culprit.call.clone(),
                    message,
                    hung,
                });
                serial = false;
            }
            [] => {
                eprintln!("amplicast: the worker {how} outside of any plugin call");
                return Ok(crate::exit::EXIT_FAILED);
            }
            many if !serial => {
                eprintln!(
                    "amplicast: the worker {how} while {} plugin calls were under way: trying again on one thread to find out which",
                    many.len()
                );
                serial = true;
            }
            many => {
                let name = |c: &CallUnderWay| format!("`{}` ({})", shown(&c.subject.name), c.call);
                let list: Vec<String> = many.iter().map(name).collect();
                eprintln!("amplicast: the worker {how}; under way were {}", list.join(", "));
                return Ok(crate::exit::EXIT_FAILED);
            }
        }
    }
}

fn begin(arguments: &[OsString], start: &Start) -> std::io::Result<Child> {
    // The program that runs, even if its file has been replaced by a newer one meanwhile.
    let mut command = Command::new("/proc/self/exe");
    if let Some(name) = std::env::args_os().next() {
        command.arg0(name);
    }
    let (_open, (name, value)) = start.write()?;
    command.args(arguments).env(name, value);
    // libtorch in a plugin: one thread a call, no spinning, and no returning of memory to the system between steps.
    for (name, value) in [
        ("OMP_NUM_THREADS", "1"),
        ("OMP_WAIT_POLICY", "PASSIVE"),
        ("MALLOC_MMAP_THRESHOLD_", "1073741824"),
        ("MALLOC_TRIM_THRESHOLD_", "1073741824"),
        ("MALLOC_TOP_PAD_", "67108864"),
    ] {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::piped()).spawn()
}

/// Waits for the worker; kills it when a call is silent for too long, and names that call.
fn watch(
    mut child: Child,
    journal: &File,
    word: u64,
    time_limit: Duration,
    stop: &Arc<AtomicBool>,
) -> std::io::Result<End> {
    let reader = Reader(journal);
    let mut clock = Clock::default();
    let (mut silences, mut asked, mut done) = (Silences::default(), None, None);
    loop {
        let ended = child.try_wait()?;
        let now = clock.time();
        if let Some(code) = reader.ended(word) {
            if let Some(status) = ended {
                let unexpected = status.code() != Some(i32::from(code));
                return Ok(End::Orderly(code, unexpected.then_some(status)));
            }
            if now - *done.get_or_insert(now) > LAST_DESTRUCTORS {
                child.kill()?;
                return Ok(End::Orderly(code, Some(child.wait()?)));
            }
        } else if let Some(status) = ended {
            return Ok(End::Died(status, reader.calls(&reader.slots())));
        }
        std::thread::sleep(TICK);
        let slots = reader.slots();
        if let Some(silent) = silences.longer_than(time_limit, &slots, now)
            && let Some(call) = reader.calls([silent]).pop()
        {
            child.kill()?;
            child.wait()?;
            return Ok(End::Hung(call));
        }
        // The worker stops at the next step; a call that does not look is not waited for.
        if stop.load(Ordering::SeqCst) {
            if asked.is_none()
                && let Some(input) = &mut child.stdin
            {
                // Ctrl-C reached the worker as well; another signal did not. A worker that is gone needs no telling.
                let _ = input.write_all(b"s");
            }
            if now - *asked.get_or_insert(now) > patience(&reader.calls(&slots)) {
                child.kill()?;
            }
        }
    }
}

/// The time that this process was awake: a worker is not to blame for the time in which both were stopped by Ctrl-Z, or the
/// machine slept.
#[derive(Default)]
struct Clock {
    awake: Duration,
    last: Option<Instant>,
}

impl Clock {
    fn time(&mut self) -> Duration {
        let now = Instant::now();
        // A busy machine wakes this process late, by less than this.
        self.awake += self.last.map_or(Duration::ZERO, |last| (now - last).min(25 * TICK));
        self.last = Some(now);
        self.awake
    }
}

/// Since when each thread's slot has been as it is.
#[derive(Default)]
struct Silences(Vec<(Slot, Duration)>);

impl Silences {
    /// A thread that has been in a call without a sign of life for longer than that.
    fn longer_than<'a>(&mut self, limit: Duration, slots: &'a [Slot], now: Duration) -> Option<&'a Slot> {
        for (i, slot) in slots.iter().enumerate() {
            match self.0.get_mut(i) {
                None => self.0.push((*slot, now)),
                Some((known, _)) if known == slot => (),
                Some(changed) => *changed = (*slot, now),
            }
        }
        slots
            .iter()
            .zip(&self.0)
            .find(|(slot, (_, since))| slot.under_way() && now - *since > limit)
            .map(|(slot, _)| slot)
    }
}

/// How long a worker that was asked to stop may go on: long while it computes what will be stored, not while plugins are loaded
/// and components made, which read whole files, since nothing is lost then.
fn patience(under_way: &[CallUnderWay]) -> Duration {
    let loses_nothing = |call: &CallUnderWay| ["load", "create"].contains(&call.call.as_str());
    let short = !under_way.is_empty() && under_way.iter().all(loses_nothing);
    Duration::from_millis(if short { 500 } else { 20_000 })
}

fn describe(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(9), _) => "was killed (signal 9: out of memory, or somebody's kill)".into(),
        (Some(11), _) => "crashed (signal 11, segmentation fault)".into(),
        (Some(6), _) => "aborted (signal 6)".into(),
        (Some(7), _) => "crashed (signal 7, bus error)".into(),
        (Some(4), _) => "crashed (signal 4, illegal instruction)".into(),
        (Some(24), _) => "was ended by the limit of processor time (signal 24; `ulimit -t`)".into(),
        (Some(25), _) => "was ended by the limit of file sizes (signal 25; `ulimit -f`)".into(),
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (None, Some(code)) => format!("ended the process (exit code {code})"),
        (None, None) => "ended in an unknown way".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::journal::{Journal, Subject};
    use super::*;

    #[test]
    fn a_call_is_silent_from_its_last_sign_of_life_on() {
        let file = tempfile::tempfile().unwrap();
        let journal = Arc::new(Journal::new(Some(file.try_clone().unwrap())));
        let watch = journal.of(&Subject { kind: "generator".into(), name: "g".into() });
        let (mut silences, limit) = (Silences::default(), Duration::from_secs(10));
        let mut hung = |second| {
            silences.longer_than(limit, &Reader(&file).slots(), Duration::from_secs(second)).is_some()
        };
        watch.enter("g", "fit");
        assert!(!hung(0) && !hung(10) && hung(11));
        watch.leave();
        // A thread that is in no call has no limit.
        assert!(!hung(12) && !hung(100));
        watch.enter("g", "fit");
        assert!(!hung(101) && !hung(111));
        std::thread::sleep(Duration::from_millis(110));
        journal.alive();
        assert!(!hung(112) && !hung(122) && hung(123));
    }

    #[test]
    fn time_in_which_this_process_does_not_run_is_not_counted() {
        let mut clock = Clock::default();
        clock.time();
        clock.last = Instant::now().checked_sub(Duration::from_secs(600));
        assert!(clock.time() < Duration::from_secs(1));
    }
}
