//! One interpreter with the user's class: started, called, and gone with whoever called it.

use std::fs::File;
use std::io::{ErrorKind as IoKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use amplicast_sdk::serde_json::{self, Map, Value};
use amplicast_sdk::{Context, Error, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::output::Output;
use crate::wire::{self, Array, Received};

/// The other half, in Python.
const WORKER: &str = concat!(
    include_str!("worker/pipes.py"),
    include_str!("worker/imports.py"),
    include_str!("worker/values.py"),
    include_str!("worker/draws.py"),
    include_str!("worker/calls.py"),
);
/// Reads that half from the pipe, in words that any Python knows. What lies in the folder where the program was started is not imported.
const BEGIN: &str = "import os, sys
if sys.version_info < (3, 9):
    sys.stderr.write('expected Python 3.9 or later, found ' + sys.version.split()[0])
    sys.exit(1)
sys.path = [folder for folder in sys.path if folder]
source = b''
while len(source) < int(sys.argv[1]):
    source += os.read(0, int(sys.argv[1]) - len(source))
exec(compile(source, 'amplicast-worker', 'exec'))
";
/// What it says first; a start-up file of the interpreter may have printed something before.
const GREETING: &[u8] = b"amplicast 1";
/// How often a waiting call looks whether the interpreter lives, and whether the user asked to stop.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
/// How long the process may take to end once its pipe is closed.
const ENDING: Duration = Duration::from_secs(1);
/// Bytes of a piece of an answer in shared memory, and how many of them lie there at a time, as `pipes.py` has them. So few stay in the caches of
/// both processes.
const SHARED_BYTES: usize = 1 << 18;
const SHARED_PIECES: usize = 4;
/// Bytes of an answer's first line: there are no arrays in it.
const HEADER: usize = 16 << 20;

/// What went wrong with a call.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The class refused, or raised: the interpreter lives on.
    Told(String),
    /// The interpreter ended, or cannot be used any more.
    Ended(String),
    /// The user asked to stop; the interpreter was ended.
    Stopped,
}

/// An answer, and the bytes of its arrays if these had no other place.
#[derive(Debug)]
pub(crate) struct Answer {
    pub message: Map<String, Value>,
    pub bytes: Vec<u8>,
}

/// A running interpreter.
pub(crate) struct Process {
    child: Child,
    requests: ChildStdin,
    replies: ChildStdout,
    output: Output,
    received: Received,
    /// Memory without a name, in which the interpreter puts large answers.
    shared: File,
    /// Whether it was ended, so that its number may be that of another process.
    gone: bool,
    /// Steps that the running fit has done, of how many.
    progress: (u64, u64),
    /// The members that it holds.
    pub members: Vec<String>,
}

impl Process {
    /// Starts `python`.
    pub fn start(python: &str) -> Result<Self> {
        let refused =
            |found: String| Error::config("python", format!("expected a Python interpreter, {found}"));
        let mut command = Command::new(python);
        // It opens it by the number that it has here: what is inherited would be by all processes that are started at this moment.
        let shared = memfd_create("amplicast", MemfdFlags::CLOEXEC).map(File::from);
        let shared = shared.map_err(|error| Error::io("memory to share", error.into()))?;
        let name = format!("/proc/{}/fd/{}", std::process::id(), shared.as_raw_fd());
        command.args(["-c", BEGIN, &WORKER.len().to_string(), &name]).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            IoKind::NotFound => refused(format!("found no program `{python}`")),
            _ => refused(format!("cannot start `{python}`: {error}")),
        })?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(requests), Some(replies), Some(output)) = pipes else {
            return Err(Error::plugin("expected three pipes to the interpreter"));
        };
        // A call that writes must see that nobody reads.
        rustix::io::ioctl_fionbio(&requests, true)
            .map_err(|error| Error::io("a pipe to the interpreter", error.into()))?;
        let (output, received) = (Output::new(output), Received::new());
        let mut process = Process {
            child,
            requests,
            replies,
            output,
            received,
            shared,
            gone: false,
            progress: (0, 0),
            members: Vec::new(),
        };
        match process.greeted() {
            Ok(()) => Ok(process),
            Err(Fault::Ended(how) | Fault::Told(how)) => {
                Err(refused(format!("found `{python}`, which {how}")))
            }
            Err(Fault::Stopped) => Err(Error::cancelled()),
        }
    }

    /// Whether it holds this member.
    pub fn holds(&self, name: &str) -> bool {
        self.members.iter().any(|member| member == name)
    }

    fn greeted(&mut self) -> Result<(), Fault> {
        self.send(None, |to| to.write_all(WORKER.as_bytes()))?;
        while self.line(None)? != GREETING {}
        Ok(())
    }

    /// Calls, and waits for the answer, whose numbers must fill `out` if that has a length.
    pub fn call(
        &mut self,
        message: Map<String, Value>,
        arrays: &[Array<'_>],
        out: &mut [f64],
        context: Option<&dyn Context>,
    ) -> Result<Answer, Fault> {
        self.progress = (0, 0);
        self.send(context, |to| wire::write(message, arrays, to))?;
        let message = self.answer(context)?;
        let expected = expected_bytes(&message);
        let shared = message.get("shared") == Some(&Value::Bool(true));
        if out.is_empty() {
            let mut bytes = vec![0; expected];
            self.read(&mut bytes, shared, context)?;
            return Ok(Answer { message, bytes });
        }
        if expected != 8 * out.len() {
            return Err(Fault::Ended(format!("gave {expected} bytes, {} were expected", 8 * out.len())));
        }
        // Both sides are of this machine, and so is the order of a number's bytes.
        self.read(bytemuck::cast_slice_mut(out), shared, context)?;
        Ok(Answer { message, bytes: Vec::new() })
    }

    /// Fills `out` with an answer's bytes: from the pipe, or from the shared memory, of which the pipe tells when another piece is there.
    fn read(&mut self, out: &mut [u8], shared: bool, context: Option<&dyn Context>) -> Result<(), Fault> {
        if shared {
            let pieces = out.len().div_ceil(SHARED_BYTES);
            for (number, piece) in out.chunks_mut(SHARED_BYTES).enumerate() {
                while self.received.bytes(&mut [0]) == 0 {
                    self.wait(context)?;
                }
                let from = (number % SHARED_PIECES * SHARED_BYTES) as u64;
                let read = self.shared.read_exact_at(piece, from);
                read.map_err(|error| Fault::Ended(format!("shares memory that cannot be read: {error}")))?;
                // Its place is free for another one.
                if number + SHARED_PIECES < pieces {
                    self.send(context, |to| to.write_all(b"."))?;
                }
            }
            return Ok(());
        }
        let mut filled = 0;
        while filled < out.len() {
            filled += self.received.bytes(&mut out[filled..]);
            if filled < out.len() {
                self.wait(context)?;
            }
        }
        Ok(())
    }

    /// The first line of an answer; what comes before it says how far the call is.
    fn answer(&mut self, context: Option<&dyn Context>) -> Result<Map<String, Value>, Fault> {
        loop {
            let line = self.line(context)?;
            let message = serde_json::from_slice::<Map<String, Value>>(&line);
            let mut message = message.map_err(|error| Fault::Ended(format!("gave no JSON: {error}")))?;
            if let Some(Value::String(text)) = message.remove("error") {
                return Err(Fault::Told(text));
            }
            let Some(progress) = message.remove("progress") else { return Ok(message) };
            self.progress = (progress[0].as_u64().unwrap_or(0), progress[1].as_u64().unwrap_or(0));
            self.report(context, progress[2].as_f64())?;
        }
    }

    /// Says how far the call is, and asks whether it shall go on.
    fn report(&mut self, context: Option<&dyn Context>, loss: Option<f64>) -> Result<(), Fault> {
        let Some(context) = context else { return Ok(()) };
        context.progress(self.progress.0, self.progress.1, loss);
        self.asked_to_stop(Some(context))
    }

    fn asked_to_stop(&mut self, context: Option<&dyn Context>) -> Result<(), Fault> {
        if !context.is_some_and(Context::cancelled) {
            return Ok(());
        }
        self.kill();
        Err(Fault::Stopped)
    }

    fn line(&mut self, context: Option<&dyn Context>) -> Result<Vec<u8>, Fault> {
        loop {
            if let Some(line) = self.received.line() {
                return Ok(line);
            }
            if self.received.there().len() > HEADER {
                return Err(Fault::Ended("gave an answer without end".into()));
            }
            self.wait(context)?;
        }
    }

    /// Waits until more of an answer is there.
    fn wait(&mut self, context: Option<&dyn Context>) -> Result<(), Fault> {
        loop {
            let (answered, printed) = self.poll()?;
            if printed && self.output.listen() > 0 {
                // What it prints is a sign of life.
                self.report(context, None)?;
            }
            if answered {
                let replies = &mut self.replies;
                return match self.received.more(|to| replies.read(to)) {
                    Ok(true) => Ok(()),
                    _ => Err(self.died()),
                };
            }
            self.alive(context)?;
        }
    }

    /// Waits a tick for an answer, and for output.
    fn poll(&self) -> Result<(bool, bool), Fault> {
        let mut pipes = vec![PollFd::new(&self.replies, PollFlags::IN)];
        pipes.extend(self.output.waiting());
        match poll(&mut pipes, Some(&TICK)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {
                let any = |pipe: Option<&PollFd<'_>>| pipe.is_some_and(|pipe| !pipe.revents().is_empty());
                Ok((any(pipes.first()), any(pipes.get(1))))
            }
            Err(error) => Err(Fault::Ended(format!("cannot be waited for: {error}"))),
        }
    }

    /// An error if the interpreter ended, or the user asked to stop.
    fn alive(&mut self, context: Option<&dyn Context>) -> Result<(), Fault> {
        self.asked_to_stop(context)?;
        if self.running() { Ok(()) } else { Err(self.died()) }
    }

    /// Whether it runs. One that ended is not yet forgotten, so that its number still stands for its group.
    fn running(&self) -> bool {
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !self.gone && matches!(waitid(WaitId::Pid(Pid::from_child(&self.child)), how), Ok(None))
    }

    /// How it ended, with what it printed last.
    fn died(&mut self) -> Fault {
        // The pipe ends a moment before the process.
        let begun = Instant::now();
        while self.running() && begun.elapsed() < ENDING {
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut how = if self.running() { "closed its pipe".to_string() } else { String::new() };
        let status = self.kill();
        if how.is_empty() {
            how = status.map_or_else(|| "ended in an unknown way".into(), described);
        }
        let last = self.output.last();
        Fault::Ended(if last.is_empty() { how } else { format!("{how}; it printed last: {last}") })
    }

    /// Ends it with all processes that it started; gives how it ended, by itself or now.
    fn kill(&mut self) -> Option<ExitStatus> {
        if !self.gone {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        }
        self.gone = true;
        self.child.wait().ok()
    }

    fn send(
        &mut self,
        context: Option<&dyn Context>,
        write: impl FnOnce(&mut Sender<'_>) -> std::io::Result<()>,
    ) -> Result<(), Fault> {
        let mut sender = Sender { process: self, context, fault: None };
        match write(&mut sender) {
            Ok(()) => Ok(()),
            Err(_) => match sender.fault.take() {
                Some(fault) => Err(fault),
                None => Err(self.died()),
            },
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Bytes of all arrays of an answer.
fn expected_bytes(message: &Map<String, Value>) -> usize {
    let arrays = message.get("arrays").and_then(Value::as_array);
    let bytes = |array: &Value| {
        let size = if array[0].as_str().is_some_and(|dtype| dtype.ends_with('8')) { 8 } else { 1 };
        let shape = array[1].as_array();
        size * shape.into_iter().flatten().filter_map(Value::as_u64).product::<u64>() as usize
    };
    arrays.into_iter().flatten().map(bytes).sum()
}

fn described(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(9), _) => "was killed (signal 9: out of memory, or somebody's kill)".into(),
        (Some(11), _) => "crashed (signal 11, segmentation fault)".into(),
        (Some(6), _) => "aborted (signal 6)".into(),
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (None, Some(code)) => format!("ended with exit code {code}"),
        (None, None) => "ended in an unknown way".into(),
    }
}

/// Writes to the interpreter, as long as it lives.
struct Sender<'a> {
    process: &'a mut Process,
    context: Option<&'a dyn Context>,
    fault: Option<Fault>,
}

impl Write for Sender<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        loop {
            match self.process.requests.write(bytes) {
                Err(error) if error.kind() == IoKind::WouldBlock => {
                    let mut pipe = [PollFd::new(&self.process.requests, PollFlags::OUT)];
                    let _ = poll(&mut pipe, Some(&TICK));
                    if let Err(fault) = self.process.alive(self.context) {
                        self.fault = Some(fault);
                        return Err(IoKind::BrokenPipe.into());
                    }
                }
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
