//! Cargo, as somebody else calls it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A call of cargo that knows nothing of this test's own.
pub fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    without_cargo(&mut cargo);
    cargo
}

/// Takes from a command what cargo told this test.
pub fn without_cargo(command: &mut Command) {
    let inherited = |(name, _): &(String, String)| name.starts_with("CARGO") && name != "CARGO_HOME";
    std::env::vars().filter(inherited).for_each(|(name, _)| _ = command.env_remove(name));
}

/// Runs it; fails with all that it said unless it succeeds.
#[track_caller]
pub fn succeeds(cargo: &mut Command) -> String {
    let done = cargo.output().expect("cargo can be started");
    let said = [&done.stdout[..], &done.stderr].map(String::from_utf8_lossy).concat();
    assert!(done.status.success(), "{cargo:?}\n{said}");
    said
}

/// The plugin that was written outside of this workspace. What is built there in the release profile, with its lock file, are the crates of any
/// plugin of somebody else's.
pub fn outside() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/plugin-histogram")
}
