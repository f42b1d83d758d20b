//! An experiment file as text: every value remembers its line, so that an error can point at it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use toml_edit::{Item, TableLike};

use super::error::ConfigError;
use super::messages::{in_words, with_suggestion};
use super::options::{Options, in_options};
use super::renamed::renamed;

/// A TOML file, its values as JSON, and where each of them stands.
#[derive(Debug, Clone)]
pub struct Source {
    file: PathBuf,
    text: String,
    /// The whole document.
    pub json: Value,
    spans: BTreeMap<String, Range<usize>>,
    overridden: BTreeMap<String, String>,
    /// What is to be said of keys that have another name now.
    pub notes: Vec<String>,
    /// The options that it stands for, if it is no file.
    options: Option<Options>,
}

impl Source {
    /// Reads a file.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|e| ConfigError::new(format!("{}: cannot read the experiment: {e}", file.display())))?;
        Self::parse(file, text)
    }

    /// Whether the value at this path was given on the command line.
    pub fn is_overridden(&self, path: &str) -> bool {
        self.overridden.contains_key(path)
    }

    /// Parses the experiment that options of the command line stand for: errors are said of them, and show no line of a file.
    pub fn of_options(text: String, options: Options) -> Result<Self, ConfigError> {
        let source = Self::parse(Path::new("amplicast"), text)?;
        Ok(Source { options: Some(options), ..source })
    }

    /// Parses the text of `file`.
    pub fn parse(file: &Path, text: String) -> Result<Self, ConfigError> {
        let mut source = Source {
            file: file.into(),
            text,
            json: Value::Null,
            spans: BTreeMap::new(),
            overridden: BTreeMap::new(),
            notes: Vec::new(),
            options: None,
        };
        let document = match toml_edit::Document::parse(source.text.clone()) {
            Ok(document) => document,
            Err(error) => {
                let message = error.message().lines().collect::<Vec<_>>().join("; ");
                return Err(source.located(error.span(), &message));
            }
        };
        source.json = source.table(document.as_table(), "")?;
        Ok(source)
    }

    fn table(&mut self, table: &dyn TableLike, path: &str) -> Result<Value, ConfigError> {
        let mut map = Map::new();
        for (name, item) in table.iter() {
            let written = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
            let inner = self.present(&written);
            let present = if inner == written { name } else { inner.rsplit('.').next().unwrap_or(name) };
            let key_span = table.get_key_value(name).and_then(|(key, _)| key.span());
            if let Some(span) = key_span.or_else(|| item.span()) {
                self.spans.insert(inner.clone(), span);
            }
            let value = self.item(item, &inner)?;
            if map.insert(present.to_string(), value).is_some() {
                return Err(self.error(&inner, &format!("it is given twice: `{written}` is its former name")));
            }
        }
        Ok(Value::Object(map))
    }

    /// What the key of this path is called now; that it is a former name is noted.
    fn present(&mut self, path: &str) -> String {
        let Some(present) = renamed(path) else { return path.into() };
        let note = format!("{path} is called {present} now");
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
        present.into()
    }

    fn item(&mut self, item: &Item, path: &str) -> Result<Value, ConfigError> {
        match item {
            Item::Value(value) => self.value(value, path),
            Item::Table(table) => self.table(table, path),
            Item::ArrayOfTables(tables) => {
                let mut list = Vec::new();
                for (i, table) in tables.iter().enumerate() {
                    let inner = format!("{path}[{i}]");
                    if let Some(span) = table.span() {
                        self.spans.insert(inner.clone(), span);
                    }
                    list.push(self.table(table, &inner)?);
                }
                Ok(Value::Array(list))
            }
            Item::None => Ok(Value::Null),
        }
    }

    fn value(&mut self, value: &toml_edit::Value, path: &str) -> Result<Value, ConfigError> {
        use toml_edit::Value as Toml;
        Ok(match value {
            Toml::String(s) => Value::from(s.value().as_str()),
            Toml::Integer(i) => Value::from(*i.value()),
            Toml::Boolean(b) => Value::from(*b.value()),
            // TOML has no exponents for whole numbers, but nobody counts the zeros of 10000000.
            Toml::Float(f) if self.is_whole(value.span(), *f.value()) => Value::from(*f.value() as i64),
            // JSON has no infinite numbers: they cross as texts, see `Extended`.
            Toml::Float(f) if f.value().is_infinite() => {
                Value::from(if *f.value() > 0.0 { "inf" } else { "-inf" })
            }
            Toml::Float(f) => {
                serde_json::Number::from_f64(*f.value()).map(Value::Number).ok_or_else(|| {
                    self.located(
                        value.span(),
                        &format!("{path}: expected a finite number, found {}", f.value()),
                    )
                })?
            }
            Toml::Datetime(d) => {
                let message =
                    format!("{path}: expected a number, text, list or table, found the date {}", d.value());
                return Err(self.located(value.span(), &message));
            }
            Toml::Array(array) => {
                let mut list = Vec::new();
                for (i, element) in array.iter().enumerate() {
                    let inner = format!("{path}[{i}]");
                    if let Some(span) = element.span() {
                        self.spans.insert(inner.clone(), span);
                    }
                    list.push(self.value(element, &inner)?);
                }
                Value::Array(list)
            }
            Toml::InlineTable(table) => self.table(table, path)?,
        })
    }

    /// Whether a number is written with an exponent, and whole.
    fn is_whole(&self, span: Option<Range<usize>>, number: f64) -> bool {
        let text = span.and_then(|span| self.text.get(span)).unwrap_or_default();
        text.contains(['e', 'E']) && number.fract() == 0.0 && number.abs() < 9e15
    }

    /// Applies `--set a.b=value`: a path of keys, table numbers (from 0) or table names, and a TOML value.
    pub fn set(&mut self, assignment: &str) -> Result<(), ConfigError> {
        let wrong = |what: String| ConfigError::new(format!("--set {assignment}: {what}"));
        let (path, text) =
            assignment.split_once('=').ok_or_else(|| wrong("expected KEY.KEY=VALUE, found no `=`".into()))?;
        // What is no TOML value is meant as text: --set summary.0.plugin=radius.
        let value = match format!("v = {text}").parse::<toml_edit::DocumentMut>() {
            Ok(document) => {
                let mut scratch = Source::parse(Path::new("--set"), document.to_string())?;
                scratch.json["v"].take()
            }
            Err(_) => Value::from(text.trim()),
        };
        let path = &self.present(path.trim());
        let mut place = &mut self.json;
        let mut full = String::new();
        let keys: Vec<&str> = path.split('.').map(str::trim).collect();
        for (depth, key) in keys.iter().enumerate() {
            if key.is_empty() {
                return Err(wrong("expected KEY.KEY=VALUE, found an empty key".into()));
            }
            place = match place {
                Value::Array(list) => {
                    let named = |v: &Value| {
                        v.get("name").or_else(|| v.get("plugin")).and_then(Value::as_str) == Some(*key)
                    };
                    let index = key
                        .parse()
                        .ok()
                        .filter(|&i: &usize| i < list.len())
                        .or_else(|| list.iter().position(named));
                    let index = index.ok_or_else(|| {
                        wrong(format!(
                            "expected a number below {} or a name in `{full}`, found `{key}`",
                            list.len()
                        ))
                    })?;
                    full.push_str(&format!("[{index}]"));
                    &mut list[index]
                }
                Value::Object(map) => {
                    full.push_str(&if full.is_empty() { key.to_string() } else { format!(".{key}") });
                    let fresh = if depth + 1 == keys.len() { Value::Null } else { Value::Object(Map::new()) };
                    map.entry(key.to_string()).or_insert(fresh)
                }
                _ => return Err(wrong(format!("expected a table at `{full}`, found a value"))),
            };
        }
        *place = value;
        self.overridden.insert(full, assignment.to_string());
        Ok(())
    }

    /// The folder of the file; relative paths in the experiment start there.
    pub fn folder(&self) -> PathBuf {
        match self.file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.into(),
            _ => ".".into(),
        }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// An error at a path such as `summary[0].plugin`; an unknown inner path points at the table around it.
    pub fn error(&self, path: &str, message: &str) -> ConfigError {
        let message = with_suggestion(&in_words(message));
        if let Some(options) = self.options {
            let place = in_options(options, &self.json, path).map_or(String::new(), |place| place + ": ");
            return ConfigError::new(place + &message);
        }
        let text = if path.is_empty() { message.clone() } else { format!("{path}: {message}") };
        let mut known = path;
        loop {
            if let Some(assignment) = self.overridden.get(known) {
                return ConfigError::new(format!("--set {assignment}: {text}"));
            }
            if let Some(span) = self.spans.get(known) {
                return self.located(Some(span.clone()), &text);
            }
            match known.rfind(['.', '[']) {
                Some(cut) => known = &known[..cut],
                None => return ConfigError::new(format!("{}: {text}", self.file.display())),
            }
        }
    }

    fn located(&self, span: Option<Range<usize>>, message: &str) -> ConfigError {
        let Some(span) = span else {
            return ConfigError::new(format!("{}: {message}", self.file.display()));
        };
        let start = span.start.min(self.text.len());
        let before = &self.text[..start];
        let line_number = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let column = self.text[line_start..start].chars().count() + 1;
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let width =
            self.text[start..span.end.clamp(start, self.text.len())].lines().next().unwrap_or_default();
        let width = width.chars().count().max(1);
        let margin = " ".repeat(line_number.to_string().len());
        ConfigError::new(format!(
            "{}:{line_number}:{column}: {message}\n {line_number} | {line}\n {margin} | {}{}",
            self.file.display(),
            " ".repeat(column - 1),
            "^".repeat(width)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::parse(Path::new("ring.toml"), text.into()).unwrap()
    }

    #[test]
    fn errors_point_at_line_and_column() {
        let s = source("seed = 1\n[[summary]]\n  plugin = \"raduis\"\n");
        let error = s.error("summary[0].plugin", "no such plugin").to_string();
        assert!(
            error.starts_with("ring.toml:3:3: summary[0].plugin: no such plugin\n 3 |   plugin"),
            "{error}"
        );
        let inner = s.error("summary[0].width.low", "missing").to_string();
        assert!(inner.starts_with("ring.toml:2:1: "), "{inner}");
    }

    #[test]
    fn syntax_errors_point_too() {
        let error = Source::parse(Path::new("x.toml"), "a = 1\nb = = 2\n".into()).unwrap_err().to_string();
        assert!(error.starts_with("x.toml:2:"), "{error}");
        let error = Source::parse(Path::new("x.toml"), "a = nan".into()).unwrap_err().to_string();
        assert!(error.contains("a: expected a finite number, found NaN"), "{error}");
    }

    #[test]
    fn suggestions() {
        let s = source("wdith = 1");
        let error = s.error("wdith", "unknown field `wdith`, expected `width` or `dimension`").to_string();
        assert!(error.contains("did you mean `width`?"), "{error}");
        let error = s.error("weights", "unknown field `weights`, expected `train`").to_string();
        assert!(error.contains("event weights are those of a file"), "{error}");
    }

    #[test]
    fn of_many_names_the_nearest_are_listed() {
        let names: Vec<String> = (0..40).map(|i| format!("`block.{i}.weight`")).collect();
        let list = format!("`head.weight`, `head.bias`, {}", names.join(", "));
        let s = source("segments = [\"haed.weight\"]");
        let message = format!("unknown segment `haed.weight` of the model, expected one of {list}");
        let error = s.error("segments[0]", &message).to_string();
        let first = error.lines().next().unwrap();
        assert!(
            first.starts_with(
                "ring.toml:1:13: segments[0]: unknown segment `haed.weight` of the model, expected one of `head.weight`, `"
            ) && first.ends_with(" and 39 others; did you mean `head.weight`?"),
            "{first}"
        );
    }

    #[test]
    fn types_are_said_in_words() {
        let s = source("a = 1");
        let error =
            |message| s.error("a", message).to_string().lines().next().unwrap_or_default().to_string();
        let text = error("invalid type: string \"many\", expected u64");
        assert_eq!(text, "ring.toml:1:1: a: expected a whole number, 0 or more, found text \"many\"");
        let text = error("invalid value: integer `-5`, expected usize");
        assert_eq!(text, "ring.toml:1:1: a: expected a whole number, 0 or more, found `-5`");
        let text = error("invalid type: floating point `2.5`, expected a sequence");
        assert_eq!(text, "ring.toml:1:1: a: expected a list, found `2.5`");
        let text = error("invalid length 1, expected a tuple of size 2");
        assert_eq!(text, "ring.toml:1:1: a: invalid length 1, expected a tuple of size 2");
    }

    #[test]
    fn overrides() {
        let mut s = source("[experiment]\nseed = 1\n[[summary]]\nname = \"r\"\nplugin = \"radius\"\n");
        s.set("experiment.seed=7").unwrap();
        s.set("summary.r.plugin=coordinate").unwrap();
        s.set("summary.0.index=1").unwrap();
        s.set("training.learning_rate=1e-3").unwrap();
        s.set("experiment.n_gen=2e6").unwrap();
        assert_eq!(s.json["experiment"]["seed"], 7);
        assert_eq!(s.json["summary"][0]["plugin"], "coordinate");
        assert_eq!(s.json["training"]["learning_rate"], 1e-3);
        assert_eq!(s.json["experiment"]["n_gen"], 2_000_000);
        assert!(s.error("summary[0].index", "wrong").to_string().starts_with("--set summary.0.index=1: "));
        assert!(s.set("summary.q.plugin=x").unwrap_err().to_string().contains("found `q`"));
        assert!(s.set("nothing").is_err());
    }
}
