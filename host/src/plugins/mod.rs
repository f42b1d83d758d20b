//! Plugin files: what is known before loading, loading, and the catalogue of components.

mod catalogue;
mod libtorch;
mod loader;
mod preflight;

pub use catalogue::{Catalogue, Entry, Library, Loading, Refused, hash_file, plugin_folders};
pub use libtorch::{Libtorch, libtorch};
pub use preflight::{Refusal, inspect};
