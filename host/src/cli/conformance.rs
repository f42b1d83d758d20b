//! `amplicast plugins check`: every component of a library through the SDK's conformance suite, out of process.
//!
//! The supervisor starts this worker again whenever a plugin call kills it; the test that was under way then counts as
//! crashed, and the others are run.

use std::collections::BTreeMap;
use std::sync::Arc;

use amplicast_sdk::abi::{AbiComponent, Watch};
use amplicast_sdk::testing::{Case, Outcome, Selection, Suite, Threads};
use amplicast_sdk::{Context, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::class::{Class, Found, expect_none};
use super::plugin_arguments::ConformanceCommand;
use super::process::{Process, refused, usage};
use crate::exit::{EXIT_FAILED, EXIT_OK, EXIT_STOPPED};
use crate::plugins::{Catalogue, Loading};
use crate::report::Columns;
use crate::supervise::{Failure, Journal, Notes};
use crate::terminal;

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Passed,
    /// As far as it came in its time.
    Partial,
    Failed,
    Skipped,
    Crashed,
    /// The component hung, or could not be made.
    NotRun,
}

impl Status {
    const ALL: [Status; 6] =
        [Status::Passed, Status::Partial, Status::Failed, Status::Skipped, Status::Crashed, Status::NotRun];

    fn text(self) -> &'static str {
        match self {
            Status::Passed => "passed",
            Status::Partial => "passed in part",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
            Status::Crashed => "crashed",
            Status::NotRun => "not run",
        }
    }

    fn is_bad(self) -> bool {
        matches!(self, Status::Failed | Status::Crashed | Status::NotRun)
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
    seed: u64,
    /// None if it was only listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// Why it did not pass.
    details: Option<String>,
    #[serde(skip)]
    subject: String,
}

/// A test that is done: what a worker notes for the next one, should a plugin kill it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Done {
    id: String,
    status: Status,
    details: Option<String>,
}

/// Runs the command.
pub fn check(command: &ConformanceCommand, process: &Process) -> u8 {
    let (journal, failures) = (&process.worker.journal, &process.worker.failures);
    let watch: Arc<dyn Watch> = journal.clone();
    let Tested { catalogue, components, configs } = match tested(command, process) {
        Ok(tested) => tested,
        Err(error) => return refused(error),
    };
    let context = Staged(journal);
    let drop_errors = || catalogue.drop_errors();
    let suite = match Suite::new(components, configs, watch, &context, &drop_errors) {
        Ok(suite) => suite.with_seed(command.seed),
        Err(error) => return usage(format!("--config: {error}")),
    };
    let selection = Selection { include: command.include.clone(), exclude: command.exclude.clone() };
    let cases = match selection.of(suite.cases()) {
        Ok(cases) => cases,
        Err(error) => return usage(format!("--include, --exclude: {error}")),
    };
    let mut lines: Vec<Line> = cases.iter().map(|case| listed(case, command.seed)).collect();
    if !command.list {
        let done = Finished::read(&process.worker.notes);
        for (case, line) in cases.iter().zip(&mut lines) {
            if process.stop.load(std::sync::atomic::Ordering::SeqCst) {
                eprintln!("stopped");
                return EXIT_STOPPED;
            }
            let (status, details) = done.of(case).or_else(|| crash(case, failures)).unwrap_or_else(|| {
                let found = outcome(journal.stage(&case.id(), || suite.run(case)));
                done.add(case, &found);
                found
            });
            (line.status, line.details) = (Some(status), details);
        }
    }
    let bad = |line: &Line| line.status.is_some_and(Status::is_bad);
    let code = if lines.iter().any(bad) { EXIT_FAILED } else { EXIT_OK };
    let count = counts(&lines);
    if command.only_failed {
        lines.retain(bad);
    }
    if command.json {
        match serde_json::to_string_pretty(&lines) {
            Ok(text) => println!("{text}"),
            Err(error) => return usage(error),
        }
    } else {
        print(&lines, command.list);
        if !command.list {
            println!("{count}; seed {}", command.seed);
        }
    }
    code
}

/// What is tested.
struct Tested {
    catalogue: Catalogue,
    components: Vec<AbiComponent>,
    /// By the name of a component, or its kind and name.
    configs: Vec<(String, String)>,
}

