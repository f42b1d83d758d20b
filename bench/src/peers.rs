//! What `peers.py` measured of the same work in Python.

use std::path::Path;

use amplicast_sdk::{Error, Result};
use serde_json::Value;

use crate::timing::Times;

/// Durations of the same work elsewhere, per unit.
#[derive(Debug, Default)]
pub struct Peers(Value);

impl Peers {
    /// Reads what `peers.py` printed.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(format!("cannot read {shown}"), e))?;
        serde_json::from_str(&text).map(Peers).map_err(|e| Error::data(format!("{shown}: {e}")))
    }

    /// What it measured, with the versions of the packages; `None` if it was not measured.
    pub fn get(&self, key: &str) -> Option<Peer> {
        let entry = &self.0[key];
        let seconds: Vec<f64> = entry["seconds"].as_array()?.iter().filter_map(Value::as_f64).collect();
        let name = entry["name"].as_str().unwrap_or(key).to_owned();
        (!seconds.is_empty()).then(|| Peer { name, times: Times::new(seconds) })
    }
}

/// One of the peers' measurements.
pub struct Peer {
    /// Who, and how.
    pub name: String,
    /// Durations per unit.
    pub times: Times,
}
