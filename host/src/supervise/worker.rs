//! The worker's side: what it knows of its supervisor, and how it ends in order.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::journal::Journal;
use super::start::{Failure, Start, opened};

/// What a worker knows of its supervisor.
pub struct Worker {
    /// Every call of a plugin is written here first.
    pub journal: Arc<Journal>,
    /// What killed earlier workers: these components are not called again.
    pub failures: Vec<Failure>,
    /// Work on one thread, so that the next death has one suspect.
    pub serial: bool,
    /// What is finished need not be done again by a later worker.
    pub notes: Notes,
    word: u64,
}

/// Whether this process was started by a supervisor.
pub fn is_worker() -> bool {
    Start::is_there()
}

/// The worker's side: present in a process that a supervisor started.
pub fn worker() -> Option<std::io::Result<Worker>> {
    let connect = |start: Start| {
        Ok(Worker {
            journal: Arc::new(Journal::new(Some(opened(start.journal)?))),
            failures: start.failures,
            serial: start.serial,
            notes: Notes(Mutex::new(opened(start.notes)?)),
            word: start.word,
        })
    };
    Some(Start::read()?.and_then(connect))
}

/// A byte from the supervisor is the user's wish to stop, sent to the supervisor alone.
///
/// A worker without a supervisor would go on unseen, and keep the run's folder from the next run.
pub fn listen_to_the_supervisor(stop: Arc<AtomicBool>) -> std::io::Result<()> {
    // Standard input is a pipe whose other end closes when the supervisor dies, however it dies. A plugin may close its
    // number, not this copy.
    let mut input = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let listen = move || {
        loop {
            match input.read(&mut [0]) {
                Ok(0) => std::process::exit(i32::from(crate::exit::EXIT_FAILED)),
                Ok(_) => stop.store(true, Ordering::SeqCst),
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                // Then only a signal can stop this process.
                Err(_) => return,
            }
        }
    };
    std::thread::Builder::new().spawn(listen).map(drop)
}

impl Worker {
    /// Ends the process in order: no plugin is called any more, and the supervisor is told the exit code.
    pub fn exit(&self, code: u8) -> ! {
        self.journal.end(self.word, code);
        std::process::exit(i32::from(code))
    }
}

/// Lines that outlive a worker and end with its supervisor.
pub struct Notes(Mutex<File>);

impl Notes {
    /// What earlier workers noted.
    pub fn lines(&self) -> Vec<String> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        // Notes that cannot be read are missed: what they say is done again.
        let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
        text.lines().map(str::to_string).collect()
    }

    /// Adds a line.
    pub fn add(&self, line: &str) {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = file.seek(SeekFrom::End(0)).and_then(|_| writeln!(file, "{line}"));
    }
}
