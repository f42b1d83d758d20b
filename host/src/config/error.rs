//! Why an experiment is not run: something in it is wrong, or the user asked to stop while it was read.

use std::fmt;

use amplicast_sdk::{Error, ErrorKind};

/// What is wrong in an experiment, and where; or the user's wish to stop, which is wrong nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    kind: ErrorKind,
    message: String,
}

impl ConfigError {
    /// Something is wrong; the message says where.
    pub(super) fn new(message: impl Into<String>) -> Self {
        ConfigError { kind: ErrorKind::Config, message: message.into() }
    }

    /// The user asked to stop.
    pub fn stopped() -> Self {
        Self::of(&Error::cancelled())
    }

    /// The user asked to stop, or an argument beside the experiment is not right.
    pub fn of(error: &Error) -> Self {
        ConfigError { kind: error.kind(), message: error.to_string() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Error::new(error.kind, error.message)
    }
}
