//! The package of the plugins that need libtorch, which they find in the user's PyTorch.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::package::{packed, stage};
use super::platform::{expect_no_paths, glibc};
use super::{REQUIREMENTS, expect_one_version, taken, target};
use crate::checkout::{self, Checkout};
use crate::failure::{During, Failure, Outcome};
use crate::install::plugins;
use crate::python;
use crate::setup;

/// The package in the checkout.
pub const PACKAGE: &str = "host/python-torch";
/// Its module.
pub const MODULE: &str = "amplicast_torch";
/// The PyTorch that the plugins were built with, in a file of the module.
const VERSION: &str = "pytorch-version";
/// From the plugins to PyTorch's libraries, where both packages lie in one folder.
const LIBRARIES: &str = "$ORIGIN/../../torch/lib";
/// The oldest glibc 2 that PyTorch's own wheels are for.
const OLDEST: u32 = 28;

/// Makes the wheel, and gives its path.
///
/// Its plugins are linked by this system's own tools, since libtorch wants the system's C++ library: the wheel is for systems as new as this one.
pub fn make(checkout: &Checkout, out: &Path, debug: bool) -> Outcome<PathBuf> {
    setup::libtorch(checkout)?;
    let pytorch = pytorch(checkout)?;
    let metadata = checkout.metadata(&["--no-deps"])?;
    expect_one_version(checkout, PACKAGE, &metadata)?;
    let without = plugins(&metadata, false);
    let mut plugins = plugins(&metadata, true);
    plugins.retain(|plugin| !without.contains(plugin));
    let mut cargo = checkout.cargo(&["build"]);
    plugins.iter().for_each(|(package, _)| _ = cargo.args(["--package", package]));
    if !debug {
        cargo.arg("--release");
    }
    checkout::run(&mut cargo)?;
    let built = target(checkout)?.join(if debug { "debug" } else { "release" });
    let tools = python::programs(checkout, "wheel", REQUIREMENTS)?;
    let staged = target(checkout)?.join("wheel-torch-package");
    let bin = stage(checkout, (PACKAGE, MODULE), &staged)?;
    let mut minor = OLDEST;
    for (_, name) in &plugins {
        let file = taken((&built, &bin), name)?;
        // The user's libtorch, whatever LD_LIBRARY_PATH says; and all of it, so that a GPU is found where there is one.
        let mut patch = Command::new(tools.join("patchelf"));
        patch.args(["--force-rpath", "--set-rpath", LIBRARIES, "--add-needed", "libtorch.so"]);
        checkout::run(patch.arg(&file))?;
        expect_no_paths(&file)?;
        minor = minor.max(glibc(&file)?);
    }
    let version = staged.join(MODULE).join(VERSION);
    fs::write(&version, &pytorch).during(|| format!("write {}", version.display()))?;
    packed(&staged, out, &tools, |_, _| Ok(format!("manylinux_2_{minor}_x86_64")))
}

/// The version of the libtorch that is linked with.
fn pytorch(checkout: &Checkout) -> Outcome<String> {
    let expected = "the libtorch that `cargo xtask setup --torch` fetches";
    let own = ["LIBTORCH", "LIBTORCH_USE_PYTORCH"]
        .into_iter()
        .find(|name| std::env::var_os(name).is_some_and(|value| !checkout.is_own_libtorch(&value)));
    if let Some(name) = own {
        return Err(Failure::new(format!("wheel: expected {expected}, found the variable {name}: unset it")));
    }
    let file = checkout.libtorch().join("build-version");
    let text = fs::read_to_string(&file).during(|| format!("read {}", file.display()))?;
    Ok(text.trim().split('+').next().unwrap_or_default().into())
}
