//! Where the relative paths of an experiment start.
//!
//! A plugin is handed whole paths. Which values of its configuration are paths it says in its JSON Schema.

use std::path::Path;

use amplicast_sdk::{Error, ErrorKind, InputPath, InputPattern, Result};
use serde_json::{Map, Value};

/// A configuration whose relative paths, which its schema marks, start at `folder`.
///
/// # Errors
/// At the field whose path starts at a folder without a name in UTF-8: no text stands for it.
pub fn paths_from(folder: &Path, schema: &Value, config: &Map<String, Value>) -> Result<Map<String, Value>> {
    let mut config = config.clone();
    for (name, value) in &mut config {
        resolve(folder, schema, &schema["properties"][name], value).map_err(|e| e.at(name.clone()))?;
    }
    Ok(config)
}

/// Resolves a value and what is in it; `part` is the part of the schema that describes it.
fn resolve(folder: &Path, schema: &Value, part: &Value, value: &mut Value) -> Result<()> {
    if let Some(named) = part["$ref"].as_str().and_then(|place| schema.pointer(place.trim_start_matches('#')))
    {
        return resolve(folder, schema, named, value);
    }
    for one in ["anyOf", "oneOf", "allOf"].iter().filter_map(|list| part[list].as_array()).flatten() {
        resolve(folder, schema, one, value)?;
    }
    match value {
        Value::String(text) if part["format"] == InputPath::FORMAT => {
            *text = path_from(folder, Path::new(text.as_str()))?;
        }
        Value::String(text) if part["format"] == InputPattern::FORMAT => *text = pattern_from(folder, text)?,
        Value::Array(list) => {
            for value in list {
                resolve(folder, schema, &part["items"], value)?;
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                let each = &part["additionalProperties"];
                let part = part["properties"].get(name).unwrap_or(each);
                resolve(folder, schema, part, value)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// A path that starts at `folder`, whole.
pub fn path_from(folder: &Path, path: &Path) -> Result<String> {
    let whole = folder.join(path);
    // Without `.` in it, which is no part of a name.
    let whole = std::path::absolute(&whole).unwrap_or(whole);
    match (whole.to_str(), path.to_str()) {
        (Some(whole), _) => Ok(whole.into()),
        // It starts there all the same.
        (None, Some(path)) if is_here(folder) => Ok(path.into()),
        _ => Err(unnamed(&whole)),
    }
}

/// A pattern that starts at `folder`, which is no part of it, whatever it is called.
pub fn pattern_from(folder: &Path, pattern: &str) -> Result<String> {
    if folder.join(pattern).exists() {
        return path_from(folder, Path::new(pattern));
    }
    match folder.to_str() {
        Some(folder) => {
            Ok(Path::new(&glob::Pattern::escape(folder)).join(pattern).to_string_lossy().into_owned())
        }
        None if is_here(folder) || Path::new(pattern).is_absolute() => Ok(pattern.into()),
        None => Err(unnamed(folder)),
    }
}

/// A file as it is seen from `folder`, if it is there: results do not depend on where they were made.
pub fn seen_from<'a>(folder: &Path, file: &'a str) -> &'a str {
    let inside = folder.to_str().and_then(|folder| file.strip_prefix(folder)?.strip_prefix('/'));
    inside.unwrap_or(file)
}

fn is_here(folder: &Path) -> bool {
    std::env::current_dir().is_ok_and(|here| here == folder)
}

fn unnamed(path: &Path) -> Error {
    let message = format!("{}: expected a path in UTF-8: rename it, or link to it", path.display());
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use amplicast_sdk::config;
    use serde_json::json;

    use super::*;

    config! {
        /// Values that are paths, and others that look like some.
        pub struct Named {
            /// A path.
            pub file: InputPath,
            /// Perhaps a path.
            pub other: Option<InputPath>,
            /// Patterns.
            pub members: Vec<InputPattern>,
            /// Paths by name.
            pub by_name: std::collections::BTreeMap<String, InputPath>,
            /// No path.
            pub key: String,
        }
    }

    fn named(folder: &Path, config: &Value) -> Result<Value> {
        let schema = schemars::schema_for!(Named);
        let Value::Object(config) = config else { unreachable!("an object") };
        paths_from(folder, schema.as_value(), config).map(Value::Object)
    }

    #[test]
    fn marked_paths_start_at_the_folder() {
        let config = json!({
            "file": "a/./b.npy", "other": "/data/c.npy", "members": ["m*.npy", "/data/[0-9].npy"],
            "by_name": {"x": "x.npy"}, "key": "d.npy",
        });
        let expected = json!({
            "file": "/run[1]/a/b.npy", "other": "/data/c.npy", "members": ["/run[[]1[]]/m*.npy", "/data/[0-9].npy"],
            "by_name": {"x": "/run[1]/x.npy"}, "key": "d.npy",
        });
        assert_eq!(named(Path::new("/run[1]"), &config).unwrap(), expected);
        // What is left out, or is no text, stays so: the plugin says what it expects.
        let odd = json!({"file": 3, "other": null, "members": "m"});
        assert_eq!(named(Path::new("/run"), &odd).unwrap(), odd);
    }

    #[test]
    fn a_file_with_a_patterns_name_is_that_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("m[1].npy"), "").unwrap();
        let whole = folder.path().join("m[1].npy").to_string_lossy().into_owned();
        assert_eq!(pattern_from(folder.path(), "m[1].npy").unwrap(), whole);
        assert_eq!(seen_from(folder.path(), &whole), "m[1].npy");
        assert_eq!(seen_from(Path::new("/da"), "/data/m.npy"), "/data/m.npy");
    }

    #[test]
    fn a_folder_that_no_text_stands_for_is_refused() {
        let folder = Path::new(std::ffi::OsStr::from_bytes(b"/nowhere/\xff"));
        let error = named(folder, &json!({"members": ["m.npy"]})).unwrap_err();
        assert_eq!((error.kind(), error.place()), (ErrorKind::Config, "members"));
        assert!(error.message().contains("expected a path in UTF-8"), "{error}");
        let whole = json!({"file": "/data/a.npy", "members": ["/data/*.npy"]});
        assert_eq!(named(folder, &whole).unwrap(), whole);
    }
}
