//! The one error type that crosses every boundary: what went wrong, where, what was expected, what was found.

use std::fmt;

/// What kind of thing went wrong; the host chooses its reaction and exit code by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value of the configuration is missing, unknown, of the wrong type or out of range.
    Config,
    /// Events, files or summaries are not what the component needs.
    Data,
    /// A component was asked for an ability that it does not have.
    Unsupported,
    /// A computation gave NaN, infinity or did not converge.
    Numeric,
    /// A plugin panicked or broke the contract.
    Plugin,
    /// The user asked to stop.
    Cancelled,
    /// Reading or writing failed.
    Io,
}

/// An error with its place: a path inside the configuration (`regions[2].low`), a file and row, or a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    place: String,
}

/// The result of every fallible call of the contract.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of the given kind; the message says what was expected and what was found.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), place: String::new() }
    }

    /// A configuration error at `field` (a path such as `regions[2].low`).
    pub fn config(field: impl Into<String>, message: impl Into<String>) -> Self {
        Error { kind: ErrorKind::Config, message: message.into(), place: field.into() }
    }

    /// Events or files are not what the component needs.
    pub fn data(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Data, message)
    }

    /// The component does not have the ability asked for.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Unsupported, message)
    }

    /// A computation gave NaN, infinity, or did not converge.
    pub fn numeric(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Numeric, message)
    }

    /// A plugin panicked or broke the contract.
    pub fn plugin(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Plugin, message)
    }

    /// The user asked to stop.
    pub fn cancelled() -> Self {
        Error::new(ErrorKind::Cancelled, "stopped by the user")
    }

    /// Reading or writing `what` failed.
    pub fn io(what: impl fmt::Display, source: std::io::Error) -> Self {
        Error::new(ErrorKind::Io, format!("{what}: {source}"))
    }

    /// The same error, said to have happened at `place`; an outer place goes before an inner one.
    pub fn at(mut self, place: impl Into<String>) -> Self {
        let outer = place.into();
        self.place = match (outer.is_empty(), self.place.is_empty()) {
            (true, _) => self.place,
            (false, true) => outer,
            (false, false) => format!("{outer}: {}", self.place),
        };
        self
    }

    /// What kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message without its place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it happened; empty when unknown. For [`ErrorKind::Config`]: the path of the field.
    pub fn place(&self) -> &str {
        &self.place
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.place, self.message)
        }
    }
}

impl std::error::Error for Error {}

/// Refuses a configuration value unless `holds`.
///
/// ```
/// use amplicast_sdk::ensure_config;
/// let width = -1.0;
/// let error = ensure_config(width > 0.0, "width", || format!("expected a positive number, found {width}"));
/// assert_eq!(error.unwrap_err().to_string(), "width: expected a positive number, found -1");
/// ```
pub fn ensure_config(holds: bool, field: &str, message: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::config(field, message())) }
}
