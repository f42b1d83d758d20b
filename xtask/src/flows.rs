//! `cargo xtask test --flows`: flows of published libraries, traced and saved, are what they were, and generators of experiments.

use std::fs;
use std::process::Command;

use crate::checkout::{self, Checkout};
use crate::failure::{During, Outcome};
use crate::python;
use crate::setup;
use crate::torch;

/// The libraries, which are installed without the torch that they would bring along.
const LIBRARIES: &str = "examples/traced/requirements.txt";

/// What the libraries import beside torch.
const PACKAGES: &[&str] =
    &["numpy", "scipy", "einops", "opt_einsum", "torch_geometric", "matplotlib", "tqdm"];

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
    let programs = python::environment(checkout, "flows", LIBRARIES, |folder, requirements| {
        torch::install(folder)?;
        checkout::run(python::pip(folder).args(PACKAGES))?;
        checkout::run(python::pip(folder).args(["--no-deps", "-r"]).arg(requirements))
    })?;
    let folder = checkout.root().join("target/flows");
    if folder.exists() {
        fs::remove_dir_all(&folder).during(|| format!("remove {}", folder.display()))?;
    }
    let program = checkout.root().join(checkout.built()?).join("amplicast");
    let mut script = Command::new(programs.join("python"));
    script.arg(checkout.root().join("tests/traced_flows.py")).arg(program).arg(folder);
    checkout::run(script.env("PYTHONDONTWRITEBYTECODE", "1"))
}
