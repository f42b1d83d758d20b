//! `cargo xtask test --networks`: the networks of `examples/python` keep the contract, and their experiments run.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use crate::checkout::{self, Checkout};
use crate::failure::{During, Outcome};
use crate::python;
use crate::torch;

/// The versions of the packages that they need.
const REQUIREMENTS: &str = "examples/python/requirements.txt";
/// The classes, in the order of the experiments' generators.
const CLASSES: [&str; 4] = ["flow.py:Flow", "gan.py:Gan", "vae.py:Vae", "diffusion.py:Diffusion"];
/// The experiments, and what makes them short: so little training says nothing of G, and with less of it no event of some networks is where it is asked for.
const EXPERIMENTS: [&str; 2] = ["networks-ring.toml", "networks-ttbar.toml"];
const SHORT: &[&str] =
    &["experiment.n_train=500", "experiment.n_gen=10000", "experiment.members=8", "training.iterations=200"];

/// Builds, checks every class, and runs the experiments with little training.
///
/// # Errors
/// The first step's that fails: a class that breaks the contract, a cell without a result.
pub fn run(checkout: &Checkout) -> Outcome {
    checkout::run(&mut checkout.cargo(&["build"]))?;
    let programs = python::environment(checkout, "networks", REQUIREMENTS, |folder, requirements| {
        // Torch first: what it would bring along is several GB.
        torch::install(folder)?;
        checkout::run(python::pip(folder).args(["--no-deps", "-r"]).arg(requirements))
    })?;
    let python = programs.join("python");
    let program = checkout.root().join(checkout.built()?).join("amplicast");
    let examples = checkout.root().join("examples/python");
    let amplicast = || {
        let mut command = Command::new(&program);
        command.current_dir(&examples);
        command
    };
    for class in CLASSES {
        println!("networks: {class}");
        let mut check = amplicast();
        check
            .args(["plugins", "check", class, "--only-failed", "--time-limit", "120", "--python"])
            .arg(&python);
        checkout::run(&mut check)?;
    }
    let out = checkout.root().join("target/networks");
    if out.exists() {
        fs::remove_dir_all(&out).during(|| format!("remove {}", out.display()))?;
    }
    fs::create_dir_all(&out).during(|| format!("make {}", out.display()))?;
    for experiment in EXPERIMENTS {
        println!("networks: {experiment}");
        let mut run = amplicast();
        run.args(["run", experiment, "--out"]).arg(out.join(experiment).with_extension(""));
        run.args(SHORT.iter().flat_map(|value| ["--set", value]));
        let interpreter = |k: usize| ["--set".into(), format!("generator.{k}.python={}", python.display())];
        run.args((0..CLASSES.len()).flat_map(interpreter));
        let log = out.join(experiment).with_extension("log");
        let log = File::create(&log).during(|| format!("make {}", log.display()))?;
        checkout::run(run.stdout(log).stderr(Stdio::inherit()))?;
    }
    Ok(())
}
