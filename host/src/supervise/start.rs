//! What a supervisor tells the worker that it starts.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::{AsRawFd, RawFd};

use serde::{Deserialize, Serialize};

use super::journal::Subject;

/// What killed an earlier worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The stage under way.
    pub stage: String,
    /// The component, or the file that was being loaded.
    pub subject: Subject,
    /// The call.
    pub call: String,
    /// What happened, in one sentence.
    pub message: String,
    /// Whether the call did not return in time, so that every other call may cost as much time.
    pub hung: bool,
}

/// Environment of a worker: the number of the open file in which it finds the rest.
const START: &str = "AMPLICAST_WORKER";

/// What a worker is told.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Start {
    /// By this number in the journal the supervisor knows the worker's last word; plugins are not told.
    pub word: u64,
    /// The open file of the journal.
    pub journal: RawFd,
    /// The open file in which a worker finds what its predecessors noted.
    pub notes: RawFd,
    /// What killed its predecessors.
    pub failures: Vec<Failure>,
    /// Whether it works on one thread.
    pub serial: bool,
}

/// A file in memory that a child process has open as well: it needs no disk, and is gone with the last process.
pub fn shared_file(name: &str) -> std::io::Result<File> {
    Ok(rustix::fs::memfd_create(name, rustix::fs::MemfdFlags::empty())?.into())
}

/// The file behind an open file of this process, or of its parent's that was left open for it.
pub fn opened(number: RawFd) -> std::io::Result<File> {
    File::options().read(true).write(true).open(format!("/proc/self/fd/{number}"))
}

impl Start {
    /// Whether this process was started by a supervisor.
    pub fn is_there() -> bool {
        std::env::var_os(START).is_some()
    }

    /// What this process was told when it was started as a worker.
    pub fn read() -> Option<std::io::Result<Start>> {
        let number = std::env::var(START).ok()?;
        let read = || {
            let mut text = String::new();
            opened(number.parse().map_err(std::io::Error::other)?)?.read_to_string(&mut text)?;
            Ok(serde_json::from_str(&text)?)
        };
        Some(read())
    }

    /// Writes it into a file that the child finds by the environment `(name, value)`.
    pub fn write(&self) -> std::io::Result<(File, (&'static str, String))> {
        let mut file = shared_file("amplicast-start")?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.rewind()?;
        let number = file.as_raw_fd().to_string();
        Ok((file, (START, number)))
    }
}
