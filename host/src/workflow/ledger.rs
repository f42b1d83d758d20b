//! What became of every job, kept as one small file a job: done, failed or running. No lock is needed, on whatever machines they run.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use amplicast_sdk::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::pipeline::{Job, Jobs};
use crate::store::{Key, regular_file, replace};

/// The folder of records in a run's own.
const FOLDER: &str = "jobs";
/// The folder of what jobs left, one file for each process: a file for each job would be as many reads for whoever looks.
const STAGES: &str = "stages";
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
    /// Where this process notes the stages that its jobs leave, from its first one on.
    stages: Mutex<Option<File>>,
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
        let stages = folder.join(STAGES);
        std::fs::create_dir_all(&stages).map_err(|e| Error::io(stages.display(), e))?;
        let running = Arc::new(Running { jobs: Mutex::new(Some(BTreeMap::new())), changed: Condvar::new() });
        let (of_thread, at) = (running.clone(), folder.clone());
        let beat = move || of_thread.beat(&at);
        let beating =
            std::thread::Builder::new().spawn(beat).map_err(|e| Error::io("cannot start a thread", e))?;
        Ok(Ledger { folder, stages: Mutex::default(), running, beating: Some(beating) })
    }

    /// Does the work of a job, which gives the stages that it leaves, between its records.
    pub fn around(&self, job: Job, work: &dyn Fn() -> Result<Vec<Key>>) -> Result<()> {
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
            Ok(stages) => {
                let _ = self.note_stages(job, stages);
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
        outcome.map(drop)
    }

    /// A line with the job and the marks of its stages.
    fn note_stages(&self, job: Job, stages: &[Key]) -> std::io::Result<()> {
        if stages.is_empty() {
            return Ok(());
        }
        let marks: Vec<String> = stages.iter().map(Key::mark).collect();
        let line = format!("{job} {}\n", marks.join(" "));
        let mut file = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *file {
            Some(file) => file,
            none => {
                let path = self.folder.join(STAGES).join(format!("{}-{}", host(), std::process::id()));
                none.insert(File::options().append(true).create(true).open(path)?)
            }
        };
        file.write_all(line.as_bytes())
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

/// The jobs that left stages which are not among those that are `there`; of a job that noted none nothing is known.
pub fn without_stages(run: &Path, name: &str, jobs: &Jobs, there: &HashSet<String>) -> BTreeSet<Job> {
    let files = std::fs::read_dir(run.join(FOLDER).join(name).join(STAGES)).into_iter().flatten().flatten();
    let mut gone = BTreeSet::new();
    for bytes in files.filter_map(|file| regular_file(&file.path()).ok()) {
        // The last line of a process that was killed may have no end.
        let text = String::from_utf8_lossy(&bytes);
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let mut words = line.split(' ');
            let job = words.next().and_then(|job| jobs.parse(job).ok());
            if let Some(&[job]) = job.as_deref()
                && !words.all(|mark| there.contains(mark))
            {
                gone.insert(job);
            }
        }
    }
    gone
}

/// A record.
pub fn read(run: &Path, name: &str, kind: Kind, job: Job) -> Option<Record> {
    let bytes = regular_file(&path(&run.join(FOLDER).join(name), kind, job)).ok()?;
    serde_json::from_slice(&bytes).ok()
}
