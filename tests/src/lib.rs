//! Helpers of the tests that cross crates: they run the built host as a user would, in a folder of their own.

mod experiment;
mod files;
mod place;
mod suite;

pub use experiment::{GAUSSIAN, fits};
pub use files::{built, hostile_plugin, light_folder, plugins, target_folder};
pub use place::{Finished, Place, results, stage_files};
pub use suite::{check, lines, text};
