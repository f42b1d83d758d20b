//! Starts the worker, watches it, and starts another one without the culprit when a plugin kills it.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::journal::{self, CallUnderWay, Journal};

/// What killed an earlier worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The stage under way.
    pub stage: String,
    /// The component, or the file that was being loaded.
    pub component: String,
    /// The call.
    pub call: String,
    /// What happened, in one sentence.
    pub message: String,
    /// Whether the call did not return in time, so that every other call may cost as much time.
    #[serde(default)]
    pub hung: bool,
}

/// Environment of a worker: where its journal is, and what killed its predecessors.
const JOURNAL: &str = "AMPLICAST_WORKER_JOURNAL";
const FAILURES: &str = "AMPLICAST_WORKER_FAILURES";
const SERIAL: &str = "AMPLICAST_WORKER_SERIAL";
/// A file in which a worker finds what its predecessors noted.
const NOTES: &str = "AMPLICAST_WORKER_NOTES";

/// The signal of Ctrl-C.
const INTERRUPT: i32 = 2;

/// Exit code of a worker that ended in order; its own code is in the low bits.
const ORDERLY: i32 = 64;

/// What a worker knows of its supervisor.
pub struct Worker {
    /// Every call of a plugin is written here first.
    pub journal: Arc<Journal>,
    /// What killed earlier workers: these components are not called again.
    pub failures: Vec<Failure>,
    /// Work on one thread, so that the next death has one suspect.
    pub serial: bool,
    /// A file that outlives this worker and ends with its supervisor: what is finished need not be done again.
    pub notes: PathBuf,
}

/// Whether this process was started by a supervisor.
pub fn is_worker() -> bool {
    std::env::var_os(JOURNAL).is_some()
}

/// The worker's side: present in a process that a supervisor started.
pub fn worker(stop: &Arc<AtomicBool>) -> Option<Worker> {
    let path = std::env::var_os(JOURNAL)?;
    listen_to_the_supervisor(stop.clone());
    let journal = Journal::open(Some(Path::new(&path))).ok()?;
    let failures =
        std::env::var(FAILURES).ok().and_then(|t| serde_json::from_str(&t).ok()).unwrap_or_default();
    let (serial, notes) = (std::env::var_os(SERIAL).is_some(), PathBuf::from(std::env::var_os(NOTES)?));
    Some(Worker { journal: Arc::new(journal), failures, serial, notes })
}

/// A byte from the supervisor is the user's wish to stop, sent to the supervisor alone.
///
/// A worker without a supervisor would go on unseen, and keep the run's folder from the next run.
fn listen_to_the_supervisor(stop: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        // Standard input is a pipe whose other end closes when the supervisor dies, however it dies.
        while let Ok(1..) = std::io::stdin().read(&mut [0]) {
            stop.store(true, Ordering::SeqCst);
        }
        std::process::exit(ORDERLY + i32::from(crate::cli::EXIT_FAILED))
    });
}

impl Worker {
    /// Ends the process in order; a plugin that calls `exit` does not look like this.
    pub fn exit(&self, code: u8) -> ! {
        std::process::exit(ORDERLY + i32::from(code & 0x1f))
    }
}

