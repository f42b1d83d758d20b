//! How a task fails.

use std::fmt::Display;

/// Why a task stopped.
#[derive(Debug)]
pub enum Failure {
    /// One line that says what is wrong and how to mend it.
    Message(String),
    /// A child process failed with this exit code, having said why itself.
    Reported(u8),
}

impl Failure {
    /// A failure to be shown as one line.
    pub fn new(message: impl Into<String>) -> Self {
        Failure::Message(message.into())
    }
}

/// What a task ends with.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Names what was being done when a system call failed.
pub trait During<T> {
    /// Turns the error into one line, `doing: error`.
    fn during(self, doing: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T, E: Display> During<T> for Result<T, E> {
    fn during(self, doing: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| Failure::new(format!("{}: {error}", doing())))
    }
}
