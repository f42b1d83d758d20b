//! NumPy, SciPy, PyTorch, readers of events and the published equivariant networks, set up once in the user's cache folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::checkout::{self, Checkout};
use crate::failure::{During, Outcome};
use crate::python::pip;
use crate::torch;

/// Changes with everything below that a finished folder depends on.
const MARK: &str = "complete-4";

/// Packages with their dependencies.
const PACKAGES: &[&str] = &["numpy", "scipy", "einops", "opt_einsum", "torch_geometric", "pylhe", "pyhepmc"];

/// The published equivariant networks, without the torch that they would bring along.
const NETWORKS: &[&str] = &["lgatr==1.3.0", "lloca==1.3.5"];

/// The first lgatr with the small network, in a folder `slim` of its own beside the one above.
const SLIM: &str = "lgatr==1.4.4";

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
    checkout::run(pip(folder).args(PACKAGES))?;
    torch::install(folder)?;
    checkout::run(pip(folder).arg("--no-deps").args(NETWORKS))?;
    checkout::run(pip(folder).args(["--no-deps", "--target"]).arg(folder.join("slim")).arg(SLIM))?;
    let script = checkout.root().join("bench/peers.py");
    checkout::run(Command::new(interpreter(folder)).arg(script).arg("--check"))?;
    File::create(folder.join(MARK)).during(|| format!("mark {} as complete", folder.display()))?;
    Ok(())
}