/// Runs this program again with the same arguments as a worker, until one ends in order. Gives its exit code.
///
/// `time_limit` is the longest silence of a plugin call: no return and no progress.
pub fn supervise(time_limit: Duration, stop: &Arc<AtomicBool>) -> std::io::Result<u8> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut failures: Vec<Failure> = Vec::new();
    let mut serial = false;
    let notes = tempfile::NamedTempFile::new()?;
    loop {
        let journal = tempfile::NamedTempFile::new()?;
        let child = start(&arguments, [journal.path(), notes.path()], &failures, serial)?;
        let (status, hung) = watch(child, journal.path(), time_limit, stop)?;
        if let Some(code) = status.code().filter(|c| (ORDERLY..ORDERLY + 32).contains(c)) {
            return Ok((code - ORDERLY) as u8);
        }
        // Also a worker that was too young to listen, before this process heard of the same Ctrl-C.
        if stop.load(Ordering::SeqCst) || status.signal() == Some(INTERRUPT) {
            return Ok(crate::cli::stopped());
        }
        let calls = journal::read(journal.path());
        let mut suspects: Vec<&CallUnderWay> = match &hung {
            Some(hung) => vec![hung],
            None => calls.iter().collect(),
        };
        // Threads that were all in one component: whichever did it, the component is to blame.
        suspects.sort_by(|a, b| a.component.cmp(&b.component));
        suspects.dedup_by(|a, b| a.component == b.component);
        match suspects.as_slice() {
            [culprit] => {
                let how = if hung.is_some() {
                    format!(
                        "did not return, and made no progress, for {} s (--time-limit)",
                        time_limit.as_secs()
                    )
                } else {
                    describe(status)
                };
                let message = format!("`{}`, call {}: {how}", culprit.component, culprit.call);
                eprintln!("amplicast: {message}; going on without it");
                failures.push(Failure {
                    stage: culprit.stage.clone(),
                    component: culprit.component.clone(),
                    call: culprit.call.clone(),
                    message,
                    hung: hung.is_some(),
                });
                serial = false;
            }
            [] => {
                eprintln!("amplicast: the worker {} outside of any plugin call", describe(status));
                return Ok(crate::cli::EXIT_FAILED);
            }
            many if !serial => {
                eprintln!(
                    "amplicast: the worker {} while {} plugin calls were under way: trying again on one thread to find out \
                     which",
                    describe(status),
                    many.len()
                );
                serial = true;
            }
            many => {
                let list: Vec<String> =
                    many.iter().map(|c| format!("`{}` ({})", c.component, c.call)).collect();
                eprintln!("amplicast: the worker {}; under way were {}", describe(status), list.join(", "));
                return Ok(crate::cli::EXIT_FAILED);
            }
        }
        if failures.len() > 100 {
            eprintln!("amplicast: stopped after 100 deaths of the worker");
            return Ok(crate::cli::EXIT_FAILED);
        }
    }
}

fn start(
    arguments: &[OsString],
    [journal, notes]: [&Path; 2],
    failures: &[Failure],
    serial: bool,
) -> std::io::Result<Child> {
    let executable: PathBuf = std::env::current_exe()?;
    let mut command = Command::new(executable);
    command.args(arguments).env(JOURNAL, journal).env(NOTES, notes);
    command.env(FAILURES, serde_json::to_string(failures).unwrap_or_default());
    if serial {
        command.env(SERIAL, "1");
    }
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
    journal: &Path,
    time_limit: Duration,
    stop: &Arc<AtomicBool>,
) -> std::io::Result<(ExitStatus, Option<CallUnderWay>)> {
    let mut stopped_at = None;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, None));
        }
        std::thread::sleep(Duration::from_millis(20));
        let limit = time_limit.as_millis() as u64;
        let silent = |call: &CallUnderWay| journal::now().saturating_sub(call.alive) > limit;
        if let Some(call) = journal::read(journal).into_iter().find(silent) {
            child.kill()?;
            return Ok((child.wait()?, Some(call)));
        }
        // The worker stops at the next step; a call that does not look is not waited for.
        if stop.load(Ordering::SeqCst) {
            if stopped_at.is_none()
                && let Some(input) = &mut child.stdin
            {
                // Ctrl-C reached the worker as well; another signal did not. A worker that is gone needs no telling.
                let _ = input.write_all(b"s");
            }
            let since = *stopped_at.get_or_insert_with(journal::now);
            if journal::now() - since > patience(&journal::read(journal)) {
                child.kill()?;
            }
        }
    }
}

/// How many milliseconds a worker that was asked to stop may go on: long while it computes what will be stored, not while plugins
/// are loaded and components made, which read whole files, since nothing is lost then.
fn patience(under_way: &[CallUnderWay]) -> u64 {
    let loses_nothing = |call: &CallUnderWay| ["load", "create"].contains(&call.call.as_str());
    if !under_way.is_empty() && under_way.iter().all(loses_nothing) { 500 } else { 20_000 }
}

fn describe(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(9), _) => "was killed (signal 9: out of memory, or somebody's kill)".into(),
        (Some(11), _) => "crashed (signal 11, segmentation fault)".into(),
        (Some(6), _) => "aborted (signal 6)".into(),
        (Some(7), _) => "crashed (signal 7, bus error)".into(),
        (Some(4), _) => "crashed (signal 4, illegal instruction)".into(),
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (None, Some(code)) => format!("ended the process (exit code {code})"),
        (None, None) => "ended in an unknown way".into(),
    }
}
