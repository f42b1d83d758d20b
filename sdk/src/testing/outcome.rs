//! What a test found.

use std::fmt;

use crate::{Error, ErrorKind};

/// What a test found. A crash has no value here: whoever runs the tests out of process sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The component keeps this part of the contract.
    Passed,
    /// It does as far as the test came in its time, and how far that was.
    Partial(String),
    /// It does not, and how.
    Failed(String),
    /// The test does not apply, and why.
    Skipped(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Passed => f.write_str("passed"),
            Outcome::Partial(part) => write!(f, "passed in part: {part}"),
            Outcome::Failed(reason) => write!(f, "failed: {reason}"),
            Outcome::Skipped(reason) => write!(f, "skipped: {reason}"),
        }
    }
}

/// Why a test ends early; an error of the component is a failure.
#[derive(Debug)]
pub enum Stop {
    Failed(String),
    Skipped(String),
    Partial(String),
}

/// How a test ends.
pub type Verdict<T = ()> = std::result::Result<T, Stop>;

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error.to_string())
    }
}

impl Stop {
    /// The same, said to have been found in `place`.
    pub fn at(self, place: &str) -> Self {
        match self {
            Stop::Failed(reason) => Stop::Failed(format!("{place}: {reason}")),
            Stop::Skipped(reason) => Stop::Skipped(format!("{place}: {reason}")),
            Stop::Partial(part) => Stop::Partial(format!("{place}: {part}")),
        }
    }
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Ok(()) => Outcome::Passed,
            Err(Stop::Failed(reason)) => Outcome::Failed(reason),
            Err(Stop::Skipped(reason)) => Outcome::Skipped(reason),
            Err(Stop::Partial(part)) => Outcome::Partial(part),
        }
    }
}

/// Ends a test that does not apply.
pub fn skip<T>(reason: impl Into<String>) -> Verdict<T> {
    Err(Stop::Skipped(reason.into()))
}

/// Ends a test that failed.
pub fn fail<T>(reason: impl Into<String>) -> Verdict<T> {
    Err(Stop::Failed(reason.into()))
}

/// Ends a test unless `holds`.
pub fn ensure(holds: bool, reason: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { fail(reason()) }
}

/// Ends a test unless all numbers are finite.
pub fn ensure_finite(what: &str, numbers: impl IntoIterator<Item = f64>) -> Verdict {
    match numbers.into_iter().enumerate().find(|(_, x)| !x.is_finite()) {
        None => Ok(()),
        Some((i, x)) => fail(format!("{what}: expected finite numbers, found {x} at number {i}")),
    }
}

/// Ends a test unless both are the same to the last bit.
pub fn ensure_same<T: PartialEq>(what: &str, first: &T, second: &T) -> Verdict {
    ensure(first == second, || format!("{what}: expected the same numbers to the last bit, found others"))
}

/// Ends a test unless the call was refused with an error that is no panic.
pub fn ensure_refused<T>(what: &str, result: crate::Result<T>) -> Verdict<Error> {
    match result {
        Ok(_) => fail(format!("{what}: expected an error, found none")),
        Err(error) if panicked(&error) => {
            fail(format!("{what}: expected an error that says what is wrong, found a panic: {error}"))
        }
        Err(error) => Ok(error),
    }
}

/// What a call gave, or nothing if the component refused it; a panic, or numbers that the contract forbids, are no refusal.
pub fn unless_refused<T>(what: &str, result: crate::Result<T>) -> Verdict<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        // The boundary's own complaints about a plugin are of this kind as well.
        Err(error) if error.kind() == ErrorKind::Plugin => fail(format!("{what}: {error}")),
        Err(_) => Ok(None),
    }
}

fn panicked(error: &Error) -> bool {
    error.kind() == ErrorKind::Plugin && error.message().starts_with("panicked: ")
}
