//! `cargo xtask`: what a checkout needs done, in one word each.
//!
//! `setup` fetches what a build needs, `install` puts the program on the PATH, `wheel` makes a Python package of it, `test` and `lint` are what
//! CI runs, `fuzz` tries more of what the tests try at random, `demo` runs the examples, `bench` measures.

mod bench;
mod cache;
mod checkout;
mod cluster;
mod demo;
mod exports;
mod failure;
mod flows;
mod fuzz;
mod generators;
mod install;
mod interpreters;
// For `cargo xtask lint` alone, which has it built.
#[cfg(any(feature = "lint", test))]
mod lint;
mod networks;
mod python;
mod python_package;
mod setup;
mod test;
mod torch;
mod wheel;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use checkout::Checkout;
use failure::{Failure, Outcome};
use fuzz::Fuzz;
use wheel::Wheel;

/// Set-up, tests, lints, demo and benchmarks of the amplicast checkout.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Fetch what a build needs: nothing, if it is not for plugins with libtorch.
    Setup {
        /// Put a CPU libtorch into third_party/libtorch (540 MB to download, once for all checkouts).
        #[arg(long)]
        torch: bool,
    },
    /// Build in the release profile, put the program and its plugins into ROOT/lib/amplicast and a link into ROOT/bin.
    Install {
        /// Where to [default: ~/.local].
        #[arg(long, value_name = "DIR")]
        root: Option<PathBuf>,
        /// Install the plugins that need libtorch as well (`torchscript`, and generators on a GPU); sets up as `setup --torch`.
        #[arg(long)]
        torch: bool,
        /// Install what daily work builds: quick to build, with checks that cost some speed.
        #[arg(long)]
        debug: bool,
    },
    /// Make the Python package, with the program and its plugins that need no libtorch, or the one of those that do: one wheel for all
    /// versions of Python.
    Wheel(Wheel),
    /// Set up with libtorch, build every crate and plugin, run all tests.
    Test {
        /// Run an experiment by Snakemake and through a Slurm of this machine's own instead (installed if need be, as root).
        #[arg(long)]
        cluster: bool,
        /// Put exported histograms before the programs that they are for instead (set up once in the cache folder, 400 MB).
        #[arg(long, conflicts_with = "cluster")]
        packages: bool,
        /// Save flows of zuko, nflows, normflows, FrEIA, lgatr and lloca as TorchScript, and run experiments with them instead (set up once
        /// in the cache folder, 2 GB).
        #[arg(long, conflicts_with_all = ["cluster", "packages"])]
        flows: bool,
        /// Install the wheel for several versions of Python and run the package's tests there instead.
        #[arg(long, conflicts_with_all = ["cluster", "packages", "flows"])]
        python: bool,
        /// Check and run the networks of examples/python instead (PyTorch and zuko are set up once in the cache folder, 1.3 GB).
        #[arg(long, conflicts_with_all = ["cluster", "packages", "flows", "python"])]
        networks: bool,
        /// Read files of event generators that Pythia, pylhe and pyhepmc write, and compare with what these read, instead (set up once in the
        /// cache folder, 240 MB).
        #[arg(long, conflicts_with_all = ["cluster", "packages", "flows", "python", "networks"])]
        generators: bool,
        /// This wheel, rather than one that is made for it.
        #[arg(long, value_name = "FILE", requires = "python")]
        wheel: Option<PathBuf>,
        /// Beside PyTorch (3 GB, in a fresh environment) the wheel of the plugins that need libtorch as well.
        #[arg(long, requires = "python")]
        torch: bool,
        /// Passed on to `cargo test`, for example `-p amplicast-sdk` or `-- --nocapture`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        cargo_arguments: Vec<String>,
    },
    /// Build, read changed inputs at random for a while: an hour is `--seconds 3600`.
    Fuzz(Fuzz),
    /// Format, clippy, documentation, dependency direction, places of unsafe code.
    Lint,
    /// Build, run the examples.
    Demo,
    /// Compare the answers of the published networks that the tests hold ours to with those of the packages (set up once in
    /// the cache folder, 2 GB).
    Published,
    /// Set up with libtorch, build in the release profile, measure speed as ratios against alternatives.
    Bench {
        /// Measure NumPy, SciPy and PyTorch as well (set up once in the cache folder, 2 GB).
        #[arg(long)]
        peers: bool,
        /// Measure what takes long as well (a quarter of an hour): memory of runs with 50 members of 1e7 events, a flow's calls.
        #[arg(long)]
        memory: bool,
        /// Measure only what has this in its name, such as files, door or sampling.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments.task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Message(message)) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
        Err(Failure::Reported(code)) => ExitCode::from(code),
    }
}

fn run(task: &Task) -> Outcome {
    let checkout = Checkout::find()?;
    match task {
        Task::Setup { torch } => setup::run(&checkout, *torch),
        Task::Install { root, torch, debug } => install::run(&checkout, root.as_deref(), (*torch, *debug)),
        Task::Wheel(wheel) => wheel::run(&checkout, wheel),
        Task::Test { python: true, wheel, torch, .. } => {
            python_package::run(&checkout, wheel.as_deref(), *torch)
        }
        Task::Test { cluster: true, .. } => cluster::run(&checkout),
        Task::Test { flows: true, .. } => flows::run(&checkout),
        Task::Test { packages: true, .. } => exports::run(&checkout),
        Task::Test { networks: true, .. } => networks::run(&checkout),
        Task::Test { generators: true, .. } => generators::run(&checkout),
        Task::Test { cargo_arguments, .. } => test::run(&checkout, cargo_arguments),
        Task::Fuzz(fuzz) => fuzz::run(&checkout, fuzz),
        #[cfg(any(feature = "lint", test))]
        Task::Lint => lint::run(&checkout),
        #[cfg(not(any(feature = "lint", test)))]
        Task::Lint => {
            let again = ["run", "--quiet", "--package", "xtask", "--features", "lint", "--", "lint"];
            checkout::run(&mut checkout.cargo(&again))
        }
        Task::Demo => demo::run(&checkout),
        Task::Published => bench::published(&checkout),
        Task::Bench { peers, memory, only } => bench::run(&checkout, *peers, *memory, only.as_deref()),
    }
}
