//! A crate built by cargo, as its author sees it.

use std::io::{BufRead, BufReader, Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// How often it is looked whether a process is over, or the user asked to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// What became of a build.
#[derive(Debug, PartialEq, Eq)]
pub enum Built {
    /// The libraries that can be loaded, of this crate or workspace.
    Libraries(Vec<PathBuf>),
    /// Cargo said what is wrong.
    Failed,
    /// The user asked to stop.
    Stopped,
}

/// Builds the crate in this folder in the release profile; cargo writes to standard error as it does to its author.
pub fn build(folder: &Path, stopped: &dyn Fn() -> bool) -> Result<Built> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--message-format=json-render-diagnostics"]).current_dir(folder);
    let started = cargo.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Error::new(error.kind(), "cargo is not on the PATH: install Rust, https://rustup.rs")
        }
        _ => error,
    })?;
    let said = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let lines = said.into_iter().flat_map(|said| BufReader::new(said).lines().map_while(Result::ok));
        lines.filter_map(|line| serde_json::from_str(&line).ok()).collect::<Vec<Value>>()
    });
    let Some(success) = wait(&mut child, stopped)? else { return Ok(Built::Stopped) };
    let messages = reader.join().unwrap_or_default();
    if !success {
        return Ok(Built::Failed);
    }
    Ok(Built::Libraries(messages.iter().flat_map(|message| libraries(message, folder)).collect()))
}

/// Whether a process succeeded; none if the user asked to stop, which ends it.
pub fn wait(child: &mut Child, stopped: &dyn Fn() -> bool) -> Result<Option<bool>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(if stopped() { None } else { Some(status.success()) });
        }
        if stopped() {
            // It may have heard of the wish itself.
            let _ = child.kill();
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(PATIENCE);
    }
}

/// The shared libraries that a message of cargo's names, of a crate in this folder.
fn libraries(message: &Value, folder: &Path) -> Vec<PathBuf> {
    let own = message["manifest_path"].as_str().is_some_and(|path| Path::new(path).starts_with(folder));
    let kinds = message["target"]["crate_types"].as_array();
    let shared = kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "cdylib"));
    if message["reason"] != "compiler-artifact" || !own || !shared {
        return Vec::new();
    }
    let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    files.map(PathBuf::from).filter(|file| file.extension().is_some_and(|e| e == "so")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn libraries_are_those_of_the_crate() {
        let message = |manifest: &str, kind: &str| {
            json!({"reason": "compiler-artifact", "manifest_path": manifest, "target": {"crate_types": [kind]},
                   "filenames": ["/x/target/release/libx.so", "/x/target/release/libx.rlib"]})
        };
        let found = |manifest: &str, kind: &str| libraries(&message(manifest, kind), Path::new("/x"));
        assert_eq!(found("/x/Cargo.toml", "cdylib"), [Path::new("/x/target/release/libx.so")]);
        assert!(found("/x/Cargo.toml", "lib").is_empty());
        assert!(found("/y/Cargo.toml", "cdylib").is_empty());
        assert!(libraries(&json!({"reason": "build-finished", "success": true}), Path::new("/x")).is_empty());
    }

    #[test]
    fn a_wish_to_stop_ends_the_process() {
        let sleep = || Command::new("sleep").arg("60").spawn().unwrap();
        assert_eq!(wait(&mut sleep(), &|| true).unwrap(), None);
        let ends = |program: &str| wait(&mut Command::new(program).spawn().unwrap(), &|| false).unwrap();
        assert_eq!((ends("true"), ends("false")), (Some(true), Some(false)));
    }
}
