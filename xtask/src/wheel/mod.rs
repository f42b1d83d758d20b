//! `cargo xtask wheel`: the Python packages, with the program and its plugins in them.
//!
//! Plugins that need libtorch are a package of their own, `amplicast-torch`: they run on the libtorch of the user's PyTorch.
//! No wheel holds a compiled module, so that one serves all versions of Python. Its platform tag is that of the files in it:
//! pip installs no wheel on a system whose C library is older than they need.

mod package;
mod platform;
mod torch;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::Value;

use crate::checkout::{self, Checkout};
use crate::failure::{During, Failure, Outcome};
use crate::install::{PROGRAM, plugins};
use crate::python;
use package::{packed, stage};
use platform::{expect_no_paths, needed};

/// The package in the checkout.
pub const PACKAGE: &str = "host/python";
/// Its module.
const MODULE: &str = "amplicast";
/// What makes a wheel.
const REQUIREMENTS: &str = "host/python/wheel.requirements.txt";
/// The target whose C library a release is built for.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Its version: that of the oldest systems that Rust and NumPy still serve.
const GLIBC: &str = "2.17";
/// Bytes that a wheel may have.
const MOST_BYTES: u64 = 40_000_000;

/// `cargo xtask wheel`.
#[derive(Args)]
pub struct Wheel {
    /// Where to [default: target/wheel].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Make the wheel of the plugins that need libtorch, `amplicast-torch`, instead; sets up as `setup --torch`.
    #[arg(long)]
    torch: bool,
    /// Put in what daily work builds: quick to build, with checks that cost some speed, for systems like this one.
    #[arg(long)]
    debug: bool,
    /// Put in the program and the plugins that lie in this folder, and build nothing.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["debug", "torch"])]
    built: Option<PathBuf>,
}

/// Makes the wheel, and says where it is, what it runs on and how large it is.
///
/// # Errors
/// The first step's that fails.
pub fn run(checkout: &Checkout, wheel: &Wheel) -> Outcome {
    let out = match &wheel.out {
        Some(out) => std::path::absolute(out).during(|| format!("find {}", out.display()))?,
        None => target(checkout)?.join("wheel"),
    };
    let built = wheel.built.as_ref().map(std::path::absolute).transpose();
    let built = built.during(|| "find the folder of --built".into())?;
    let file = match wheel.torch {
        true => torch::make(checkout, &out, wheel.debug)?,
        false => make(checkout, &out, wheel.debug, built)?,
    };
    let size = fs::metadata(&file).during(|| format!("look at {}", file.display()))?.len();
    println!("wheel: {}\nwheel: {:.1} MB", file.display(), size as f64 / 1e6);
    if size > MOST_BYTES {
        return Err(Failure::new(format!("wheel: expected at most {} MB", MOST_BYTES / 1_000_000)));
    }
    Ok(())
}

/// Makes a wheel of what daily work builds, and gives its path.
///
/// # Errors
/// The first step's that fails.
pub fn of_daily_work(checkout: &Checkout) -> Outcome<PathBuf> {
    make(checkout, &target(checkout)?.join("wheel"), true, None)
}

/// The same of the plugins that need libtorch.
///
/// # Errors
/// The first step's that fails.
pub fn torch_of_daily_work(checkout: &Checkout) -> Outcome<PathBuf> {
    torch::make(checkout, &target(checkout)?.join("wheel"), true)
}

fn make(checkout: &Checkout, out: &Path, debug: bool, built: Option<PathBuf>) -> Outcome<PathBuf> {
    let metadata = checkout.metadata(&["--no-deps"])?;
    expect_one_version(checkout, PACKAGE, &metadata)?;
    let plugins = plugins(&metadata, false);
    let tools = python::programs(checkout, "wheel", REQUIREMENTS)?;
    let built = match built {
        Some(built) => built,
        None => build(checkout, &plugins, debug, &tools)?,
    };
    let staged = target(checkout)?.join("wheel-package");
    let bin = stage(checkout, (PACKAGE, MODULE), &staged)?;
    for name in plugins.iter().map(|(_, file)| file.as_str()).chain([PROGRAM]) {
        let file = taken((&built, &bin), name)?;
        expect_no_paths(&file)?;
    }
    packed(&staged, out, &tools, needed)
}

/// Copies a file from one folder to another, without what only a debugger reads.
fn taken((from, to): (&Path, &Path), name: &str) -> Outcome<PathBuf> {
    let (from, to) = (from.join(name), to.join(name));
    fs::copy(&from, &to).during(|| format!("copy {} to {}", from.display(), to.display()))?;
    checkout::run(Command::new("strip").arg(&to))?;
    Ok(to)
}

/// Where cargo puts what it builds.
fn target(checkout: &Checkout) -> Outcome<PathBuf> {
    let built = checkout.root().join(checkout.built()?);
    Ok(built.parent().map(Path::to_owned).unwrap_or(built))
}

/// Builds the program and its plugins, and gives their folder. A release is linked by zig, against a C library older than that of this
/// system.
fn build(checkout: &Checkout, plugins: &[(String, String)], debug: bool, tools: &Path) -> Outcome<PathBuf> {
    let target = target(checkout)?;
    let older = format!("{TARGET}.{GLIBC}");
    let words: &[&str] = if debug { &["build"] } else { &["zigbuild", "--release", "--target", &older] };
    let mut cargo = checkout.cargo(words);
    for package in plugins.iter().map(|(package, _)| package.as_str()).chain([PROGRAM]) {
        cargo.args(["--package", package]);
    }
    if debug {
        checkout::run(&mut cargo)?;
        return Ok(target.join("debug"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([tools.to_owned()].into_iter().chain(std::env::split_paths(&path)));
    checkout::run(cargo.env("PATH", path.during(|| "put the tools on the PATH".into())?))?;
    Ok(target.join(TARGET).join("release"))
}

/// A package has the workspace's version.
fn expect_one_version(checkout: &Checkout, package: &str, metadata: &Value) -> Outcome {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let program = packages.into_iter().find(|package| package["name"] == PROGRAM);
    let version = program.and_then(|package| package["version"].as_str()).unwrap_or_default();
    let file = checkout.root().join(package).join("pyproject.toml");
    let text = fs::read_to_string(&file).during(|| format!("read {}", file.display()))?;
    if text.lines().any(|line| line.starts_with(&format!("version = \"{version}\""))) {
        return Ok(());
    }
    Err(Failure::new(format!("{}: expected the version {version}, as the program has it", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packages_have_the_programs_version() {
        let checkout = Checkout::find().unwrap();
        let mut metadata = checkout.metadata(&["--no-deps"]).unwrap();
        for package in [PACKAGE, torch::PACKAGE] {
            expect_one_version(&checkout, package, &metadata).unwrap();
        }
        for package in metadata["packages"].as_array_mut().unwrap() {
            package["version"] = "99.0.0".into();
        }
        let error = expect_one_version(&checkout, PACKAGE, &metadata).unwrap_err();
        assert!(matches!(error, Failure::Message(text) if text.contains("99.0.0")));
    }
}
