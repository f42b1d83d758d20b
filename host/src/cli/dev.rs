//! `amplicast plugins dev`: a plugin built and tested at every change of its sources.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::class::{COMPONENT, Class, expect_none};
use super::plugin_arguments::{ClassOptions, DevCommand};
use super::process::usage;
use crate::exit::stopped;
use crate::kit::{Built, Sources, build, wait};
use crate::plugins::inspect;

/// How often sources are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What is built and tested.
enum Subject<'a> {
    /// A crate in its folder.
    Crate(PathBuf),
    /// A class in Python, and its file.
    Class(Class<'a>, PathBuf),
}

impl<'a> Subject<'a> {
    fn of(command: &'a DevCommand) -> Result<Self, String> {
        const EXPECTED: &str = "the folder of a crate";
        let given = &command.plugin;
        if let Some(class) = Class::of(given, EXPECTED).map_err(|error| error.to_string())? {
            return match class.file().canonicalize() {
                Ok(file) => Ok(Subject::Class(class, file)),
                Err(error) => Err(format!("{}: {error}", class.file().display())),
            };
        }
        expect_none(&command.class, &format!("{}", given.display())).map_err(|error| error.to_string())?;
        match given.canonicalize() {
            Ok(folder) if folder.join("Cargo.toml").is_file() => Ok(Subject::Crate(folder)),
            Ok(found) => {
                Err(format!("expected {EXPECTED}, found {}, which has no Cargo.toml", found.display()))
            }
            Err(error) => Err(format!("expected {EXPECTED}, found {}: {error}", given.display())),
        }
    }

    /// The folder below which a change is waited for.
    fn folder(&self) -> &Path {
        match self {
            Subject::Crate(folder) => folder,
            Subject::Class(_, file) => file.parent().unwrap_or(file),
        }
    }

    fn sources(&self) -> Sources {
        match self {
            Subject::Crate(folder) => Sources::of(folder),
            Subject::Class(..) => Sources::of_modules(self.folder()),
        }
    }

    /// Builds it once, if it needs that, and tests it.
    fn once(&self, command: &DevCommand, stops: &dyn Fn() -> bool) -> io::Result<()> {
        match self {
            Subject::Crate(folder) => of_crate(command, folder, stops),
            Subject::Class(class, file) => of_class(command, (class, file), stops),
        }
    }
}

/// Builds and tests until the user stops it.
pub fn dev(command: &DevCommand, stop: &AtomicBool) -> u8 {
    let subject = match Subject::of(command) {
        Ok(subject) => subject,
        Err(error) => return usage(error),
    };
    let folder = subject.folder();
    let stops = || stop.load(Ordering::SeqCst);
    loop {
        // Before the build: what is changed meanwhile is built next.
        let seen = subject.sources();
        if let Err(error) = subject.once(command, &stops) {
            return usage(format!("{}: {error}", folder.display()));
        }
        if !stops() {
            println!("waiting for a change in {} (Ctrl-C ends this)", folder.display());
        }
        let changed = loop {
            if stops() {
                return stopped();
            }
            if let Some(file) = subject.sources().changed_since(&seen) {
                break file.strip_prefix(folder).unwrap_or(file).display().to_string();
            }
            std::thread::sleep(LOOK);
        };
        println!("\n{changed} changed");
    }
}

/// Builds a crate once, and tests what was built.
fn of_crate(command: &DevCommand, folder: &Path, stops: &dyn Fn() -> bool) -> io::Result<()> {
    let libraries = match build(folder, stops)? {
        Built::Libraries(libraries) => libraries,
        Built::Failed => {
            println!("not built: the library of before, if there is one, is unchanged");
            return Ok(());
        }
        Built::Stopped => return Ok(()),
    };
    if libraries.is_empty() {
        println!("no library was built: expected crate-type = [\"cdylib\"] in the crate's [lib]");
    }
    for library in libraries {
        if wait(&mut check(command)?.arg(&library).spawn()?, stops)?.is_some() {
            ready(&library);
        }
    }
    Ok(())
}

/// Tests a class.
fn of_class(
    command: &DevCommand,
    (class, file): (&Class<'_>, &Path),
    stops: &dyn Fn() -> bool,
) -> io::Result<()> {
    let ClassOptions { python, set, kind, plugin_path } = &command.class;
    let mut check = check(command)?;
    check.arg(&command.plugin);
    for (option, value) in [("--python", python), ("--kind", kind)] {
        value.iter().for_each(|value| _ = check.args([option, value]));
    }
    set.iter().for_each(|set| _ = check.args(["--set", set]));
    plugin_path.iter().for_each(|path| _ = check.arg("--plugin-path").arg(path));
    if wait(&mut check.spawn()?, stops)? == Some(true) {
        println!(
            "runs take it with plugin = \"{COMPONENT}\", file = \"{}\", class = \"{}\"",
            file.display(),
            class.name()
        );
    }
    Ok(())
}

/// The conformance suite, as a process.
fn check(command: &DevCommand) -> io::Result<Command> {
    let mut check = Command::new(std::env::current_exe()?);
    check.args(["plugins", "check", "--only-failed"]).stdin(Stdio::null());
    command.config.iter().for_each(|config| _ = check.args(["--config", config]));
    Ok(check)
}

/// Says how experiments use it.
fn ready(library: &Path) {
    let (Ok(found), Some(folder)) = (inspect(library), library.parent()) else { return };
    let records = found.records.iter().map(|record| format!("{} `{}`", record.title, record.name));
    let folder = folder.display();
    println!(
        "{}: in {}\nruns take it before any other of this name with --plugin-path {folder}, or after\n  export AMPLICAST_PLUGIN_PATH={folder}",
        records.collect::<Vec<_>>().join(", "),
        library.display()
    );
}
