//! `cargo xtask test --flows`: flows of published libraries, traced and saved, are what they were, and generators of experiments.

use std::fs;
use std::process::Command;

use crate::checkout::{self, Checkout};
use crate::failure::{During, Outcome};
use crate::setup;
use crate::torch_python::Environment;

/// Changes with everything that a finished folder depends on.
const MARK: &str = "complete-1";

/// What the libraries import.
const PACKAGES: &[&str] = &["matplotlib", "tqdm"];

/// The libraries, without the torch that they would bring along.
const LIBRARIES: &[&str] = &[
    "torchdiffeq==0.2.5",
    "zuko==1.6.0",
    "nflows==0.14",
    "normflows==1.7.3",
    "FrEIA==0.2",
    "lgatr==2.0.0",
    "lloca==2.0.0",
];

/// What an experiment with `torchscript` needs.
const BUILT: &[&str] = &[
    "amplicast",
    "amplicast-datasets",
    "amplicast-kinematics",
    "amplicast-metrics",
    "amplicast-torchscript",
];

/// Builds, and puts the members that `tests/traced_flows.py` saves before the program.
///
/// # Errors
/// The first step's that fails, or a file that is another flow.
pub fn run(checkout: &Checkout) -> Outcome {
    setup::libtorch(checkout)?;
    let mut build = checkout.cargo(&["build"]);
    BUILT.iter().for_each(|package| _ = build.args(["--package", package]));
    checkout::run(&mut build)?;
    let environment = Environment::of("flows", MARK, |environment| {
        checkout::run(environment.pip().args(PACKAGES))?;
        checkout::run(environment.pip().arg("--no-deps").args(LIBRARIES))
    })?;
    let folder = checkout.root().join("target/flows");
    if folder.exists() {
        fs::remove_dir_all(&folder).during(|| format!("remove {}", folder.display()))?;
    }
    let program = checkout.root().join(checkout.built()?).join("amplicast");
    let mut script = Command::new(environment.python());
    script.arg(checkout.root().join("tests/traced_flows.py")).arg(program).arg(folder);
    checkout::run(script.env("PYTHONDONTWRITEBYTECODE", "1"))
}
