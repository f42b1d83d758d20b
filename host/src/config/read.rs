//! From the text of an experiment file to its types.

use amplicast_sdk::abi::Kind;
use serde_json::Value;

use super::error::ConfigError;
use super::experiment::{ComponentTable, Experiment, GivenMembers, Selection, Sizes};
use super::source::Source;
use super::words::ALL;

const TABLES: [&str; 10] = [
    "experiment",
    "training",
    "dataset",
    "generator",
    "uncertainty",
    "summary",
    "selection",
    "metric",
    "pair",
    "exclude",
];

impl Experiment {
    /// Reads an experiment; every error points at its line.
    pub fn read(source: &Source) -> Result<Self, ConfigError> {
        let Value::Object(document) = &source.json else {
            return Err(source.error("", "expected tables, found something else"));
        };
        for key in document.keys() {
            if !TABLES.contains(&key.as_str()) {
                let list = TABLES.map(|t| format!("`{t}`")).join(", ");
                return Err(source.error(key, &format!("unknown table `{key}`, expected one of {list}")));
            }
        }
        let mut sizes: Sizes = typed(source, "experiment")?;
        if sizes.name.is_empty() {
            sizes.name =
                source.file().file_stem().map_or_else(|| "run".into(), |s| s.to_string_lossy().into_owned());
        }
        let mut folder = source.folder();
        folder.extend(&sizes.folder);
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        sizes.folder = Some(folder.to_string_lossy().into_owned());
        let mut selection: Vec<Selection> = typed(source, "selection")?;
        if selection.is_empty() {
            selection.push(Selection { name: ALL.into(), cuts: Vec::new(), thin: None, plane: None });
        }
        let mut dataset = components(source, Kind::Dataset)?;
        let experiment = Experiment {
            experiment: sizes,
            training: typed(source, "training")?,
            dataset: dataset.remove(0),
            generator: components(source, Kind::Generator)?,
            uncertainty: components(source, Kind::Uncertainty)?,
            summary: components(source, Kind::Summary)?,
            selection,
            metric: components(source, Kind::Metric)?,
            pair: typed(source, "pair")?,
            exclude: typed(source, "exclude")?,
            folder,
        };
        experiment.check(source)?;
        Ok(experiment)
    }
}

/// Reads one table, or a list of them, into its type; absent is the default.
fn typed<T: serde::de::DeserializeOwned + Default>(source: &Source, table: &str) -> Result<T, ConfigError> {
    let Some(value) = source.json.get(table) else { return Ok(T::default()) };
    serde_path_to_error::deserialize(value.clone()).map_err(|error| {
        let path = error.path().to_string();
        let path = match path.as_str() {
            "." => table.to_string(),
            p if p.starts_with('[') => format!("{table}{p}"),
            p => format!("{table}.{p}"),
        };
        source.error(&path, &error.into_inner().to_string())
    })
}

fn components(source: &Source, kind: Kind) -> Result<Vec<ComponentTable>, ConfigError> {
    let table = kind.table();
    let value = source.json.get(table);
    if kind == Kind::Dataset {
        let value = value.ok_or_else(|| source.error("", "expected a table [dataset], found none"))?;
        return Ok(vec![component(source, value, kind, table.into())?]);
    }
    let list = match value {
        Some(Value::Array(list)) if !list.is_empty() => list,
        // A generator with members of its own needs no uncertainty model.
        None if kind == Kind::Uncertainty => return Ok(Vec::new()),
        // As a run writes it into its folder.
        Some(Value::Array(list)) if kind == Kind::Uncertainty && list.is_empty() => return Ok(Vec::new()),
        None | Some(Value::Array(_)) => {
            return Err(source.error("", &format!("expected at least one table [[{table}]], found none")));
        }
        Some(_) => {
            return Err(source.error(
                table,
                &format!("expected tables [[{table}]] (double brackets), found something else"),
            ));
        }
    };
    list.iter()
        .enumerate()
        .map(|(i, value)| component(source, value, kind, format!("{table}[{i}]")))
        .collect()
}

fn component(
    source: &Source,
    value: &Value,
    kind: Kind,
    path: String,
) -> Result<ComponentTable, ConfigError> {
    let Value::Object(map) = value else {
        return Err(source.error(&path, "expected a table, found something else"));
    };
    let mut config = map.clone();
    let mut text = |key: &str| match config.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(source.error(&format!("{path}.{key}"), &format!("expected text, found {other}"))),
    };
    let plugin =
        text("plugin")?.ok_or_else(|| source.error(&path, "expected `plugin = \"...\"`, found none"))?;
    let name = text("name")?.unwrap_or_else(|| plugin.clone());
    let mut references = Vec::new();
    if kind == Kind::Metric
        && let Some(value) = config.remove("reference")
    {
        let list = match value {
            Value::Array(list) => list,
            one => vec![one],
        };
        for value in list {
            let read = serde_json::from_value(value);
            references.push(read.map_err(|e| source.error(&format!("{path}.reference"), &e.to_string()))?);
        }
    }
    let mut given = GivenMembers::default();
    if kind == Kind::Generator {
        if let Some(value) = config.remove("members_data") {
            let read = serde_json::from_value(value);
            given.data =
                Some(read.map_err(|e| source.error(&format!("{path}.members_data"), &e.to_string()))?);
        }
        for (key, list) in [("members_rows", &mut given.rows), ("members_full", &mut given.full)] {
            *list = match config.remove(key) {
                None | Some(Value::Null) => Vec::new(),
                Some(Value::String(one)) => vec![one],
                Some(value) => serde_json::from_value(value)
                    .map_err(|e| source.error(&format!("{path}.{key}"), &e.to_string()))?,
            };
        }
    }
    Ok(ComponentTable { name, plugin, config, path, references, given })
}
