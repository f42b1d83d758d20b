//! Values as TOML.

use amplicast_sdk::{Error, Result};
use serde_json::Value;

/// An experiment as TOML; `null` is an absent key.
pub fn to_toml(value: &Value) -> Result<String> {
    fn without_nulls(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_nulls(v))).collect()
            }
            Value::Array(list) => list.iter().map(without_nulls).collect(),
            other => other.clone(),
        }
    }
    toml_edit::ser::to_string_pretty(&without_nulls(value))
        .map_err(|e| Error::plugin(format!("the configuration cannot be written as TOML: {e}")))
}
