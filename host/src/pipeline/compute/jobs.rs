//! The jobs of a run, and doing some of them: each stores what it finds, and nothing else is computed.

use std::collections::{BTreeMap, BTreeSet};

use amplicast_sdk::{Error, ErrorKind, Result, Split};

use super::training_set::on_training_set;
use crate::pipeline::curves::{Sampling, Truth};
use crate::pipeline::events::training_set;
use crate::pipeline::observe::{Columns, TrainingSet, summaries};
use crate::pipeline::plan::Setting;
use crate::pipeline::posterior::{Chains, SetRow, Training};
use crate::pipeline::stage::{Job, Jobs, JobsOfRow, RowOf, at_once, in_groups};
use crate::store::Key;

/// Calls the work of a job, which gives the stages that it leaves, or says why it cannot be done; what it returns is the job's outcome.
pub type Around<'a> = dyn Fn(Job, &dyn Fn() -> Result<Vec<Key>>) -> Result<()> + Sync + 'a;

/// All jobs of a setting.
pub fn jobs(setting: &Setting<'_>) -> Result<Jobs> {
    let dataset = setting.components.dataset.component.as_ref().map_err(Clone::clone)?;
    let (events, identity) = training_set(setting.session, setting.experiment, setting.components, 0)?;
    let needs_fit = |name: &str| {
        let made = setting.components.summaries.iter().find(|made| made.name == name);
        made.and_then(|made| made.component.as_ref().ok()).is_some_and(|summary| summary.fitted().is_some())
    };
    let mut rows = Vec::new();
    for row in setting.plan.rows() {
        let training = Training::new(setting, row, 0, events.seen(), &identity);
        // A component that cannot be used has no jobs; its cells say why.
        let (chains, members) = match Chains::of(&training) {
            Ok(Some(chains)) => (chains.number, chains.members),
            Ok(None) => {
                let own = training.model().map(|model| model.own_members().map_or(0, |list| list.len()));
                (0, own.unwrap_or(0) as u64)
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(_) => (0, 0),
        };
        let cuts = |selection: usize| setting.experiment.selection[selection].cuts.iter();
        let shared = setting.plan.cells_of(row).iter().any(|cell| {
            needs_fit(&cell.name.summary) || cuts(cell.selection).any(|cut| needs_fit(&cut.summary))
        });
        rows.push(JobsOfRow { name: training.name, chains, shared, members });
    }
    let truth = match dataset.capacity(Split::Holdout)? {
        Some(holdout) => holdout > 0,
        None => setting.experiment.experiment.n_truth > 0,
    };
    Ok(Jobs { training_sets: setting.experiment.experiment.training_sets, truth, rows })
}

/// Does these jobs. What they need of each other is done in its order; what they need of other jobs must be stored.
///
/// An error is the user's wish to stop; what becomes of a job is the matter of `around`.
pub fn work(setting: &Setting<'_>, jobs: &[Job], around: &Around<'_>) -> Result<()> {
    let summaries = summaries(setting.components);
    let sets: BTreeSet<u64> = jobs.iter().map(Job::training_set).collect();
    for number in sets {
        let of_set: Vec<Job> = jobs.iter().copied().filter(|job| job.training_set() == number).collect();
        let (chains, others): (Vec<Job>, Vec<Job>) =
            of_set.into_iter().partition(|job| matches!(job, Job::Chain(..)));
        let mut rows: BTreeMap<RowOf, Vec<u64>> = BTreeMap::new();
        for job in &chains {
            if let Job::Chain(row, chain) = job {
                rows.entry(*row).or_default().push(*chain);
            }
        }
        all_or(&chains, around, || train(setting, number, &rows, around))?;
        if !others.is_empty() {
            all_or(&others, around, || {
                on_training_set(setting, number, &summaries, |set, columns, _| {
                    pass(setting, set, columns, &others, around)
                })
            })?;
        }
    }
    Ok(())
}

/// Does `work`; its error is that of all these jobs.
fn all_or(jobs: &[Job], around: &Around<'_>, work: impl FnOnce() -> Result<()>) -> Result<()> {
    match work() {
        Err(error) if error.kind() != ErrorKind::Cancelled => {
            jobs.iter().try_for_each(|job| going_on(around(*job, &|| Err(error.clone()))))
        }
        found => found,
    }
}

/// The failure of a job is its own; the wish to stop is everybody's.
fn going_on(outcome: Result<()>) -> Result<()> {
    outcome.or_else(|error| if error.kind() == ErrorKind::Cancelled { Err(error) } else { Ok(()) })
}

/// Infers chains.
fn train(
    setting: &Setting<'_>,
    number: u64,
    rows: &BTreeMap<RowOf, Vec<u64>>,
    around: &Around<'_>,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let (events, identity) = training_set(setting.session, setting.experiment, setting.components, number)?;
    let of_plan = setting.plan.rows();
    for (row, wanted) in rows {
        let jobs: Vec<Job> = wanted.iter().map(|chain| Job::Chain(*row, *chain)).collect();
        let training = Training::new(setting, of_plan[row.row], number, events.seen(), &identity);
        all_or(&jobs, around, || {
            let nothing = || Error::data("expected chains, found none: the generator brings its members");
            let chains = Chains::of(&training)?.ok_or_else(nothing)?;
            let model = training.model()?;
            in_groups(wanted.len() as u64, at_once(&*model), |k| {
                let chain = wanted[k as usize];
                going_on(around(Job::Chain(*row, chain), &|| {
                    if chains.stored(chain).is_none() {
                        // Why it diverged is stored, and said when the run is put together.
                        drop(chains.infer(&*model, chain)?);
                    }
                    Ok(vec![chains.key(chain)?])
                }))
            })
            .map(drop)
        })?;
    }
    Ok(())
}

/// An error that names the jobs to do first, unless all chains of a row are stored.
fn expect_chains(training: &Training<'_>, row: RowOf) -> Result<()> {
    let Some(chains) = Chains::of(training)? else { return Ok(()) };
    let missing: Vec<u64> = (0..chains.number).filter(|chain| chains.stored(*chain).is_none()).collect();
    let Some(first) = missing.first() else { return Ok(()) };
    Err(Error::data(format!(
        "expected {} chain(s) stored, found {}: first do `{}`{} (with Snakemake: --forcerun chain)",
        chains.number,
        chains.number - missing.len() as u64,
        Job::Chain(row, *first),
        if missing.len() > 1 { format!(" and {} more", missing.len() - 1) } else { String::new() }
    )))
}

/// Passes over events of members and true ones.
fn pass(
    setting: &Setting<'_>,
    set: &TrainingSet<'_>,
    columns: &Columns,
    jobs: &[Job],
    around: &Around<'_>,
) -> Result<()> {
    let of_plan = setting.plan.rows();
    let mut rows: BTreeMap<RowOf, Vec<Job>> = BTreeMap::new();
    for job in jobs {
        match job {
            Job::Truth(_) => {
                going_on(around(*job, &|| Ok(Truth::of(setting, set, columns)?.stages)))?;
            }
            Job::Chain(row, _) | Job::Shared(row) | Job::Pass(row, _) => {
                rows.entry(*row).or_default().push(*job);
            }
        }
    }
    for (row, jobs) in rows {
        let cells = setting.plan.cells_of(of_plan[row.row]);
        let of_row = SetRow::new(setting, set, columns, &cells);
        all_or(&jobs, around, || {
            let posterior = of_row.training.stored_posterior();
            let posterior =
                posterior.or_else(|error| expect_chains(&of_row.training, row).and(Err(error)))?;
            let (shared, passes): (Vec<Job>, Vec<Job>) =
                jobs.iter().partition(|job| matches!(job, Job::Shared(_)));
            for job in shared {
                // What it leaves is looked for by every pass.
                going_on(around(job, &|| {
                    Sampling::new(&of_row, &posterior)?.shared()?;
                    Ok(Vec::new())
                }))?;
            }
            if passes.is_empty() {
                return Ok(());
            }
            all_or(&passes, around, || {
                // What the passes share is found stored.
                let sampling = Sampling::new(&of_row, &posterior)?;
                in_groups(passes.len() as u64, at_once(&*posterior.model), |k| {
                    let job = passes[k as usize];
                    going_on(around(job, &|| match job {
                        // Where chains diverged, fewer members remain.
                        Job::Pass(_, i) if i < sampling.members() => sampling.store(i, &|_| ()),
                        _ => Ok(Vec::new()),
                    }))
                })
                .map(drop)
            })
        })?;
    }
    Ok(())
}
