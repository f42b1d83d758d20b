//! `cargo xtask demo`: the examples, run as a user would.

use std::process::Command;

use crate::checkout::{self, Checkout};
use crate::failure::{Failure, Outcome};

/// The examples, and what is set differently (`--set KEY=VALUE`): the ring's training set is one whose fit is about as good as most are, so
/// that its own true G is about the expected one.
const RUNS: &[(&str, &[&str])] =
    &[("examples/ring-2d.toml", &["experiment.seed=5"]), ("examples/ttbar-0j.toml", &[])];

/// What they use. The first table is there sooner than if all plugins were built.
const PACKAGES: &[&str] = &[
    "amplicast",
    "amplicast-autoregressive",
    "amplicast-datasets",
    "amplicast-kinematics",
    "amplicast-metrics",
    "amplicast-posteriors",
];

/// Builds what the examples use, and runs them until one fails.
///
/// # Errors
/// The first failure, with the example's own exit code.
pub fn run(checkout: &Checkout) -> Outcome {
    for (example, _) in RUNS {
        if !checkout.root().join(example).is_file() {
            return Err(Failure::new(format!("demo: {example} does not exist in this checkout")));
        }
    }
    let packages = PACKAGES.iter().flat_map(|package| ["--package", package]);
    checkout::run(checkout.cargo(&["build"]).args(packages))?;
    let built = checkout.built()?;
    for (example, overrides) in RUNS {
        let mut amplicast = Command::new(checkout.root().join(&built).join("amplicast"));
        amplicast.current_dir(checkout.root()).args(["run", example, "--plugin-path"]).arg(&built);
        for value in *overrides {
            amplicast.args(["--set", value]);
        }
        let arguments: Vec<_> = amplicast.get_args().map(|argument| argument.to_string_lossy()).collect();
        println!("demo: {} {}", built.join("amplicast").display(), arguments.join(" "));
        checkout::run(&mut amplicast)?;
    }
    Ok(())
}