fn tested(command: &ConformanceCommand, process: &Process) -> Result<Tested> {
    if let Some(class) = Class::of(&command.file, "a plugin library")? {
        if !command.config.is_empty() {
            let message = "expected none beside a class: `--set KEY=VALUE` says what is not as usual";
            return Err(Error::config("--config", message));
        }
        let Found { catalogue, components, config } = class.found(&command.class, process)?;
        let name = |c: &AbiComponent| format!("{} {}", c.kind().table(), c.name);
        let configs = components.iter().map(|component| (name(component), config.clone())).collect();
        return Ok(Tested { catalogue, components, configs });
    }
    expect_none(&command.class, &format!("the library {}", command.file.display()))?;
    let configs = command.config.iter().map(|given| read_config(given)).collect::<Result<_>>()?;
    let loading = Loading { journal: &process.worker.journal, failures: &process.worker.failures };
    let catalogue = Catalogue::of_file(&process.path(&command.file), loading)
        .map_err(|refused| Error::config(refused.path.display().to_string(), refused.reason))?;
    let components = catalogue.loaded().map(|entry| entry.component.clone()).collect();
    Ok(Tested { catalogue, components, configs })
}

/// A test that has not been run.
fn listed(case: &Case<'_>, seed: u64) -> Line {
    Line {
        component: case.component().into(),
        kind: case.kind().table(),
        config: case.config().and_then(|json| serde_json::from_str(json).ok()),
        test: case.test().name,
        about: case.test().about,
        seed,
        status: None,
        details: None,
        subject: case.subject(),
    }
}

fn outcome(outcome: Outcome) -> (Status, Option<String>) {
    match outcome {
        Outcome::Passed => (Status::Passed, None),
        Outcome::Partial(part) => (Status::Partial, Some(part)),
        Outcome::Failed(reason) => (Status::Failed, Some(reason)),
        Outcome::Skipped(reason) => (Status::Skipped, Some(reason)),
    }
}

/// Tests that are done, one a line of the worker's notes.
struct Finished<'a> {
    notes: &'a Notes,
    done: BTreeMap<String, Done>,
}

impl<'a> Finished<'a> {
    fn read(notes: &'a Notes) -> Self {
        let lines = notes.lines();
        let done = lines.iter().filter_map(|line| serde_json::from_str::<Done>(line).ok());
        Finished { notes, done: done.map(|done| (done.id.clone(), done)).collect() }
    }

    fn of(&self, case: &Case<'_>) -> Option<(Status, Option<String>)> {
        self.done.get(&case.id()).map(|done| (done.status, done.details.clone()))
    }

    fn add(&self, case: &Case<'_>, (status, details): &(Status, Option<String>)) {
        let done = Done { id: case.id(), status: *status, details: details.clone() };
        if let Ok(text) = serde_json::to_string(&done) {
            self.notes.add(&text);
        }
    }
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

/// What killed an earlier worker in this test; or why it is not run: the component hung in another one, or it cannot be made.
fn crash(case: &Case<'_>, failures: &[Failure]) -> Option<(Status, Option<String>)> {
    let (id, subject) = (case.id(), format!("{}: ", case.subject()));
    if let Some(failure) = failures.iter().find(|f| f.stage == id) {
        return Some((Status::Crashed, Some(failure.message.clone())));
    }
    // Under another configuration it might not hang, but each try costs the whole time limit.
    let component = format!("{} {}", case.kind().table(), case.component());
    let of_component =
        |stage: &str| stage.strip_prefix(&component).is_some_and(|rest| rest.starts_with([':', ' ']));
    let hung = failures.iter().find(|f| f.hung && of_component(&f.stage));
    let not_made = || {
        let made = |f: &&Failure| f.call == "create" && f.stage.starts_with(&subject);
        failures.iter().find(|f| case.makes_component() && made(f))
    };
    Some((Status::NotRun, Some(hung.or_else(not_made)?.message.clone())))
}

fn print(lines: &[Line], list: bool) {
    let mut table = Columns::new().words("component").words("test");
    table = if list {
        table.words("what it shows")
    } else {
        table.words("status").words("what it shows, or why not")
    };
    for line in lines {
        let text = match (&line.details, line.status) {
            (Some(reason), Some(Status::Skipped | Status::Partial)) => format!("{} ({reason})", line.about),
            (Some(reason), _) => reason.clone(),
            (None, _) => line.about.to_string(),
        };
        match line.status {
            Some(status) => table.row([line.subject.as_str(), line.test, status.text(), &text]),
            None => table.row([line.subject.as_str(), line.test, &text]),
        };
    }
    if !lines.is_empty() {
        println!("{}", table.text(terminal::width()));
    }
}

/// How many tests ended in which way; ways that are rare are left out if none did.
fn counts(lines: &[Line]) -> String {
    let count = |status: Status| lines.iter().filter(|l| l.status == Some(status)).count();
    let rare = |status: &Status| matches!(status, Status::Partial | Status::NotRun);
    let shown = Status::ALL.into_iter().filter(|status| !rare(status) || count(*status) > 0);
    shown.map(|status| format!("{} {}", count(status), status.text())).collect::<Vec<_>>().join(", ")
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
