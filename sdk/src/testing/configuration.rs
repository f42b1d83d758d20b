//! Tests of every component: its name and its configuration.

use serde_json::{Map, Value};

use super::outcome::{Verdict, ensure, ensure_refused, skip};
use super::subject::{Subject, Test};
use crate::ErrorKind;

pub const TESTS: &[Test] = &[
    Test::new("name", "Name of lower-case words joined by `-`, description of one line", name),
    Test::new(
        "json-schema",
        "The JSON Schema describes every key of the configuration, with its default",
        json_schema,
    ),
    Test::new(
        "config-round-trip",
        "The configuration with its defaults filled in stands for itself",
        round_trip,
    ),
    Test::new("unknown-key", "A key that does not exist is refused by name", unknown_key),
    Test::new("required-keys", "A key that the schema calls required is required", required_keys),
];

fn name(subject: &Subject<'_>) -> Verdict {
    let name = subject.component.name.as_str();
    let words = name
        .split('-')
        .all(|w| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    ensure(words, || format!("expected lower-case words joined by `-`, found `{name}`"))?;
    let about = subject.component.about.as_str();
    ensure(!about.trim().is_empty() && !about.contains('\n'), || {
        format!("expected a description of one line, found `{about}`")
    })
}

fn object(what: &str, json: &str) -> Verdict<Map<String, Value>> {
    match serde_json::from_str(json) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(other) => Err(super::outcome::Stop::Failed(format!("{what}: expected an object, found {other}"))),
        Err(error) => {
            Err(super::outcome::Stop::Failed(format!("{what}: expected JSON, found {json}: {error}")))
        }
    }
}

fn effective(subject: &Subject<'_>) -> Verdict<Map<String, Value>> {
    let json = subject.usable(subject.component.effective(subject.config, &subject.caller()))?;
    object("the effective configuration", &json)
}

fn schema(subject: &Subject<'_>) -> Verdict<Map<String, Value>> {
    object("the schema", &subject.component.schema(&subject.caller())?)
}

fn keys(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(String::from).collect(),
        _ => Vec::new(),
    }
}

fn json_schema(subject: &Subject<'_>) -> Verdict {
    let schema = schema(subject)?;
    let kind = schema.get("type").and_then(Value::as_str);
    ensure(kind == Some("object"), || format!("expected the schema of an object, found {kind:?}"))?;
    ensure(schema.get("additionalProperties") == Some(&Value::Bool(false)), || {
        "expected a schema that refuses unknown keys (`deny_unknown_fields`), found one that does not".into()
    })?;
    let (properties, required) = (keys(schema.get("properties")), keys(schema.get("required")));
    if let Some(key) = required.iter().find(|key| !properties.contains(key)) {
        return ensure(false, || format!("the schema requires `{key}`, but does not describe it"));
    }
    let effective = effective(subject)?;
    if let Some(key) = effective.keys().find(|key| !properties.contains(key)) {
        return ensure(false, || {
            format!("the configuration has a key `{key}`, the schema does not describe it")
        });
    }
    match properties.iter().find(|key| !effective.contains_key(*key)) {
        Some(key) => {
            ensure(false, || format!("the schema describes `{key}`, the configuration has no such key"))
        }
        None => Ok(()),
    }
}

fn round_trip(subject: &Subject<'_>) -> Verdict {
    let first = effective(subject)?;
    let text = Value::Object(first.clone()).to_string();
    let again =
        object("the effective configuration", &subject.component.effective(&text, &subject.caller())?)?;
    ensure(first == again, || {
        format!("the effective configuration {text} becomes another one: {}", Value::Object(again))
    })?;
    subject.usable(subject.create(subject.config))?;
    Ok(subject.create(&text)?)
}

const NO_SUCH_KEY: &str = "no_such_key_of_a_conformance_test";

fn unknown_key(subject: &Subject<'_>) -> Verdict {
    let mut config = object("the configuration", subject.config)?;
    config.insert(NO_SUCH_KEY.into(), Value::from(1));
    let config = Value::Object(config).to_string();
    let error = ensure_refused("an unknown key", subject.component.effective(&config, &subject.caller()))?;
    ensure(error.kind() == ErrorKind::Config && error.to_string().contains(NO_SUCH_KEY), || {
        format!("expected a configuration error that names the key, found ({:?}) {error}", error.kind())
    })?;
    ensure_refused("an unknown key, in create", subject.create(&config)).map(drop)
}

fn required_keys(subject: &Subject<'_>) -> Verdict {
    let required = keys(schema(subject)?.get("required"));
    if required.is_empty() {
        return skip("no key is required");
    }
    let effective = effective(subject)?;
    for key in required {
        let mut config = effective.clone();
        config.remove(&key);
        let config = Value::Object(config).to_string();
        let error = ensure_refused(
            &format!("without `{key}`"),
            subject.component.effective(&config, &subject.caller()),
        )?;
        ensure(error.to_string().contains(&key), || {
            format!("expected an error that names the missing key `{key}`, found: {error}")
        })?;
    }
    Ok(())
}
