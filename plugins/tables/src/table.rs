//! What every format gives: a table of numbers, and which part of a file it is.

use std::fmt::Debug;

use amplicast_sdk::{Error, Result};

/// Which array of a file, and which of its columns.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The name of an array in a file of several (.npz, HDF5).
    pub key: Option<String>,
    /// Columns of a file that knows their names (Parquet), in this order; otherwise the names that its columns get.
    pub columns: Option<Vec<String>>,
}

/// The numbers of a file; reading by position, so that any number of threads may do it.
pub trait Source: Debug + Send + Sync {
    /// Fills `out` with the numbers of whole events, from row `first` on.
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()>;
}

/// An array of numbers in a file; its first axis counts events.
#[derive(Debug)]
pub struct Table {
    /// The array's shape.
    pub shape: Vec<usize>,
    /// The names of its columns, if the file knows them.
    pub columns: Option<Vec<String>>,
    /// Its numbers.
    pub source: Box<dyn Source>,
}

/// The array that `key` names, or the only one that there is.
pub fn choose(key: Option<&str>, keys: &[String]) -> Result<String> {
    let found = match (key, keys) {
        (_, []) => return Err(Error::data("expected at least one array, found none")),
        (None, [only]) => return Ok(only.clone()),
        (Some(key), keys) if keys.iter().any(|k| k == key) => return Ok(key.into()),
        (Some(key), _) => format!("`{key}`"),
        (None, _) => "none".into(),
    };
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    Err(Error::config("key", format!("expected one of {}, found {found}", keys.join(", "))))
}

/// Refuses a key for a file that holds a single array.
pub fn no_key(key: Option<&str>) -> Result<()> {
    match key {
        None => Ok(()),
        Some(key) => {
            Err(Error::config("key", format!("expected no key for a file of one array, found `{key}`")))
        }
    }
}
