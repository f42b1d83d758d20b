//! Plugin files: what is known before loading, the catalogue of components, and loading when one is needed.

mod catalogue;
mod file;
mod libtorch;
mod loader;
mod preflight;

pub use catalogue::{Catalogue, Listed, Loading, Refused, plugin_folders};
pub use file::{Entry, Library, hash_file};
pub use libtorch::{Libtorch, libtorch};
pub use preflight::{Found, Refusal, inspect};
