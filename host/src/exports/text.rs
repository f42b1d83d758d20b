//! JSON that every reader of YAML understands.
//!
//! JSON is YAML, but the readers of YAML in Python take a number without a point, or an exponent without a sign, for text: `1e-7` becomes
//! the string "1e-7", and a validator that allows text says nothing. Numbers are written so that both agree.

use std::io::{Result, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// JSON with all digits of its numbers, one element of a list a line.
pub fn yaml(value: &impl Serialize) -> String {
    let mut text = Vec::new();
    // Keys are strings and numbers were checked: there is nothing to refuse, and a vector takes any number of bytes.
    value.serialize(&mut Serializer::with_formatter(&mut text, Plain)).expect("JSON into memory");
    String::from_utf8(text).expect("JSON is UTF-8")
}

struct Plain;

impl Formatter for Plain {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> Result<()> {
        // The shortest digits that give the same number again, as `1e-7`, `1.5` or `400.0`.
        let digits = format!("{value:?}");
        let Some((mantissa, exponent)) = digits.split_once('e') else {
            return writer.write_all(digits.as_bytes());
        };
        let point = if mantissa.contains('.') { "" } else { ".0" };
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        write!(writer, "{mantissa}{point}e{sign}{exponent}")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        writer.write_all(if first { b"" } else { b",\n" })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        // YAML wants a space after the colon.
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::yaml;

    #[test]
    fn numbers_have_a_point_and_exponents_a_sign() {
        let numbers = [400.0, 1e-7, -1.5e300, 1e16, 23.108440016582687, 0.0, 5e-324];
        let expected = "[400.0,\n1.0e-7,\n-1.5e+300,\n1.0e+16,\n23.108440016582687,\n0.0,\n5.0e-324]";
        assert_eq!(yaml(&numbers), expected);
        assert_eq!(serde_json::from_str::<[f64; 7]>(expected).unwrap(), numbers);
    }

    #[test]
    fn keys_are_told_from_values() {
        assert_eq!(
            yaml(&serde_json::json!({"a": [{"b": "c: \"d\""}, 1]})),
            "{\"a\": [{\"b\": \"c: \\\"d\\\"\"},\n1]}"
        );
    }
}
