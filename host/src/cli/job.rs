//! `amplicast job`: one part of a run, on whatever machine.

use std::sync::atomic::{AtomicUsize, Ordering};

use amplicast_sdk::{Error, ErrorKind, Result};

use super::arguments::JobCommand;
use super::process::{Process, refused, usage};
use super::provenance::instruction_set;
use super::ready::{Ready, assemble};
use super::run::STAGES;
use crate::config::Source;
use crate::exit::{EXIT_FAILED, EXIT_OK, stopped};
use crate::pipeline::{Around, Job, work};
use crate::store::Store;
use crate::workflow::{Asked, Ledger, MadeWith};

/// Runs the command.
pub fn job(command: &JobCommand, process: &Process) -> u8 {
    let run = process.path(&command.run);
    let (asked, jobs, text) = match wanted(command, process) {
        Ok(wanted) => wanted,
        Err(error) => return refused(error),
    };
    // The workflow was written of an experiment that was found right.
    let source = Source::parse(&run.join(EXPERIMENT), text.clone());
    let ready = source.and_then(|source| assemble(&source, &command.plugins, command.threads, process));
    let ready = match ready {
        Ok(ready) => ready,
        Err(error) => return refused(error),
    };
    let here = MadeWith::here(&ready.components, instruction_set());
    if let Some(difference) = asked.differs(here, &text, command.any_processor) {
        return usage(difference);
    }
    let begun = Store::joining(&run.join(STAGES)).and_then(|store| {
        // Of the processor that is another one here, who asked for it knows.
        store.made_with(&instruction_set())?;
        Ok((store, Ledger::open(&run, &asked.run)?))
    });
    match begun.and_then(|(store, ledger)| done(&ready, &store, &ledger, &jobs)) {
        Ok(0) => EXIT_OK,
        Ok(_) => EXIT_FAILED,
        Err(error) if error.kind() == ErrorKind::Cancelled => stopped(),
        Err(error) => usage(error),
    }
}

/// The experiment in the folder of a workflow.
pub const EXPERIMENT: &str = "experiment.toml";

/// What was asked, the jobs of it that are to be done, and the experiment's text.
fn wanted(command: &JobCommand, process: &Process) -> Result<(Asked, Vec<Job>, String)> {
    let run = process.path(&command.run);
    let asked = Asked::read(&run)?;
    if let Some(of) = command.of.as_ref().filter(|of| **of != asked.run) {
        return Err(Error::new(
            ErrorKind::Config,
            format!(
                "{}: it was written for another workflow, {}, since the one that asks, {of}, began: start the engine again",
                run.display(),
                asked.run
            ),
        ));
    }
    let mut jobs = Vec::new();
    for text in &command.jobs {
        jobs.extend(asked.jobs.parse(text).map_err(|message| Error::new(ErrorKind::Config, message))?);
    }
    jobs.sort_unstable();
    jobs.dedup();
    if jobs.is_empty() {
        return Err(Error::new(ErrorKind::Config, "expected jobs, such as `chain/1/1/1-10`, found none"));
    }
    let file = run.join(EXPERIMENT);
    let text = std::fs::read_to_string(&file).map_err(|error| Error::io(file.display(), error))?;
    Ok((asked, jobs, text))
}

/// Does jobs, and says what became of each; gives how many failed.
fn done(ready: &Ready, store: &Store, ledger: &Ledger, jobs: &[Job]) -> Result<usize> {
    let setting = ready.setting(store);
    let failed = AtomicUsize::new(0);
    let around: &Around<'_> = &|job, work| {
        let outcome = ledger.around(job, work);
        match &outcome {
            Ok(()) => println!("{job}: done"),
            Err(error) if error.kind() == ErrorKind::Cancelled => (),
            Err(error) => {
                failed.fetch_add(1, Ordering::Relaxed);
                eprintln!("failed: {job}: {error}");
            }
        }
        outcome
    };
    work(&setting, jobs, around)?;
    Ok(failed.into_inner())
}
