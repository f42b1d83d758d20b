//! A Python class behind its interpreters: what is known of it, and calls to it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use amplicast_sdk::serde_json::{self, Map, Value, json};
use amplicast_sdk::{Context, Error, ErrorKind, Result, ensure_config};
use tempfile::NamedTempFile;

use crate::process::{Answer, Fault, Process};
use crate::wire::Array;

/// Which class, and how it is run.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub file: PathBuf,
    pub class: String,
    pub python: String,
    pub processes: usize,
    pub memory_limit: Option<f64>,
    pub settings: Map<String, Value>,
    /// Methods that it must have.
    pub methods: &'static [&'static str],
    /// Methods that it may have.
    pub optional: &'static [&'static str],
}

/// What the first interpreter said of the class.
#[derive(Debug, Default)]
pub(crate) struct About {
    /// Optional methods that it has.
    optional: Vec<String>,
    /// What it calls its numbers.
    pub names: Vec<String>,
    /// Whether it takes events of several numbers.
    pub vectors: bool,
    /// Whether its `fit` or `value` takes event weights.
    pub weights: bool,
    /// The file, what it imports from outside of installed packages, and a list of the packages' versions.
    pub files: Vec<PathBuf>,
}

impl About {
    /// Whether the class has an optional method.
    pub fn has(&self, method: &str) -> bool {
        self.optional.iter().any(|other| other == method)
    }
}

/// Interpreters with the class, started when they are needed, and as many as are allowed.
pub(crate) struct Door {
    script: Script,
    pub about: About,
    /// The files as they were when the first interpreter read them.
    content: blake3::Hash,
    slots: Mutex<Slots>,
    freed: Condvar,
}

#[derive(Default)]
struct Slots {
    idle: Vec<Process>,
    running: usize,
}

impl Door {
    /// Starts one interpreter, in which the file is imported and an object of the class is made.
    pub fn open(script: Script) -> Result<Self> {
        let python = &script.python;
        ensure_config(!python.contains('/') || Path::new(python).is_absolute(), "python", || {
            format!("expected the name of a program or an absolute path, found `{python}`")
        })?;
        let file = &script.file;
        ensure_config(file.is_file(), "file", || {
            let found = if file.as_os_str().is_empty() {
                "nothing".into()
            } else {
                format!("no file {}", file.display())
            };
            format!("expected a file in Python, found {found}")
        })?;
        ensure_config(!script.class.is_empty(), "class", || {
            "expected the name of a class, found nothing".into()
        })?;
        ensure_config(script.processes > 0, "processes", || "expected at least 1, found 0".into())?;
        ensure_config(script.memory_limit.is_none_or(|limit| limit > 0.0), "memory_limit", || {
            "expected a positive number of gigabytes".into()
        })?;
        let (process, message) = opened(&script)?;
        let texts = |name: &str| {
            let list = message[name].as_array();
            list.into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect::<Vec<_>>()
        };
        let mut files: Vec<PathBuf> = texts("files").into_iter().map(PathBuf::from).collect();
        files.push(versions(&json!({"python": message["python"], "packages": message["packages"]}))?);
        let content = content(&files)?;
        let [vectors, weights] = ["vectors", "weights"].map(|name| message[name] == Value::Bool(true));
        let about = About { optional: texts("optional"), names: texts("names"), vectors, weights, files };
        let slots = Mutex::new(Slots { idle: vec![process], running: 1 });
        Ok(Door { script, about, content, slots, freed: Condvar::new() })
    }

    /// The class in words.
    pub fn place(&self) -> String {
        place(&self.script)
    }

    /// How many calls may run at once.
    pub fn processes(&self) -> usize {
        self.script.processes
    }

