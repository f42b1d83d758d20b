//! Calls of the conformance suite.

use std::path::Path;

use serde_json::Value;

use crate::place::{Finished, Place};

/// Runs the suite on a file; the configurations are those of its components.
pub fn check(place: &Place, file: &Path, configs: &[(&str, Value)], options: &[&str]) -> Finished {
    let mut arguments: Vec<String> =
        ["plugins", "check", &file.display().to_string()].map(String::from).to_vec();
    for (name, config) in configs {
        arguments.extend(["--config".into(), format!("{name}={config}")]);
    }
    arguments.extend(options.iter().map(|o| (*o).to_string()));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    place.amplicast(&arguments)
}

/// The lines of its JSON.
pub fn lines(finished: &Finished) -> Vec<Value> {
    match serde_json::from_str(&finished.out) {
        Ok(Value::Array(lines)) => lines,
        _ => panic!("expected a JSON list, found\n{}\n{}", finished.out, finished.err),
    }
}

/// A text of a line; empty if there is none.
pub fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap_or_default()
}
