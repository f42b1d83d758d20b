//! PyTorch without CUDA in an environment of Python.
//!
//! PyPI's torch for Linux is built for CUDA and names libraries of several GB that a program on the CPU never calls.
//! Empty libraries of the same names, where torch looks first, are enough to load it, if nothing of them is bound before it is called.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cache;
use crate::checkout;
use crate::failure::{During, Outcome};
use crate::python::pip;

/// What torch imports, with dependencies of their own.
const PURE: &[&str] =
    &["typing_extensions", "sympy", "networkx", "jinja2", "fsspec", "filelock", "setuptools"];

/// Packages without theirs.
const TORCH: &[&str] = &["torch==2.13.0", "nvidia-cuda-cupti==13.0.85", "nvidia-cuda-runtime==13.0.96"];

/// What torch 2.13.0 names beside these.
const EMPTY: &[&str] = &[
    "libcublas.so.13",
    "libcublasLt.so.13",
    "libcudnn.so.9",
    "libcufft.so.12",
    "libcufile.so.0",
    "libcurand.so.10",
    "libcusparse.so.12",
    "libcusparseLt.so.0",
    "libnccl.so.2",
    "libnvrtc.so.13",
    "libnvshmem_host.so.3",
];

/// Python reads this at its start: functions of libraries are found when they are called.
const LAZY: &str = "import os, sys; sys.setdlopenflags(os.RTLD_LAZY)\n";

/// Installs torch into the environment in this folder.
///
/// # Errors
/// The first step's that fails.
pub fn install(folder: &Path) -> Outcome {
    checkout::run(pip(folder).args(PURE))?;
    // `cargo xtask setup` keeps these wheels; pip takes them from there if they fit the user's Python.
    let wheels = cache::folder()?.join("wheels");
    checkout::run(pip(folder).args(["--no-deps", "--find-links"]).arg(wheels).args(TORCH))?;
    let packages = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let output = Command::new(folder.join("bin/python")).args(["-c", packages]).output();
    let output = output.during(|| "ask Python for its packages".into())?;
    let packages = Path::new(String::from_utf8_lossy(&output.stdout).trim()).to_path_buf();
    empty_libraries(&packages.join("nvidia/cudnn/lib"))?;
    let lazy = packages.join("lazy.pth");
    fs::write(&lazy, LAZY).during(|| format!("write {}", lazy.display()))
}

/// Puts the empty libraries where torch looks first.
fn empty_libraries(folder: &Path) -> Outcome {
    fs::create_dir_all(folder).during(|| format!("make {}", folder.display()))?;
    for name in EMPTY {
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-x", "c", "/dev/null", "-o"]).arg(folder.join(name));
        checkout::run(compiler.arg(format!("-Wl,-soname,{name}")))?;
    }
    Ok(())
}
