//! How far a workflow is, from the records of its jobs and the names of its stages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::asked::Asked;
use super::ledger::{Kind, LOST, Record, read, records, without_stages};
use crate::pipeline::Job;
use crate::store::marks;

/// Records that are read for the mean time of a kind of job: enough for two digits.
const TIMED: usize = 100;

/// How far a workflow is.
#[derive(Debug)]
pub struct Status {
    /// The kinds of jobs that there are.
    pub kinds: Vec<OfKind>,
    /// Jobs that failed last, and why: those of one cause together.
    pub failed: Vec<Vec<(Job, Option<Record>)>>,
    /// Jobs that were done, and whose stages are not there any more.
    pub without_stages: Vec<Job>,
    /// What was changed since the workflow was written.
    pub changed: Option<String>,
    /// Jobs whose process gives no sign of life any more.
    pub lost: Vec<(Job, Option<Record>)>,
    /// Time that is left with as many jobs at once as there are now; none if nothing is known of how long they take.
    pub left: Option<Duration>,
}

/// Jobs of one kind.
#[derive(Debug, PartialEq)]
pub struct OfKind {
    /// The kind.
    pub kind: &'static str,
    /// How many there are.
    pub all: usize,
    /// How many are done.
    pub done: usize,
    /// How many run.
    pub running: usize,
    /// How many failed, and were not begun again.
    pub failed: usize,
    /// How many were begun by a process that is gone.
    pub lost: usize,
    /// Mean seconds of those that are done, else what was estimated.
    pub seconds: Option<f64>,
}

/// Looks at the records of a run's jobs, at its stages, which are in the folder `stages`, and at its `experiment`, a file.
pub fn status(run: &Path, asked: &Asked, stages: &Path, experiment: &Path) -> Status {
    let name = &asked.run;
    let of = |kind| records(run, name, kind, &asked.jobs);
    let mut done = of(Kind::Done);
    let mut without = without_stages(run, name, &asked.jobs, &marks(stages));
    without.retain(|job| done.remove(job).is_some());
    let (running, lost): (BTreeSet<Job>, BTreeSet<Job>) = {
        let begun = of(Kind::Running).into_iter().filter(|(job, _)| !done.contains_key(job));
        let (lost, running): (Vec<_>, Vec<_>) = begun.partition(|(_, age)| *age > LOST);
        let jobs = |list: Vec<(Job, Duration)>| list.into_iter().map(|(job, _)| job).collect();
        (jobs(running), jobs(lost))
    };
    let failed: BTreeSet<Job> = of(Kind::Failed)
        .into_keys()
        .filter(|job| !done.contains_key(job) && !running.contains(job) && !lost.contains(job))
        .collect();
    let mut kinds = Vec::new();
    for (kind, all) in asked.jobs.kinds() {
        if all.is_empty() {
            continue;
        }
        let count = |holds: &dyn Fn(&Job) -> bool| all.iter().filter(|job| holds(job)).count();
        let finished: Vec<Job> = all.iter().copied().filter(|job| done.contains_key(job)).collect();
        let step = finished.len().div_ceil(TIMED).max(1);
        let timed = finished.iter().step_by(step).filter_map(|job| read(run, name, Kind::Done, *job));
        let times: Vec<f64> = timed.map(|record| record.seconds).collect();
        let mean = (!times.is_empty()).then(|| times.iter().sum::<f64>() / times.len() as f64);
        kinds.push(OfKind {
            kind,
            all: all.len(),
            done: finished.len(),
            running: count(&|job| running.contains(job)),
            failed: count(&|job| failed.contains(job)),
            lost: count(&|job| lost.contains(job)),
            seconds: mean.or_else(|| estimated(asked, &all)),
        });
    }
    let open: Vec<&OfKind> = kinds.iter().filter(|of| of.done < of.all).collect();
    // Short jobs of which nothing is known yet are passed over.
    let known: Vec<f64> = open.iter().filter_map(|of| of.left()).collect();
    let left = (open.is_empty() || !known.is_empty()).then(|| known.iter().sum::<f64>());
    let with = |set: BTreeSet<Job>, kind| {
        set.into_iter().map(|job| (job, read(run, name, kind, job))).collect::<Vec<_>>()
    };
    let at_once = running.len().max(1) as f64;
    Status {
        kinds,
        failed: by_cause(with(failed, Kind::Failed)),
        without_stages: without.into_iter().collect(),
        changed: asked.changed(experiment),
        lost: with(lost, Kind::Running),
        left: left.and_then(|seconds| Duration::try_from_secs_f64(seconds / at_once).ok()),
    }
}

/// Failures of one cause together, those of many jobs first: what they say differs in numbers alone.
fn by_cause(failed: Vec<(Job, Option<Record>)>) -> Vec<Vec<(Job, Option<Record>)>> {
    let mut causes: BTreeMap<String, Vec<(Job, Option<Record>)>> = BTreeMap::new();
    for (job, record) in failed {
        let said = record.as_ref().map_or("", |record| &record.failure);
        let cause = said.chars().filter(|c| !c.is_ascii_digit()).collect();
        causes.entry(cause).or_default().push((job, record));
    }
    let mut causes: Vec<_> = causes.into_values().collect();
    causes.sort_by_key(|jobs| (std::cmp::Reverse(jobs.len()), jobs[0].0));
    causes
}

/// The mean of what was estimated of these jobs, which are of one kind.
fn estimated(asked: &Asked, jobs: &[Job]) -> Option<f64> {
    let one = |job: &Job| match job {
        Job::Chain(of, _) => asked.sizes[of.row].chain_seconds,
        Job::Pass(of, _) => asked.sizes[of.row].pass_seconds,
        Job::Shared(_) | Job::Truth(_) => None,
    };
    let seconds: Option<f64> = jobs.iter().map(one).sum();
    Some(seconds? / jobs.len() as f64)
}

impl OfKind {
    /// Seconds of work that are left of this kind; none if it is not known how long a job takes.
    fn left(&self) -> Option<f64> {
        self.seconds.map(|seconds| seconds * (self.all - self.done) as f64)
    }
}
