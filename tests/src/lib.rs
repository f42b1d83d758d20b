//! Helpers of the tests that cross crates: they run the built host as a user would, in a folder of their own.

/// The guides of plugin authors: every block of Rust in them is compiled, and run, with the documentation tests.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../docs/src/writing-a-generator.md")]
    mod generator {}
    #[doc = include_str!("../../docs/src/writing-a-summary.md")]
    mod summary {}
    #[doc = include_str!("../../docs/src/writing-a-metric.md")]
    mod metric {}
    #[doc = include_str!("../../docs/src/writing-a-posterior.md")]
    mod posterior {}
    #[doc = include_str!("../../docs/src/writing-a-dataset.md")]
    mod dataset {}
}

mod cargo;
mod draws;
mod experiment;
mod files;
mod library;
mod place;
mod python;
mod random;
mod run_files;
mod suite;

pub use cargo::{cargo, outside, succeeds, without_cargo};
pub use draws::{draw, normal, stream};
pub use experiment::{GAUSSIAN, fits, fitted_gaussian, normal_mean};
pub use files::{built, hostile_plugin, light_folder, plugins, target_folder};
pub use library::library;
pub use place::{Finished, Place, USUAL_SIGNALS, last_of_curve, results, signal, stage_files, worker_of};
pub use python::python;
pub use random::{Numbers, repeats};
pub use run_files::run_files;
pub use suite::{check, lines, text};
