//! The parent: starts children, and another one where one ended.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::arguments::Arguments;
use crate::status::Status;

/// Kilobytes of address space that a child may ask for. No input is as large as 50 kB: one that asks for so much does so before it
/// has looked at sizes.
const ADDRESS_SPACE: u64 = 4 << 20;

/// How long a child may stay with one input.
const HANGS: Duration = Duration::from_secs(300);

/// Lines that a child said last.
const LAST: usize = 3;

/// What came of the inputs of a target.
#[derive(Default)]
pub struct Tally {
    sum: Status,
    inputs: u64,
}

impl Tally {
    /// The columns of what it displays.
    pub const HEADS: &str = "   inputs      read   refused   outside  failures";

    /// Whether inputs were read, and none failed.
    pub fn is_sound(&self) -> bool {
        self.sum.failures == 0 && self.inputs > 0
    }

    fn add(&mut self, first: u64, status: Status) {
        self.inputs += status.number - first;
        self.sum.read += status.read;
        self.sum.refused += status.refused;
        self.sum.outside += status.outside;
        self.sum.failures += status.failures;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { read, refused, outside, failures, .. } = self.sum;
        write!(f, "{:>9} {read:>9} {refused:>9} {outside:>9} {failures:>9}", self.inputs)
    }
}

/// Has inputs of a target read for this long, and prints what fails.
pub fn target(name: &str, arguments: &Arguments, time: Duration) -> Tally {
    let mut tally = Tally::default();
    let failed = |tally: &mut Tally, what: String| {
        tally.sum.failures += 1;
        println!("{name} {what}");
    };
    let folder = match folder() {
        Ok(folder) => folder,
        Err(error) => {
            failed(&mut tally, format!("cannot begin: {error}"));
            return tally;
        }
    };
    let (file, begun) = (folder.path().join("status"), Instant::now());
    let mut first = arguments.first;
    loop {
        let left = arguments.count.map(|count| (arguments.first + count).saturating_sub(first));
        let seconds = time.saturating_sub(begun.elapsed()).as_secs_f64().round() as u64;
        if seconds == 0 || left == Some(0) {
            return tally;
        }
        let of_child = Arguments { seconds: Some(seconds), target: Some(name.into()), first, count: left };
        let ended = start(&of_child, &file, folder.path()).and_then(|child| watched(child, name, &file));
        let status = Status::read(&file).filter(|status| status.number >= first);
        if let Some(status) = status {
            tally.add(first, status);
        }
        match (ended, status) {
            (Ok(end), Some(_)) if end.status.success() => return tally,
            (Ok(end), Some(status)) => {
                tally.inputs += 1;
                let what = end.hung.then(|| format!("no answer in {HANGS:?}"));
                let what =
                    what.unwrap_or_else(|| format!("the process ended ({}): {}", end.status, end.said));
                failed(&mut tally, format!("{}: {what}", status.number));
                first = status.number + 1;
            }
            (Ok(end), None) => {
                failed(&mut tally, format!("cannot begin: {}: {}", end.status, end.said));
                return tally;
            }
            (Err(error), _) => {
                failed(&mut tally, format!("cannot be watched: {error}"));
                return tally;
            }
        }
    }
}

/// A folder for the files that are read, in memory where the system has such a place: each is written anew for each input.
fn folder() -> std::io::Result<TempDir> {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())
}

fn start(arguments: &Arguments, status: &Path, folder: &Path) -> std::io::Result<Child> {
    // What an earlier child noted is not this one's.
    let _ = std::fs::remove_file(status);
    let mut command = Command::new("bash");
    command.args(["-c", &format!("ulimit -v {ADDRESS_SPACE}; ulimit -c 0; exec \"$0\" \"$@\"")]);
    command.arg(std::env::current_exe()?).arg("--status").arg(status);
    let options =
        [("--first", Some(arguments.first)), ("--seconds", arguments.seconds), ("--count", arguments.count)];
    for (option, value) in options {
        if let Some(value) = value {
            command.args([option, &value.to_string()]);
        }
    }
    if let Some(target) = &arguments.target {
        command.args(["--target", target]);
    }
    // What an ended child leaves behind goes with the folder.
    command
        .env("TMPDIR", folder)
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// How a child ended.
struct End {
    status: ExitStatus,
    hung: bool,
    said: String,
}

/// What a process says, line by line, to its end.
fn lines(pipe: Option<impl Read>) -> impl Iterator<Item = String> {
    let lines = pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n').map_while(Result::ok));
    lines.map(|line| String::from_utf8_lossy(&line).into_owned()).filter(|line| !line.is_empty())
}

/// Waits for a child, prints what it finds, and ends it when it hangs.
fn watched(mut child: Child, name: &str, file: &Path) -> std::io::Result<End> {
    let (out, err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(|| lines(out).for_each(|line| println!("{name} {line}")));
        let said = scope.spawn(|| {
            let mut last = Vec::new();
            for line in lines(err) {
                last.push(line);
                last.drain(..last.len().saturating_sub(LAST));
            }
            last.join(" / ")
        });
        let (mut seen, mut since, mut hung) = (None, Instant::now(), false);
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            let status = Status::read(file);
            if status != seen {
                (seen, since) = (status, Instant::now());
            } else if since.elapsed() > HANGS {
                hung = true;
                child.kill()?;
                break child.wait()?;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        Ok(End { status, hung, said: said.join().unwrap_or_default() })
    })
}
