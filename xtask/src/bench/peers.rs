//! NumPy, SciPy, PyTorch and the published equivariant networks, set up once in the user's cache folder.
//!
//! PyPI's torch for Linux is built for CUDA and names libraries of several GB that a program on the CPU never calls.
//! Empty libraries of the same names, where torch looks first, are enough to load it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::checkout::{self, Checkout};
use crate::failure::{During, Outcome};

/// Changes with everything below that a finished folder depends on.
const MARK: &str = "complete-2";

/// Packages with their dependencies.
const PACKAGES: &[&str] = &[
    "numpy",
    "scipy",
    "typing_extensions",
    "sympy",
    "networkx",
    "jinja2",
    "fsspec",
    "filelock",
    "setuptools",
    "einops",
    "opt_einsum",
    "torch_geometric",
];

/// The published equivariant networks, without the torch that they would bring along.
const NETWORKS: &[&str] = &["lgatr==1.3.0", "lloca==1.3.5"];

/// The first lgatr with the small network, in a folder `slim` of its own beside the one above.
const SLIM: &str = "lgatr==1.4.4";

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

/// Variables that choose OpenBLAS's kernels: the peers get those of the machine.
pub const UNSET: [&str; 2] = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"];

/// The Python that has them.
pub fn python(checkout: &Checkout) -> Outcome<PathBuf> {
    let folder = cache::folder()?.join("peers");
    if !folder.join(MARK).is_file() {
        set_up(checkout, &folder)?;
    }
    Ok(interpreter(&folder))
}

fn interpreter(folder: &Path) -> PathBuf {
    folder.join("bin/python")
}

fn set_up(checkout: &Checkout, folder: &Path) -> Outcome {
    println!("peers: NumPy, SciPy, PyTorch and the published networks go to {} (2 GB)", folder.display());
    // What a killed call left.
    if folder.exists() {
        fs::remove_dir_all(folder).during(|| format!("remove {}", folder.display()))?;
    }
    checkout::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let pip = || {
        let mut command = Command::new(interpreter(folder));
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        command
    };
    checkout::run(pip().args(PACKAGES))?;
    // `cargo xtask setup` keeps these wheels; pip takes them from there if they fit the user's Python.
    let wheels = folder.with_file_name("wheels");
    checkout::run(pip().args(["--no-deps", "--find-links"]).arg(wheels).args(TORCH))?;
    checkout::run(pip().arg("--no-deps").args(NETWORKS))?;
    checkout::run(pip().args(["--no-deps", "--target"]).arg(folder.join("slim")).arg(SLIM))?;
    empty_libraries(folder)?;
    let script = checkout.root().join("bench/peers.py");
    checkout::run(Command::new(interpreter(folder)).arg(script).arg("--check"))?;
    File::create(folder.join(MARK)).during(|| format!("mark {} as complete", folder.display()))?;
    Ok(())
}

/// Puts the empty libraries where torch looks first.
fn empty_libraries(folder: &Path) -> Outcome {
    let packages = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let output = Command::new(interpreter(folder)).args(["-c", packages]).output();
    let output = output.during(|| "ask Python for its packages".into())?;
    let packages = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let libraries = Path::new(&packages).join("nvidia/cudnn/lib");
    fs::create_dir_all(&libraries).during(|| format!("make {}", libraries.display()))?;
    for name in EMPTY {
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-x", "c", "/dev/null", "-o"]).arg(libraries.join(name));
        checkout::run(compiler.arg(format!("-Wl,-soname,{name}")))?;
    }
    Ok(())
}
