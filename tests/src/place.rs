//! A folder in which a test works, and calls of the host from it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::SystemTime;

use ndarray::Array2;
use serde_json::Value;

use crate::files::light_folder;

/// For `env`: signals that end a process do so in the one that it starts.
pub const USUAL_SIGNALS: &str = "--default-signal=INT,TERM,HUP";

/// An empty folder that is removed afterwards.
pub struct Place {
    folder: tempfile::TempDir,
}

/// A call of the host that ended.
#[derive(Debug)]
pub struct Finished {
    /// Exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

impl Place {
    /// A new folder.
    pub fn new() -> Self {
        Place { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("the temporary folder can be written");
        path
    }

    /// Writes events to a `.npy` file.
    pub fn npy(&self, name: &str, events: &Array2<f64>) -> PathBuf {
        let path = self.path(name);
        ndarray_npy::write_npy(&path, events).expect("the temporary folder can be written");
        path
    }

    /// `n` events of `d` normal numbers: sums of twelve uniform ones, from a generator of its own.
    pub fn normal_npy(&self, name: &str, n: usize, d: usize, seed: u64) -> PathBuf {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut uniform = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let events = Array2::from_shape_simple_fn((n, d), || (0..12).map(|_| uniform()).sum::<f64>() - 6.0);
        self.npy(name, &events)
    }

    /// A call of the host in this folder, with the light plugins and nothing of the user's own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(&light_folder().join("amplicast"), arguments)
    }

    /// A call of another executable of the host.
    pub fn command_of(&self, host: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(host);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command
            .env_remove("AMPLICAST_PLUGIN_PATH")
            .env_remove("RUST_BACKTRACE")
            .env("XDG_DATA_HOME", self.path("no-data"));
        command
    }

    /// Calls the host and waits.
    pub fn amplicast(&self, arguments: &[&str]) -> Finished {
        Finished::of(self.command(arguments).output().expect("the host can be started"))
    }

    /// The same without the superuser's way around permissions: they bind it whoever runs the tests.
    pub fn amplicast_bound(&self, arguments: &[&str]) -> Finished {
        const WITHOUT: &str = "--bounding-set=-dac_override,-dac_read_search";
        let may = Command::new("setpriv").args([WITHOUT, "true"]).stderr(Stdio::null()).status();
        if !may.is_ok_and(|status| status.success()) {
            // Whoever is not the superuser cannot give up, and does not have, these rights.
            return self.amplicast(arguments);
        }
        let mut command = self.command_of(Path::new("setpriv"), &[WITHOUT]);
        command.arg(light_folder().join("amplicast")).args(arguments);
        Finished::of(command.output().expect("the host can be started"))
    }

    /// Calls bash with a script in which `$0` is the host.
    pub fn shell(&self, script: &str) -> Finished {
        let mut shell = self.command_of(Path::new("bash"), &["-c", script]);
        shell.arg(light_folder().join("amplicast"));
        Finished::of(shell.output().expect("bash can be started"))
    }

    /// Starts the host in a process group of its own, as a terminal does, without waiting.
    ///
    /// With the usual signals: a shell that runs the tests in its background has them ignore Ctrl-C, and what they start would, too.
    pub fn start(&self, arguments: &[&str]) -> Child {
        use std::os::unix::process::CommandExt;
        let mut command = self.command_of(Path::new("env"), &[USUAL_SIGNALS]);
        command.arg(light_folder().join("amplicast")).args(arguments);
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the host can be started")
    }
}

impl Finished {
    /// From what the process left.
    pub fn of(output: Output) -> Self {
        Finished {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails unless the call ended with this code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "exit code\n--- standard output\n{}--- standard error\n{}",
            self.out,
            self.err
        );
        self
    }

    /// Fails unless standard error has all of these texts.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.err.contains(text), "expected `{text}` in standard error, found\n{}", self.err);
        }
        self
    }

    /// Fails unless standard output has all of these texts.
    #[track_caller]
    pub fn prints(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.out.contains(text), "expected `{text}` in standard output, found\n{}", self.out);
        }
        self
    }
}

/// The results of a run.
pub fn results(run: &Path) -> Value {
    let file = run.join("results.json");
    let bytes = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// A quantity of a cell's curve at its last checkpoint, on one training set.
#[track_caller]
pub fn last_of_curve(replica: &Value, quantity: &str) -> f64 {
    let list = replica["curve"][quantity].as_array();
    list.and_then(|list| list.last()?.as_f64()).unwrap_or_else(|| panic!("no {quantity} in {replica}"))
}

/// Sends a signal to a process, or to a group (a negative number).
pub fn signal(name: &str, process: i64) {
    let status = Command::new("kill").args([format!("-{name}"), "--".into(), process.to_string()]).status();
    assert!(status.expect("kill can be called").success(), "kill -{name} {process}");
}

/// The stored stages of a run, with the time at which each was written.
pub fn stage_files(run: &Path) -> BTreeMap<String, SystemTime> {
    let Ok(list) = std::fs::read_dir(run.join("stages")) else { return BTreeMap::new() };
    list.flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let stored = name.ends_with(".json") || name.ends_with(".safetensors");
            Some((name, entry.metadata().ok()?.modified().ok()?)).filter(|_| stored)
        })
        .collect()
}

/// The child of a process: the worker of a supervisor.
pub fn worker_of(supervisor: u32) -> Option<i64> {
    let list = std::fs::read_to_string(format!("/proc/{supervisor}/task/{supervisor}/children")).ok()?;
    list.split_whitespace().next()?.parse().ok()
}
