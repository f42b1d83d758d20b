//! What every component of a plugin has: a name, a description, a typed configuration.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// A component's configuration: a serde struct that refuses unknown keys, with a JSON Schema. See [`config!`](crate::config!).
pub trait Config: DeserializeOwned + Serialize + JsonSchema + 'static {}
impl<T: DeserializeOwned + Serialize + JsonSchema + 'static> Config for T {}

/// A component: something that an experiment names in `plugin = "..."` and configures in the same table.
pub trait Component: Sized + Send + Sync + 'static {
    /// The configuration, read from the experiment's TOML.
    type Config: Config;

    /// The name under which experiments use it: lower case, words joined by `-`.
    const NAME: &'static str;

    /// One sentence for `amplicast plugins list`, without line breaks.
    const ABOUT: &'static str;

    /// Makes the component; refuses values out of range with [`Error::config`], naming the field.
    fn new(config: Self::Config) -> Result<Self>;
}

/// Reads a component's configuration from JSON; an error names the path of the field.
pub fn read_config<C: Config>(json: &str) -> Result<C> {
    let mut reader = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        let message = error.into_inner().to_string();
        // serde_json appends its own line and column, which mean nothing to someone who wrote TOML.
        let message = message.split(" at line ").next().unwrap_or_default();
        // Infinite numbers cross as texts, which few fields take.
        let infinite = ["inf", "-inf"]
            .into_iter()
            .find(|text| message.starts_with(&format!("invalid type: string \"{text}\", expected ")));
        match infinite {
            Some(text) => Error::config(path, format!("expected a finite number, found {text}")),
            None => Error::config(path, message),
        }
    })
}

/// Declares a component's configuration with its defaults.
///
/// Derives what the contract needs (serde with unknown keys refused, JSON Schema, `Clone`, `Debug`), and `Default` when
/// every field has a default. Doc comments on fields become descriptions in the JSON Schema.
///
/// ```
/// amplicast_sdk::config! {
///     /// A Gaussian blob.
///     pub struct Blob {
///         /// Width.
///         pub width: f64 = 1.0,
///         /// Number of columns.
///         pub dimension: usize = 2,
///     }
/// }
/// assert_eq!(Blob::default().dimension, 2);
/// let error = amplicast_sdk::read_config::<Blob>(r#"{"wdith": 1}"#).unwrap_err();
/// assert_eq!(error.to_string(), "wdith: unknown field `wdith`, expected `width` or `dimension`");
/// ```
#[macro_export]
macro_rules! config {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty = $default:expr),* $(,)?
    }) => {
        #[derive(Debug, Clone, $crate::serde::Serialize, $crate::serde::Deserialize, $crate::schemars::JsonSchema)]
        #[serde(crate = "amplicast_sdk::serde", deny_unknown_fields, default)]
        #[schemars(crate = "amplicast_sdk::schemars")]
        $(#[$meta])*
        $vis struct $name { $($(#[$field_meta])* $field_vis $field: $type),* }
        impl ::std::default::Default for $name {
            fn default() -> Self { $name { $($field: $default),* } }
        }
    };
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty),* $(,)?
    }) => {
        #[derive(Debug, Clone, $crate::serde::Serialize, $crate::serde::Deserialize, $crate::schemars::JsonSchema)]
        #[serde(crate = "amplicast_sdk::serde", deny_unknown_fields)]
        #[schemars(crate = "amplicast_sdk::schemars")]
        $(#[$meta])*
        $vis struct $name { $($(#[$field_meta])* $field_vis $field: $type),* }
    };
}
