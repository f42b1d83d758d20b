//! The command line: our own options, and what `cargo test` passes to every test.

use std::path::PathBuf;
use std::time::Duration;

use crate::targets::NAMES;

/// The name of this test, for filters.
const NAME: &str = "fuzz";

/// Options of the usual test programs that take a value.
const WITH_VALUE: [&str; 7] =
    ["--test-threads", "--skip", "--format", "--color", "--logfile", "--shuffle-seed", "-Z"];

/// What to read.
pub struct Arguments {
    /// How long, for all targets together; by default a minute, or until `count` inputs are read.
    pub seconds: Option<u64>,
    /// Only this target.
    pub target: Option<String>,
    /// The number of the first input.
    pub first: u64,
    /// How many inputs of each target at most.
    pub count: Option<u64>,
}

/// What is asked for.
pub enum Call {
    /// To read inputs, in children of this process.
    Run(Arguments),
    /// To be such a child, which notes in a file what it does.
    Child(Arguments, PathBuf),
    /// To say which tests there are.
    List,
    /// Other tests.
    Nothing,
}

impl Arguments {
    /// How long, for all targets together.
    pub fn time(&self) -> Duration {
        let usual = if self.count.is_some() { 86_400 } else { 60 };
        Duration::from_secs(self.seconds.unwrap_or(usual))
    }

    /// From the command line, without the program's name.
    pub fn of(mut list: impl Iterator<Item = String>) -> Result<Call, String> {
        let mut arguments = Arguments { seconds: None, target: None, first: 0, count: None };
        let (mut status, mut listed, mut others, mut exact) = (None, false, false, false);
        let (mut filters, mut skipped) = (Vec::new(), Vec::new());
        while let Some(argument) = list.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_string(), Some(value.to_string())),
                _ => (argument, None),
            };
            let mut value =
                || value.clone().or_else(|| list.next()).ok_or(format!("expected a value after {name}"));
            match name.as_str() {
                "--seconds" => arguments.seconds = Some(number(&name, &value()?)?),
                "--first" => arguments.first = number(&name, &value()?)?,
                "--count" => arguments.count = Some(number(&name, &value()?)?),
                "--target" => arguments.target = Some(target(value()?)?),
                "--status" => status = Some(PathBuf::from(value()?)),
                "--list" => listed = true,
                "--ignored" => others = true,
                "--exact" => exact = true,
                "--skip" => skipped.push(value()?),
                known if WITH_VALUE.contains(&known) => drop(value()?),
                // Flags such as --nocapture change nothing here.
                flag if flag.starts_with('-') => {}
                _ => filters.push(name.clone()),
            }
        }
        let means = |filter: &String| if exact { filter == NAME } else { NAME.contains(filter.as_str()) };
        if others || skipped.iter().any(means) || !(filters.is_empty() || filters.iter().any(means)) {
            return Ok(Call::Nothing);
        }
        Ok(match status {
            _ if listed => Call::List,
            Some(status) => Call::Child(arguments, status),
            None => Call::Run(arguments),
        })
    }
}

fn number(name: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("{name}: expected a number, found `{value}`"))
}

fn target(name: String) -> Result<String, String> {
    if NAMES.contains(&name.as_str()) {
        return Ok(name);
    }
    Err(format!("--target: expected one of {}, found `{name}`", NAMES.join(", ")))
}
