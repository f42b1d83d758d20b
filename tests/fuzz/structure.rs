//! Changes of the values of a text in TOML or JSON: it can still be parsed, so that more than the parser is reached.

use amplicast_sdk::rand::{Rng, RngExt};
use serde_json::{Value, json};

use crate::mutate::often;

/// How values are written.
#[derive(Debug, Clone, Copy)]
pub enum Language {
    Toml,
    Json,
}

/// The text with one to four changed values; none if it is none of this language.
pub fn changed(text: &[u8], language: Language, stream: &mut impl Rng) -> Option<Vec<u8>> {
    let mut value: Value = match language {
        Language::Toml => toml_edit::de::from_slice(text).ok()?,
        Language::Json => serde_json::from_slice(text).ok()?,
    };
    for _ in 0..often(stream) {
        change(&mut value, stream);
    }
    match language {
        Language::Toml => toml_edit::ser::to_string(&value).ok().map(String::into_bytes),
        Language::Json => serde_json::to_vec(&value).ok(),
    }
}

/// Values at the ends of what is possible.
fn extreme(stream: &mut impl Rng) -> Value {
    let list = [
        json!(0),
        json!(1),
        json!(2),
        json!(-1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(1_u64 << 32),
        json!(0.5),
        json!(-0.0),
        json!(1e308),
        json!(-1e308),
        json!(5e-324),
        json!(1e16),
        json!(true),
        json!(""),
        json!("x"),
        json!("\u{202e}\u{0}\u{1b}["),
        json!("x".repeat(5000)),
        json!([]),
        json!([[]]),
        json!({}),
        json!([0, 0]),
        json!([1.0, -1.0]),
        json!(null),
    ];
    list[stream.random_range(0..list.len())].clone()
}

/// The places of all values, as JSON pointers.
fn places(value: &Value, at: &str, list: &mut Vec<String>) {
    let mut add = |key: &str, value: &Value| {
        let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        list.push(at.clone());
        places(value, &at, list);
    };
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| add(&i.to_string(), item)),
        Value::Object(map) => map.iter().for_each(|(key, item)| add(key, item)),
        _ => {}
    }
}

fn change(root: &mut Value, stream: &mut impl Rng) {
    let mut list = Vec::new();
    places(root, "", &mut list);
    if list.is_empty() {
        return;
    }
    let mut any = || list[stream.random_range(0..list.len())].clone();
    let (place, other) = (any(), any());
    let copy = root.pointer(&other).cloned().unwrap_or_default();
    let extreme = extreme(stream);
    let (above, key) = place.rsplit_once('/').unwrap_or_default();
    let other_key = other.rsplit('/').next().unwrap_or_default();
    let unescaped = |key: &str| key.replace("~1", "/").replace("~0", "~");
    let what = stream.random_range(0..6);
    match (root.pointer_mut(above), what) {
        (Some(Value::Object(map)), 0) => drop(map.remove(&unescaped(key))),
        (Some(Value::Array(items)), 0) => drop(items.remove(key.parse().unwrap_or(0))),
        // The same under the name of another.
        (Some(Value::Object(map)), 1) => {
            if let Some(value) = map.remove(&unescaped(key)) {
                map.insert(unescaped(other_key), value);
            }
        }
        (Some(Value::Array(items)), 1) => items.push(items[key.parse().unwrap_or(0)].clone()),
        // What belongs elsewhere.
        (Some(Value::Object(map)), 2) => drop(map.insert(unescaped(other_key), copy)),
        (Some(Value::Array(items)), 2) => items.push(copy),
        (Some(Value::Object(map)), 3) => drop(map.insert(unescaped(key), copy)),
        (Some(Value::Object(map)), _) => drop(map.insert(unescaped(key), extreme)),
        (Some(Value::Array(items)), _) => items[key.parse().unwrap_or(0)] = extreme,
        _ => {}
    }
}
