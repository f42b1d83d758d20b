//! `cargo xtask test --generators`: of files of event generators and of ROOT we read what their own packages read.

use std::fs;
use std::process::Command;

use crate::checkout::{self, Checkout};
use crate::failure::{During, Outcome};
use crate::python;

/// The versions of Pythia, pylhe and pyhepmc.
const REQUIREMENTS: &str = "tests/generators.requirements.txt";

/// What makes the files, and says what is in them.
const SCRIPT: &str = "tests/generators.py";

/// What takes files through `amplicast convert`.
const CONVERTED: &str = "tests/converted.py";

/// Makes the files, and has the tests of the reader look at them.
///
/// # Errors
/// The first step's that fails, or a file that is read as something else.
pub fn run(checkout: &Checkout) -> Outcome {
    let folder = checkout.root().join("target/generators");
    if folder.exists() {
        fs::remove_dir_all(&folder).during(|| format!("remove {}", folder.display()))?;
    }
    let programs = python::programs(checkout, "generators", REQUIREMENTS)?;
    let mut write = Command::new(programs.join("python"));
    checkout::run(write.arg(checkout.root().join(SCRIPT)).arg(&folder))?;
    let mut test = checkout.cargo(&["test", "--package", "amplicast-tables", "--lib", "generators::"]);
    checkout::run(test.args(["--", "--nocapture"]).env("AMPLICAST_GENERATORS", &folder))?;
    checkout::run(
        checkout
            .cargo(&["build", "--package", "amplicast", "--package", "amplicast-datasets"])
            .arg("--bins")
            .arg("--lib"),
    )?;
    let program = checkout.root().join("target/debug/amplicast");
    let mut converted = Command::new(programs.join("python"));
    checkout::run(converted.arg(checkout.root().join(CONVERTED)).arg(program).arg(&folder))
}
