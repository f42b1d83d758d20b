//! NumPy, SciPy, PyTorch and the published equivariant networks, set up once in the user's cache folder.

use std::path::PathBuf;
use std::process::Command;

use crate::checkout::{self, Checkout};
use crate::failure::Outcome;
use crate::torch_python::Environment;

/// Changes with everything that a finished folder depends on.
const MARK: &str = "complete-2";

/// The published equivariant networks, without the torch that they would bring along.
const NETWORKS: &[&str] = &["lgatr==1.3.0", "lloca==1.3.5"];

/// The first lgatr with the small network, in a folder `slim` of its own beside the one above.
const SLIM: &str = "lgatr==1.4.4";

/// Variables that choose OpenBLAS's kernels: the peers get those of the machine.
pub const UNSET: [&str; 2] = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"];

/// The Python that has them.
pub fn python(checkout: &Checkout) -> Outcome<PathBuf> {
    let environment = Environment::of("peers", MARK, |environment| {
        checkout::run(environment.pip().arg("--no-deps").args(NETWORKS))?;
        let slim = environment.folder().join("slim");
        checkout::run(environment.pip().args(["--no-deps", "--target"]).arg(slim).arg(SLIM))?;
        let script = checkout.root().join("bench/peers.py");
        checkout::run(Command::new(environment.python()).arg(script).arg("--check"))
    })?;
    Ok(environment.python())
}