    /// Refuses files that were changed since the first interpreter read them: results would be of both.
    fn expect_same(&self) -> Result<()> {
        if content(&self.about.files)? == self.content {
            return Ok(());
        }
        let file = self.script.file.display();
        Err(Error::data(format!(
            "{file}, or a file that it imports, was changed while it was used: start again"
        )))
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An interpreter, one that holds this member if there is any; another one is started only where all are busy.
    pub fn enter(&self, member: Option<&str>) -> Result<Visit<'_>> {
        let mut slots = self.slots();
        loop {
            let holds = |process: &Process| member.is_some_and(|name| process.holds(name));
            let place = slots.idle.iter().position(holds).or_else(|| slots.idle.len().checked_sub(1));
            if let Some(place) = place {
                return Ok(Visit { door: self, process: Some(slots.idle.swap_remove(place)) });
            }
            if slots.running < self.script.processes {
                slots.running += 1;
                drop(slots);
                // Counted, and given up again if it cannot be started.
                let mut visit = Visit { door: self, process: None };
                visit.process = Some(opened(&self.script)?.0);
                self.expect_same()?;
                return Ok(visit);
            }
            slots = self.freed.wait(slots).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A hash of the contents of files.
fn content(files: &[PathBuf]) -> Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let bytes = std::fs::read(file).map_err(|error| Error::io(file.display(), error))?;
        hasher.update(blake3::hash(&bytes).as_bytes());
    }
    Ok(hasher.finalize())
}

/// A file with these versions, since files are what the host knows a component by: in the user's cache, named by its content.
fn versions(known: &Value) -> Result<PathBuf> {
    let text = known.to_string();
    let name = format!("python-{}.json", &blake3::hash(text.as_bytes()).to_hex()[..32]);
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let folders = cache.map(|cache| cache.join("amplicast")).into_iter().chain([std::env::temp_dir()]);
    let mut last = Error::data("no folder for a file of package versions");
    for folder in folders {
        match written(&folder, &name, &text) {
            Ok(path) => return Ok(path),
            Err(error) => last = Error::io(folder.join(&name).display(), error),
        }
    }
    Err(last)
}

/// Under another name first: others may write the same.
fn written(folder: &Path, name: &str, text: &str) -> std::io::Result<PathBuf> {
    let path = folder.join(name);
    if !std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        std::fs::create_dir_all(folder)?;
        let mut part = NamedTempFile::new_in(folder)?;
        part.write_all(text.as_bytes())?;
        part.persist(&path).map_err(|error| error.error)?;
    }
    Ok(path)
}

/// An interpreter with the class, and what it says of it.
fn opened(script: &Script) -> Result<(Process, Map<String, Value>)> {
    let mut process = Process::start(&script.python)?;
    let bytes = script.memory_limit.map(|gigabytes| (gigabytes * 1e9) as u64);
    let message = json!({
        "call": "open", "file": script.file, "name": script.class, "methods": script.methods, "optional": script.optional,
        "settings": script.settings, "memory": bytes,
    });
    match process.call(object(message), &[], &mut [], None) {
        Ok(answer) => Ok((process, answer.message)),
        Err(fault) => Err(told(script, "", fault)),
    }
}

/// An interpreter for one caller, who gives it back at the end.
pub(crate) struct Visit<'a> {
    door: &'a Door,
    process: Option<Process>,
}

impl Visit<'_> {
    /// Calls a method; its numbers go to `out`. An interpreter that ends by it is not called again.
    pub fn call(
        &mut self,
        message: Value,
        arrays: &[Array<'_>],
        out: &mut [f64],
        context: Option<&dyn Context>,
    ) -> Result<Answer> {
        let method = message["call"].as_str().unwrap_or_default().to_string();
        let Some(process) = &mut self.process else {
            return Err(Error::plugin("the interpreter ended in an earlier call"));
        };
        process.call(object(message), arrays, out, context).map_err(|fault| {
            if !matches!(fault, Fault::Told(_)) {
                self.process = None;
            }
            told(&self.door.script, &method, fault)
        })
    }

    /// Has the interpreter hold a member.
    pub fn load(&mut self, member: &str, state: &[u8]) -> Result<()> {
        if self.process.as_ref().is_some_and(|process| process.holds(member)) {
            return Ok(());
        }
        let message = json!({"call": "load", "member": member});
        let answer = self.call(message, &[Array::Bytes(state)], &mut [], None)?;
        let held = answer.message.get("members").cloned().unwrap_or_default();
        if let Some(process) = &mut self.process {
            process.members = serde_json::from_value(held).unwrap_or_default();
        }
        Ok(())
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        let mut slots = self.door.slots();
        match self.process.take() {
            Some(process) => slots.idle.push(process),
            None => slots.running -= 1,
        }
        drop(slots);
        self.door.freed.notify_one();
    }
}

fn object(message: Value) -> Map<String, Value> {
    match message {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn place(script: &Script) -> String {
    format!("{}, class {}", script.file.display(), script.class)
}

/// A fault in words, with file and class.
fn told(script: &Script, method: &str, fault: Fault) -> Error {
    let place = place(script);
    // What is said of a result begins with the method.
    let said = matches!(&fault, Fault::Told(text) if text.starts_with(&format!("{method}: ")));
    let call = if method.is_empty() || said { String::new() } else { format!("{method}: ") };
    match fault {
        Fault::Told(text) => Error::new(ErrorKind::Data, format!("{place}: {call}{text}")),
        Fault::Ended(how) => Error::plugin(format!("{place}: {call}the interpreter {how}")),
        Fault::Stopped => Error::cancelled(),
    }
}
