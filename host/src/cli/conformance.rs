//! `amplicast plugins check`: every component of a library through the SDK's conformance suite, out of process.
//!
//! The supervisor starts this worker again whenever a plugin call kills it; the test that was under way then counts as
//! crashed, and the others are run.

use std::sync::Arc;

use amplicast_sdk::abi::{AbiComponent, Watch};
use amplicast_sdk::testing::{Case, Outcome, Suite, Threads};
use amplicast_sdk::{Context, Error, Result};
use serde::Serialize;
use serde_json::Value;

use super::arguments::ConformanceCommand;
use super::{EXIT_FAILED, EXIT_OK, EXIT_STOPPED, Process, usage};
use crate::plugins::Catalogue;
use crate::session::killers;
use crate::supervise::{Failure, Journal};

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Passed,
    Failed,
    Skipped,
    Crashed,
}

impl Status {
    fn text(self) -> &'static str {
        match self {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
            Status::Crashed => "crashed",
        }
    }
}

/// One line of the result.
#[derive(Debug, Serialize)]
struct Line {
    component: String,
    kind: &'static str,
    /// The configuration that was given; none for the defaults.
    config: Option<Value>,
    test: &'static str,
    about: &'static str,
    status: Status,
    /// Why it did not pass.
    details: Option<String>,
    #[serde(skip)]
    subject: String,
}

/// Runs the command.
pub fn check(command: &ConformanceCommand, process: &Process) -> u8 {
    let configs = match command.config.iter().map(|given| read_config(given)).collect::<Result<Vec<_>>>() {
        Ok(configs) => configs,
        Err(error) => return usage(error),
    };
    let (journal, failures) = (&process.worker.journal, &process.worker.failures);
    let watch: Arc<dyn Watch> = journal.clone();
    let file = process.path(&command.file);
    let catalogue = Catalogue::load_file(&file, &killers(failures), &watch);
    if let Some(refused) = catalogue.refused.first() {
        return usage(format!("{}: {}", refused.path.display(), refused.reason));
    }
    let components: Vec<AbiComponent> = catalogue.entries.iter().map(|e| e.component.clone()).collect();
    if components.is_empty() {
        return usage(format!(
            "{}: the plugin has no component: expected `register_generator!` or the like in the crate that exports it",
            file.display()
        ));
    }
    let context = Staged(journal);
    let drop_errors = || catalogue.drop_errors();
    let suite = match Suite::new(components, configs, watch, &context, &drop_errors) {
        Ok(suite) => suite,
        Err(error) => return usage(format!("--config: {error}")),
    };
    let mut lines = Vec::new();
    for case in suite.cases() {
        if process.stop.load(std::sync::atomic::Ordering::SeqCst) {
            eprintln!("stopped");
            return EXIT_STOPPED;
        }
        let (status, details) = match crash(&case, failures) {
            Some(message) => (Status::Crashed, Some(message)),
            None => match journal.stage(&case.id(), || suite.run(&case)) {
                Outcome::Passed => (Status::Passed, None),
                Outcome::Failed(reason) => (Status::Failed, Some(reason)),
                Outcome::Skipped(reason) => (Status::Skipped, Some(reason)),
            },
        };
        lines.push(Line {
            component: case.component().into(),
            kind: case.kind().table(),
            config: case.config().and_then(|json| serde_json::from_str(json).ok()),
            test: case.test().name,
            about: case.test().about,
            status,
            details,
            subject: case.subject(),
        });
    }
    if command.json {
        match serde_json::to_string_pretty(&lines) {
            Ok(text) => println!("{text}"),
            Err(error) => return usage(error),
        }
    } else {
        print(&lines);
    }
    let bad = |line: &Line| matches!(line.status, Status::Failed | Status::Crashed);
    if lines.iter().any(bad) { EXIT_FAILED } else { EXIT_OK }
}

/// `NAME=JSON`.
fn read_config(given: &str) -> Result<(String, String)> {
    let wrong = |what: String| Error::config("", format!("--config {given}: {what}"));
    let (name, json) =
        given.split_once('=').ok_or_else(|| wrong("expected COMPONENT=JSON, found no `=`".into()))?;
    match serde_json::from_str(json) {
        Ok(Value::Object(_)) => Ok((name.trim().into(), json.into())),
        Ok(other) => Err(wrong(format!("expected a JSON object {{...}}, found {other}"))),
        Err(error) => Err(wrong(format!("expected a JSON object {{...}}: {error}"))),
    }
}

/// What killed an earlier worker in this test, or while it made the component under this configuration.
fn crash(case: &Case<'_>, failures: &[Failure]) -> Option<String> {
    let (id, subject) = (case.id(), format!("{}: ", case.subject()));
    if let Some(failure) = failures.iter().find(|f| f.stage == id) {
        return Some(failure.message.clone());
    }
    let made = failures
        .iter()
        .find(|f| case.makes_component() && f.call == "create" && f.stage.starts_with(&subject))?;
    Some(format!("not run: {}", made.message))
}

fn print(lines: &[Line]) {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(["component", "test", "status", "what it shows, or why not"]);
    for line in lines {
        let text = match (&line.details, line.status) {
            (Some(reason), Status::Skipped) => format!("{} ({reason})", line.about),
            (Some(reason), _) => reason.clone(),
            (None, _) => line.about.to_string(),
        };
        table.add_row([line.subject.as_str(), line.test, line.status.text(), &text]);
    }
    println!("{table}");
    let count = |status| lines.iter().filter(|l| l.status == status).count();
    println!(
        "{} passed, {} failed, {} skipped, {} crashed",
        count(Status::Passed),
        count(Status::Failed),
        count(Status::Skipped),
        count(Status::Crashed)
    );
}

/// Two threads whose calls the journal counts to the test that is under way.
struct Staged<'a>(&'a Journal);

impl Context for Staged<'_> {
    fn progress(&self, _done: u64, _total: u64, _loss: Option<f64>) {
        self.0.alive();
    }

    fn cancelled(&self) -> bool {
        false
    }

    fn parallel(&self, n: usize, work: &(dyn Fn(usize) + Sync)) {
        let stage = self.0.current_stage();
        Threads.parallel(n, &|i| self.0.stage(&stage, || work(i)));
    }
}
