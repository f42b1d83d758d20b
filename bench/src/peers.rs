//! The same work in Python, done in turn with ours: `peers.py` does one repetition at a time.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use amplicast_sdk::{Error, Result};
use serde_json::Value;

use crate::timing::{Pairs, seconds};

/// Where the script lies in the checkout.
const SCRIPT: &str = "bench/peers.py";

/// Others who do the same work, if they were asked for.
#[derive(Default)]
pub struct Peers(Option<RefCell<Server>>);

/// A measurement beside a peer's.
pub struct Beside {
    /// Who, and how.
    pub name: String,
    /// Theirs and ours, in seconds per unit.
    pub pairs: Pairs,
}

impl Peers {
    /// Starts `peers.py` in this Python.
    pub fn start(python: &Path) -> Result<Self> {
        let child = Command::new(python).arg(SCRIPT).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|e| Error::io(format!("cannot start {}", python.display()), e))?;
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Ok(Peers(Some(RefCell::new(Server { child, output }))))
    }

    /// Our work in turn with a peer's of that name; `None` without peers. A repetition of ours is `units` units.
    pub fn beside(
        &self,
        key: &str,
        repetitions: usize,
        units: f64,
        mut ours: impl FnMut() -> Result<()>,
    ) -> Result<Option<Beside>> {
        if let Some(server) = &self.0 {
            ours()?;
            server.borrow_mut().ask(key)?;
        }
        self.in_turn(key, repetitions, units, ours)
    }

    /// The same without a warm-up, for whole processes; at least one repetition.
    pub fn in_turn(
        &self,
        key: &str,
        repetitions: usize,
        units: f64,
        mut ours: impl FnMut() -> Result<()>,
    ) -> Result<Option<Beside>> {
        let Some(server) = &self.0 else { return Ok(None) };
        let mut server = server.borrow_mut();
        let (mut name, mut theirs, mut own) = (String::new(), Vec::new(), Vec::new());
        for _ in 0..repetitions {
            let (who, seconds_of_theirs) = server.ask(key)?;
            name = who;
            theirs.push(seconds_of_theirs);
            own.push(seconds(&mut ours)? / units);
        }
        Ok(Some(Beside { name, pairs: Pairs::new(theirs, own) }))
    }
}

struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Server {
    /// Who did the work, and the seconds per unit.
    fn ask(&mut self, key: &str) -> Result<(String, f64)> {
        let io = |error| Error::io(format!("{SCRIPT}, {key}"), error);
        writeln!(self.child.stdin.as_mut().expect("open until drop"), "{key}").map_err(io)?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(io)?;
        let answer: Value = serde_json::from_str(&line).unwrap_or_default();
        match (answer["name"].as_str(), answer["seconds"].as_f64()) {
            (Some(name), Some(seconds)) => Ok((name.to_owned(), seconds)),
            _ => Err(Error::data(format!(
                "{SCRIPT}, {key}: expected name and seconds, found `{}`",
                line.trim()
            ))),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The script ends with its input.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
