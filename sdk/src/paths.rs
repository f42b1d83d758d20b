//! Files in configurations. The host knows them by their mark in the JSON Schema: relative ones start at the experiment's folder,
//! and a component is handed whole paths. Results are stored under the paths as they are written, and the contents of the files.

use std::borrow::Cow;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A file or a folder that a configuration names.
///
/// ```
/// use amplicast_sdk::{InputPath, config, read_config};
/// config! {
///     /// Events from a file.
///     pub struct FromFile {
///         /// The file.
///         pub events: InputPath,
///     }
/// }
/// let config: FromFile = read_config(r#"{"events": "/data/events.npy"}"#).unwrap();
/// assert_eq!(config.events.extension().unwrap(), "npy");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InputPath(PathBuf);

/// Files that a configuration names by a pattern such as `members/*.npy`, or one by its path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InputPattern(String);

impl InputPath {
    /// The `format` of such a text in a JSON Schema.
    pub const FORMAT: &str = "path";
}

impl InputPattern {
    /// The `format` of such a text in a JSON Schema.
    pub const FORMAT: &str = "path-pattern";
}

macro_rules! text_with_format {
    ($($name:ident: $inner:ty => $target:ty;)*) => {$(
        impl Deref for $name {
            type Target = $target;

            fn deref(&self) -> &$target {
                &self.0
            }
        }

        impl<T: Into<$inner>> From<T> for $name {
            fn from(inner: T) -> Self {
                $name(inner.into())
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "format": $name::FORMAT})
            }
        }
    )*};
}

text_with_format! {
    InputPath: PathBuf => Path;
    InputPattern: String => str;
}
