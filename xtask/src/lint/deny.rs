//! What may be built in: cargo-deny asks `deny.toml` about licenses, duplicates, sources, and advisories where a database is there.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::checkout::{self, Checkout};
use crate::failure::{During, Outcome};

const VERSION: &str = "0.20.2";

/// Every crate of `Cargo.lock` that `deny.toml` does not allow; cargo-deny reports each itself.
pub fn check(checkout: &Checkout) -> Outcome {
    let program = program(checkout)?;
    let mut deny = Command::new(program);
    // What cargo fetched is enough: nothing is looked up while this runs.
    deny.current_dir(checkout.root()).args(["--offline", "check", "--hide-inclusion-graph"]);
    deny.args(["licenses", "bans", "sources"]);
    if database().is_some_and(|folder| folder.read_dir().is_ok_and(|mut list| list.next().is_some())) {
        deny.arg("advisories");
    } else {
        println!(
            "lint: no advisory database here: advisories are not asked; `cargo deny fetch db` brings it"
        );
    }
    checkout::run(&mut deny)
}

/// Where `cargo deny fetch db` puts it.
fn database() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    home.map(|home| home.join("advisory-dbs"))
}

/// cargo-deny of this version, in the target folder; it is built once.
fn program(checkout: &Checkout) -> Outcome<PathBuf> {
    let built = checkout.root().join(checkout.built()?);
    let tools = built.with_file_name("tools");
    let program = tools.join("bin/cargo-deny");
    let wanted = format!("cargo-deny {VERSION}");
    let is_there = Command::new(&program).arg("--version").output().is_ok_and(|output| {
        output.status.success() && String::from_utf8_lossy(&output.stdout).trim() == wanted
    });
    if !is_there {
        println!("lint: building {wanted}");
        let building = tools.join("build");
        let mut install =
            checkout.cargo(&["install", "cargo-deny", "--version", VERSION, "--locked", "--force"]);
        // A minute instead of several; it runs for a second.
        install.args(["--debug", "--no-default-features", "--quiet", "--root"]).arg(&tools);
        checkout::run(install.arg("--target-dir").arg(&building))?;
        std::fs::remove_dir_all(&building).during(|| format!("remove {}", building.display()))?;
    }
    Ok(program)
}
