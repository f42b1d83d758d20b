//! What became of every job, kept as one small file a job: done, failed or running. No lock is needed, on whatever machines they run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use amplicast_sdk::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::pipeline::{Job, Jobs};
use crate::store::{regular_file, replace};

/// The folder of records in a run's own.
const FOLDER: &str = "jobs";
/// A running job gives a sign of life this often.
const BEAT: Duration = Duration::from_secs(20);
/// A job that gave none for so long was killed, or its machine is gone.
pub const LOST: Duration = Duration::from_secs(120);

/// What a record says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The machine.
    pub host: String,
    /// The process.
    pub process: u32,
    /// Seconds of work.
    pub seconds: f64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub failure: String,
    /// When it was written, in seconds since 1970.
    pub written: u64,
}

/// The records of the jobs of one workflow.
pub struct Ledger {
    folder: PathBuf,
    running: Arc<Running>,
    beating: Option<JoinHandle<()>>,
}

/// Jobs under way in this process.
#[derive(Default)]
struct Running {
    jobs: Mutex<Option<BTreeMap<Job, Instant>>>,
    changed: Condvar,
}

/// The kinds of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Done,
    Failed,
    Running,
}

impl Kind {
    fn folder(self) -> &'static str {
        match self {
            Kind::Done => "done",
            Kind::Failed => "failed",
            Kind::Running => "running",
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
    name.map_or_else(|_| "unknown".into(), |name| name.trim().into())
}

fn record(seconds: f64, failure: &str) -> Vec<u8> {
    let record = Record {
        host: host(),
        process: std::process::id(),
        seconds,
        failure: failure.into(),
        written: now(),
    };
    serde_json::to_vec(&record).expect("plain values can be written")
}

fn path(folder: &Path, kind: Kind, job: Job) -> PathBuf {
    folder.join(kind.folder()).join(format!("{}.json", job.to_string().replace('/', "-")))
}

impl Ledger {
    /// Of the workflow `name` in a run's folder; its folders are made.
    pub fn open(run: &Path, name: &str) -> Result<Self> {
        let folder = run.join(FOLDER).join(name);
        for kind in [Kind::Done, Kind::Failed, Kind::Running] {
            let folder = folder.join(kind.folder());
            std::fs::create_dir_all(&folder).map_err(|e| Error::io(folder.display(), e))?;
        }
        let running = Arc::new(Running { jobs: Mutex::new(Some(BTreeMap::new())), changed: Condvar::new() });
        let (of_thread, at) = (running.clone(), folder.clone());
        let beat = move || of_thread.beat(&at);
        let beating =
            std::thread::Builder::new().spawn(beat).map_err(|e| Error::io("cannot start a thread", e))?;
        Ok(Ledger { folder, running, beating: Some(beating) })
    }

    /// Does the work of a job between its records.
    pub fn around(&self, job: Job, work: &dyn Fn() -> Result<()>) -> Result<()> {
        let started = Instant::now();
        self.running.with(|jobs| jobs.insert(job, started));
        // Records are for those who look on: a job does not fail for want of one.
        let _ = replace(&path(&self.folder, Kind::Running, job), &record(0.0, ""));
        let outcome = work();
        self.running.with(|jobs| jobs.remove(&job));
        let seconds = started.elapsed().as_secs_f64();
        let note = |kind, failure: &str| {
            let _ = replace(&path(&self.folder, kind, job), &record(seconds, failure));
        };
        match &outcome {
            Ok(()) => {
                // How long it took when it was done, not when it was found.
                if !path(&self.folder, Kind::Done, job).exists() {
                    note(Kind::Done, "");
                }
                let _ = std::fs::remove_file(path(&self.folder, Kind::Failed, job));
            }
            // It was not done, and nothing is wrong with it.
            Err(error) if error.kind() == ErrorKind::Cancelled => (),
            Err(error) => note(Kind::Failed, &error.to_string()),
        }
        let _ = std::fs::remove_file(path(&self.folder, Kind::Running, job));
        outcome
    }
}

impl Running {
    fn with<T>(&self, change: impl FnOnce(&mut BTreeMap<Job, Instant>) -> T) -> Option<T> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(change)
    }

    /// Gives signs of life until there is nobody left to give them for.
    fn beat(&self, folder: &Path) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let waited = self.changed.wait_timeout_while(jobs, BEAT, |jobs| jobs.is_some());
            jobs = waited.unwrap_or_else(PoisonError::into_inner).0;
            let Some(list) = &*jobs else { return };
            for (job, started) in list {
                let _ =
                    replace(&path(folder, Kind::Running, *job), &record(started.elapsed().as_secs_f64(), ""));
            }
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        *self.running.jobs.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.running.changed.notify_all();
        if let Some(thread) = self.beating.take() {
            let _ = thread.join();
        }
    }
}

/// The jobs of which there is such a record, with the time since it was written; those of another workflow are passed over.
pub fn records(run: &Path, name: &str, kind: Kind, jobs: &Jobs) -> BTreeMap<Job, Duration> {
    let list = std::fs::read_dir(run.join(FOLDER).join(name).join(kind.folder()));
    let known = |entry: std::fs::DirEntry| {
        let file = entry.file_name();
        let text = file.to_str()?.strip_suffix(".json")?.replace('-', "/");
        let job = *jobs.parse(&text).ok()?.first()?;
        // Only of what runs it matters how long ago.
        let age = match kind {
            Kind::Running => entry.metadata().ok()?.modified().ok()?.elapsed().unwrap_or_default(),
            Kind::Done | Kind::Failed => Duration::ZERO,
        };
        Some((job, age))
    };
    list.into_iter().flatten().flatten().filter_map(known).collect()
}

/// A record.
pub fn read(run: &Path, name: &str, kind: Kind, job: Job) -> Option<Record> {
    let bytes = regular_file(&path(&run.join(FOLDER).join(name), kind, job)).ok()?;
    serde_json::from_slice(&bytes).ok()
}
