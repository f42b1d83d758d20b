//! The user's cache folder, for what is set up once for all checkouts.

use std::env;
use std::path::PathBuf;

use crate::failure::{Failure, Outcome};

/// `~/.cache/amplicast`, or where `XDG_CACHE_HOME` says.
///
/// # Errors
/// When neither variable names a folder.
pub fn folder() -> Outcome<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("amplicast"))
        .ok_or_else(|| {
            Failure::new("neither HOME nor XDG_CACHE_HOME is set; set XDG_CACHE_HOME to a folder for what is set up once")
        })
}
