//! `cargo xtask test --python`: the wheel, installed as a user would, in the oldest and newest Python of this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::checkout::{self, Checkout};
use crate::failure::{During, Failure, Outcome};
use crate::interpreters::{self, Interpreter};
use crate::python;
use crate::wheel;

/// What the tests need beside the package, which needs NumPy alone.
const TESTING: &[&str] = &["pytest"];
/// What the package uses if it is there; one of the environments has it.
const OPTIONAL: &[&str] = &["pandas", "matplotlib", "tqdm", "hist", "awkward"];
/// PyTorch for the plugins that need libtorch: that of `cargo xtask setup --torch`.
const PYTORCH: &str = "torch==2.13.0";
/// An experiment with one of them.
const NETWORK: &str = "examples/own-network.toml";
/// Where the README's example begins.
const SECTION: &str = "## From Python";

/// Installs a wheel, or the one of what daily work builds, into fresh environments, and runs the package's tests and the README's example; in the
/// newest with `torch` also an experiment of a plugin that needs libtorch.
///
/// # Errors
/// The first step's that fails; when there is no Python that the package is for.
pub fn run(checkout: &Checkout, file: Option<&Path>, torch: bool) -> Outcome {
    let file = match file {
        Some(file) => file.canonicalize().during(|| format!("find {}", file.display()))?,
        None => wheel::of_daily_work(checkout)?,
    };
    let (found, missing) = interpreters::tried();
    missing.iter().for_each(|what| println!("python: {what}"));
    let Some(last) = found.last() else {
        return Err(Failure::new(format!(
            "python: expected a Python 3.{} or later, found none",
            interpreters::OLDEST
        )));
    };
    let example = example(checkout)?;
    let place = checkout.root().join(checkout.built()?).with_file_name("python-tests");
    for interpreter in &found {
        one(
            checkout,
            &file,
            interpreter,
            &example,
            &place.join(format!("3.{}", interpreter.minor)),
            interpreter == last,
        )?;
    }
    match torch {
        true => with_torch(checkout, &place.join(format!("3.{}", last.minor))),
        false => Ok(()),
    }
}

/// Installs PyTorch and the plugins that need it into a tested environment, and runs them.
fn with_torch(checkout: &Checkout, place: &Path) -> Outcome {
    let wheel = wheel::torch_of_daily_work(checkout)?;
    let (environment, work) = (place.join("environment"), place.join("work"));
    checkout::run(python::pip(&environment).arg(wheel).arg(PYTORCH))?;
    let program = || Command::new(environment.join("bin/amplicast"));
    checkout::run(&mut in_folder(program().args(["plugins", "list", "--load"]), &work))?;
    let mut network = program();
    network.arg("run").arg(checkout.root().join(NETWORK)).args(["--out", "own-network"]);
    checkout::run(&mut in_folder(&mut network, &work))
}

/// Tests one version; with `optional` packages beside it if it is the last.
fn one(
    checkout: &Checkout,
    wheel: &Path,
    interpreter: &Interpreter,
    example: &str,
    place: &Path,
    optional: bool,
) -> Outcome {
    println!("python: 3.{} ({})", interpreter.minor, interpreter.program.display());
    if place.exists() {
        fs::remove_dir_all(place).during(|| format!("remove {}", place.display()))?;
    }
    // Another folder than the checkout's: nothing is imported from there.
    let work = place.join("work");
    fs::create_dir_all(&work).during(|| format!("make {}", work.display()))?;
    let environment = place.join("environment");
    checkout::run(Command::new(&interpreter.program).args(["-m", "venv"]).arg(&environment))?;
    let own = environment.join("bin/python");
    let begun = Instant::now();
    checkout::run(python::pip(&environment).arg(wheel))?;
    let installed = begun.elapsed().as_secs_f64();
    let file = work.join("example.py");
    fs::write(&file, example).during(|| format!("write {}", file.display()))?;
    checkout::run(&mut in_folder(Command::new(&own).arg(&file), &work))?;
    println!(
        "python: 3.{}: installed in {installed:.1} s, the README's example ended after {:.1} s",
        interpreter.minor,
        begun.elapsed().as_secs_f64()
    );
    let more = if optional { OPTIONAL } else { &[] };
    checkout::run(python::pip(&environment).args(TESTING).args(more))?;
    let tests = checkout.root().join(wheel::PACKAGE).join("tests");
    let mut pytest = Command::new(&own);
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]).arg(&tests);
    checkout::run(&mut in_folder(&mut pytest, &work))
}

/// A command in a folder, without what would lead it to another program or package.
fn in_folder(command: &mut Command, folder: &Path) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args()).current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1");
    for name in ["AMPLICAST_PROGRAM", "AMPLICAST_PLUGIN_PATH", "PYTHONPATH", "PYTHONHOME"] {
        copy.env_remove(name);
    }
    copy
}

/// The README's example, as one program.
fn example(checkout: &Checkout) -> Outcome<String> {
    let file: PathBuf = checkout.root().join("README.md");
    let text = fs::read_to_string(&file).during(|| format!("read {}", file.display()))?;
    let program = blocks(&text);
    if program.is_empty() {
        return Err(Failure::new(format!(
            "{}: expected an example in Python below `{SECTION}`",
            file.display()
        )));
    }
    Ok(program)
}

/// The blocks of Python in the section about it.
fn blocks(text: &str) -> String {
    let section = text.split_once(SECTION).map_or("", |(_, rest)| rest);
    let section = section.split("\n## ").next().unwrap_or_default();
    let blocks = section.split("```python\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_the_python_of_its_section() {
        let text = "```python\nno = 0\n```\n## From Python\n```python\na = 1\n```\ntext\n```console\n$ b\n```\n```python\nc = 2\n```\n\n## Next\n```python\nd\n```\n";
        assert_eq!(blocks(text), "a = 1\nc = 2\n");
        assert_eq!(blocks("## Other\n```python\na\n```\n"), "");
        assert!(example(&Checkout::find().unwrap()).unwrap().contains("import amplicast"));
    }
}
