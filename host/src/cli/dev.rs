//! `amplicast plugins dev`: a plugin built and tested at every change of its sources.

use std::io::Result;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::plugin_arguments::DevCommand;
use super::process::usage;
use crate::exit::stopped;
use crate::kit::{Built, Sources, build, wait};
use crate::plugins::inspect;

/// How often sources are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Builds and tests until the user stops it.
pub fn dev(command: &DevCommand, stop: &AtomicBool) -> u8 {
    let folder = match command.folder.canonicalize() {
        Ok(folder) if folder.join("Cargo.toml").is_file() => folder,
        Ok(found) => {
            return usage(format!(
                "expected the folder of a crate, found {}, which has no Cargo.toml",
                found.display()
            ));
        }
        Err(error) => {
            return usage(format!(
                "expected the folder of a crate, found {}: {error}",
                command.folder.display()
            ));
        }
    };
    let stops = || stop.load(Ordering::SeqCst);
    loop {
        // Before the build: what is changed meanwhile is built next.
        let seen = Sources::of(&folder);
        if let Err(error) = once(command, &folder, &stops) {
            return usage(format!("{}: {error}", folder.display()));
        }
        if !stops() {
            println!("waiting for a change in {} (Ctrl-C ends this)", folder.display());
        }
        let changed = loop {
            if stops() {
                return stopped();
            }
            if let Some(file) = Sources::of(&folder).changed_since(&seen) {
                break file.strip_prefix(&folder).unwrap_or(file).display().to_string();
            }
            std::thread::sleep(LOOK);
        };
        println!("\n{changed} changed");
    }
}

/// Builds once, and tests what was built.
fn once(command: &DevCommand, folder: &Path, stops: &dyn Fn() -> bool) -> Result<()> {
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
        let mut check = Command::new(std::env::current_exe()?);
        check.args(["plugins", "check", "--only-failed"]).arg(&library).stdin(Stdio::null());
        command.config.iter().for_each(|config| _ = check.args(["--config", config]));
        if wait(&mut check.spawn()?, stops)?.is_some() {
            ready(&library);
        }
    }
    Ok(())
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
