//! `cargo xtask test --packages`: exported histograms are what the programs of the field read.

use std::fs;
use std::process::Command;

use crate::checkout::{self, Checkout};
use crate::failure::{During, Outcome};
use crate::python;

/// The versions of the programs.
const REQUIREMENTS: &str = "tests/exports.requirements.txt";

/// What puts the histograms before them.
const SCRIPT: &str = "tests/exports.py";

/// Builds what writes the histograms, which needs no libtorch, and puts them before uhi, hist, HEPData's validator, pyhf and cabinetry.
///
/// # Errors
/// The first step's that fails, or a file that is refused or read as something else.
pub fn run(checkout: &Checkout) -> Outcome {
    let folder = checkout.root().join("target/exports");
    if folder.exists() {
        fs::remove_dir_all(&folder).during(|| format!("remove {}", folder.display()))?;
    }
    let mut write = checkout.cargo(&["run", "--package", "amplicast", "--example", "exports", "--"]);
    checkout::run(write.arg(&folder))?;
    let programs = python::programs(checkout, "exports", REQUIREMENTS)?;
    let mut read = Command::new(programs.join("python"));
    checkout::run(read.arg(checkout.root().join(SCRIPT)).arg(&folder))
}
