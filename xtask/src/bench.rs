//! `cargo xtask bench`: ratios against stated alternatives, measured in one run.

mod peers;

use std::process::Command;

use crate::checkout::{self, Checkout};
use crate::failure::Outcome;
use crate::setup;

/// The benchmarks, and what they load or start.
const PACKAGES: &[&str] = &[
    "amplicast-bench",
    "amplicast",
    "amplicast-autoregressive",
    "amplicast-classical",
    "amplicast-classifier",
    "amplicast-datasets",
    "amplicast-flow-matching",
    "amplicast-kinematics",
    "amplicast-likelihood-ratio",
    "amplicast-metrics",
    "amplicast-posteriors",
    "amplicast-python-plugins",
];

/// What the supervisor of `amplicast run` sets for a worker; the peers get the same.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("OMP_NUM_THREADS", "1"),
    ("OMP_WAIT_POLICY", "PASSIVE"),
    ("MALLOC_MMAP_THRESHOLD_", "1073741824"),
    ("MALLOC_TRIM_THRESHOLD_", "1073741824"),
    ("MALLOC_TOP_PAD_", "67108864"),
];

/// Builds in the release profile and measures; with `peers` also NumPy, SciPy and PyTorch, with `memory` also a long run.
///
/// # Errors
/// The first step's that fails.
pub fn run(checkout: &Checkout, peers: bool, memory: bool, only: Option<&str>) -> Outcome {
    setup::libtorch(checkout)?;
    let mut build = checkout.cargo(&["build", "--release"]);
    for package in PACKAGES {
        build.args(["--package", package]);
    }
    checkout::run(&mut build)?;
    let built = checkout.root().join(checkout.built()?).with_file_name("release");
    let mut bench = Command::new(built.join("amplicast-bench"));
    bench.current_dir(checkout.root()).envs(ENVIRONMENT);
    if peers {
        bench.arg("--peers").arg(peers::python(checkout)?);
        for name in peers::UNSET {
            bench.env_remove(name);
        }
    }
    if memory {
        bench.arg("--memory");
    }
    only.iter().for_each(|only| _ = bench.args(["--only", only]));
    checkout::run(&mut bench)
}

/// Compares the stored answers of the published networks with those of their packages.
///
/// # Errors
/// The first step's that fails, or answers that differ.
pub fn published(checkout: &Checkout) -> Outcome {
    // Their libtorch is among the wheels that this fetches.
    setup::libtorch(checkout)?;
    let script = checkout.root().join("tests/published_networks.py");
    checkout::run(Command::new(peers::python(checkout)?).arg(script))
}
