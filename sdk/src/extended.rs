//! Numbers of a configuration that may be infinite.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number, or `inf` or `-inf`: the end of an interval that has none.
///
/// Configurations cross the boundary as JSON, which has no such numbers: they are texts there.
///
/// ```
/// # use amplicast_sdk::Extended;
/// let ends: [Extended; 2] = serde_json::from_str(r#"[600.0, "inf"]"#).unwrap();
/// assert_eq!(ends.map(f64::from), [600.0, f64::INFINITY]);
/// assert_eq!(serde_json::to_string(&ends).unwrap(), r#"[600.0,"inf"]"#);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Extended(pub f64);

impl From<Extended> for f64 {
    fn from(Extended(number): Extended) -> f64 {
        number
    }
}

impl From<f64> for Extended {
    fn from(number: f64) -> Self {
        Extended(number)
    }
}

impl Serialize for Extended {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            f64::INFINITY => serializer.serialize_str("inf"),
            f64::NEG_INFINITY => serializer.serialize_str("-inf"),
            number => serializer.serialize_f64(number),
        }
    }
}

impl<'de> Deserialize<'de> for Extended {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Extended;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number, inf or -inf")
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Extended, E> {
                Ok(Extended(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Extended, E> {
                Ok(Extended(number as f64))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Extended, E> {
                Ok(Extended(number as f64))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Extended, E> {
                match text {
                    "inf" | "+inf" => Ok(Extended(f64::INFINITY)),
                    "-inf" => Ok(Extended(f64::NEG_INFINITY)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Extended {
    fn schema_name() -> Cow<'static, str> {
        "Extended".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "number"}, {"enum": ["inf", "-inf"]}]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_numbers_are_refused() {
        for text in ["\"nan\"", "\"600\"", "null", "true"] {
            let error = serde_json::from_str::<Extended>(text).unwrap_err().to_string();
            assert!(error.contains("expected a number, inf or -inf"), "{text}: {error}");
        }
        assert_eq!(serde_json::from_str::<Extended>("-3").unwrap(), Extended(-3.0));
        assert_eq!(serde_json::from_str::<Extended>("\"-inf\"").unwrap(), Extended(f64::NEG_INFINITY));
    }
}
