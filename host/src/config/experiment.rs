//! The experiment as the host reads it; the tables of components keep their own keys for their plugins.

use std::collections::BTreeMap;

use amplicast_sdk::TrainingSettings;
use amplicast_sdk::abi::Kind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::source::{ConfigError, Source};

/// `[experiment]`: sizes and seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sizes {
    /// Name of the run, and of its folder under `runs/`.
    pub name: String,
    /// The root of all randomness.
    pub seed: u64,
    /// True events used per replica: for training and for left-out references.
    pub n_train: u64,
    /// Generated events per member.
    pub n_gen: u64,
    /// Members per generator and posterior.
    pub members: u64,
    /// Sizes between 100 and n_gen at which the metrics are recorded, evenly spaced in log n_gen.
    pub checkpoints: usize,
    /// Independent training sets.
    pub replicas: u64,
    /// Part of n_train that is kept from the generator, for the reference `left-out`.
    pub left_out: f64,
    /// Events of the reference `holdout`; absent: all of a file, 10 n_train of a sampler.
    pub n_holdout: Option<u64>,
    /// Fresh events of a known truth, for the reference `truth` and for the true G.
    pub n_truth: u64,
    /// Further folders with plugins.
    pub plugin_path: Vec<String>,
    /// Where relative paths start; absent: at the experiment file.
    pub folder: Option<String>,
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes {
            name: String::new(),
            seed: 1,
            n_train: 1000,
            n_gen: 100_000,
            members: 20,
            checkpoints: 20,
            replicas: 1,
            left_out: 0.0,
            n_holdout: None,
            n_truth: 1_000_000,
            plugin_path: Vec::new(),
            folder: None,
        }
    }
}

/// A sample of true events that generated events are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReferenceName {
    /// The events that the generator was fitted to: in-sample.
    Training,
    /// Events of the training sample that were kept from the generator.
    LeftOut,
    /// Further true events.
    Holdout,
    /// Fresh events of a known truth.
    Truth,
}

impl ReferenceName {
    /// As it is written in an experiment.
    pub fn text(self) -> &'static str {
        match self {
            ReferenceName::Training => "training",
            ReferenceName::LeftOut => "left-out",
            ReferenceName::Holdout => "holdout",
            ReferenceName::Truth => "truth",
        }
    }
}

/// A component's table: its name, its plugin component, and the keys that are the plugin's.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentTable {
    /// Name in tables and reports; the plugin component's unless given.
    pub name: String,
    /// The plugin component.
    pub plugin: String,
    /// Its configuration.
    pub config: Map<String, Value>,
    /// Where the table stands, such as `summary[1]`.
    pub path: String,
    /// References that a metric is taken against.
    pub references: Vec<ReferenceName>,
}

/// A cut on one summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Name of the summary's table.
    pub summary: String,
    /// The interval [low, high) that passes, in units of the summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// The quantiles between which events pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<[f64; 2]>,
}

/// `[[selection]]`: cuts that events must pass before a metric sees them; without cuts, all events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Name in tables and reports.
    pub name: String,
    /// All of them must hold.
    #[serde(default)]
    pub cuts: Vec<Cut>,
}

/// Names of one or more tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Names {
    /// One name.
    One(String),
    /// Any of these.
    Any(Vec<String>),
}

impl Names {
    /// All names.
    pub fn list(&self) -> &[String] {
        match self {
            Names::One(name) => std::slice::from_ref(name),
            Names::Any(list) => list,
        }
    }
}

/// Which cells a rule is about: those that match every given key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selector {
    /// Names of generators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator: Option<Names>,
    /// Names of uncertainty models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<Names>,
    /// Names of summaries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Names>,
    /// Names of selections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<Names>,
    /// Names of metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<Names>,
    /// References.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Names>,
}

/// `[[pair]]`: cells that match `cells` must match `with` as well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The cells that the rule is about.
    pub cells: Selector,
    /// What they must match.
    pub with: Selector,
}

/// A whole experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// Sizes and seeds.
    pub experiment: Sizes,
    /// Training settings, for every generator and posterior.
    pub training: TrainingSettings,
    /// Where true events come from.
    pub dataset: ComponentTable,
    /// Architectures.
    pub generator: Vec<ComponentTable>,
    /// Ways to a posterior.
    pub uncertainty: Vec<ComponentTable>,
    /// 1D functions of an event.
    pub summary: Vec<ComponentTable>,
    /// Cuts.
    pub selection: Vec<Selection>,
    /// Comparisons.
    pub metric: Vec<ComponentTable>,
    /// Cells that go only with others.
    pub pair: Vec<Pair>,
    /// Cells that are left out.
    pub exclude: Vec<Selector>,
}

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
        let mut selection: Vec<Selection> = typed(source, "selection")?;
        if selection.is_empty() {
            selection.push(Selection { name: "all".into(), cuts: Vec::new() });
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
        };
        experiment.check(source)?;
        Ok(experiment)
    }

    /// The experiment with all defaults, in the form of an experiment file.
    pub fn effective(&self) -> Value {
        let table = |t: &ComponentTable| {
            let mut map = t.config.clone();
            map.insert("name".into(), t.name.as_str().into());
            map.insert("plugin".into(), t.plugin.as_str().into());
            if !t.references.is_empty() {
                map.insert("reference".into(), t.references.iter().map(|r| Value::from(r.text())).collect());
            }
            Value::Object(map)
        };
        let tables = |list: &[ComponentTable]| list.iter().map(table).collect::<Vec<_>>();
        let mut dataset = table(&self.dataset);
        if let Value::Object(map) = &mut dataset {
            map.remove("name");
        }
        serde_json::json!({
            "experiment": self.experiment, "training": self.training, "dataset": dataset,
            "generator": tables(&self.generator), "uncertainty": tables(&self.uncertainty),
            "summary": tables(&self.summary), "selection": self.selection, "metric": tables(&self.metric),
            "pair": self.pair, "exclude": self.exclude,
        })
    }

    fn check(&self, source: &Source) -> Result<(), ConfigError> {
        let s = &self.experiment;
        let out_of_range = |field: &str, expected: &str, found: String| {
            Err(source.error(&format!("experiment.{field}"), &format!("expected {expected}, found {found}")))
        };
        if s.n_train < 2 {
            return out_of_range("n_train", "at least 2 events", s.n_train.to_string());
        }
        if s.n_gen < 1 {
            return out_of_range("n_gen", "at least 1 event", s.n_gen.to_string());
        }
        if s.members < 1 {
            return out_of_range("members", "at least 1", s.members.to_string());
        }
        if s.replicas < 1 {
            return out_of_range("replicas", "at least 1", s.replicas.to_string());
        }
        if s.checkpoints < 1 || s.checkpoints > 1000 {
            return out_of_range("checkpoints", "a number from 1 to 1000", s.checkpoints.to_string());
        }
        if !(0.0..=0.9).contains(&s.left_out) {
            return out_of_range("left_out", "a fraction from 0 to 0.9", s.left_out.to_string());
        }
        if s.n_truth < 1 {
            return out_of_range("n_truth", "at least 1 event", s.n_truth.to_string());
        }
        if s.n_holdout == Some(0) {
            return out_of_range("n_holdout", "at least 1 event", "0".into());
        }
        if s.name.contains(['/', '\\', '\0']) || s.name.starts_with('.') {
            return out_of_range("name", "a name without slashes", s.name.clone());
        }
        self.training.check().map_err(|e| source.error(&format!("training.{}", e.place()), e.message()))?;
        for list in [&self.generator, &self.uncertainty, &self.summary, &self.metric] {
            unique(source, list.iter().map(|t| (t.name.as_str(), t.path.clone())))?;
        }
        unique(
            source,
            self.selection.iter().enumerate().map(|(i, s)| (s.name.as_str(), format!("selection[{i}]"))),
        )?;
        self.check_names(source)
    }

    /// Every name that a cut or a rule uses must be the name of a table.
    fn check_names(&self, source: &Source) -> Result<(), ConfigError> {
        let names = |list: &[ComponentTable]| list.iter().map(|t| t.name.clone()).collect::<Vec<_>>();
        let check = |path: String, what: &str, name: &str, known: &[String]| {
            if known.iter().any(|k| k == name) {
                return Ok(());
            }
            let list = known.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
            Err(source.error(&path, &format!("unknown {what} `{name}`, expected one of {list}")))
        };
        for (i, selection) in self.selection.iter().enumerate() {
            for (j, cut) in selection.cuts.iter().enumerate() {
                let path = format!("selection[{i}].cuts[{j}]");
                check(format!("{path}.summary"), "summary", &cut.summary, &names(&self.summary))?;
                let range = match (cut.interval, cut.quantiles) {
                    (Some([low, high]), None) => low < high,
                    (None, Some([low, high])) => low < high && low >= 0.0 && high <= 1.0,
                    _ => {
                        return Err(source
                            .error(&path, "expected either `interval` or `quantiles`, found both or none"));
                    }
                };
                if !range {
                    return Err(
                        source.error(&path, "expected [low, high] with low < high (quantiles from 0 to 1)")
                    );
                }
            }
        }
        let mut uncertainties = names(&self.uncertainty);
        uncertainties.push("given".into());
        let selections: Vec<String> = self.selection.iter().map(|s| s.name.clone()).collect();
        let references = ["training", "left-out", "holdout", "truth"].map(String::from);
        let rule = |path: &str, selector: &Selector| {
            let given: [(&str, &Option<Names>, &[String]); 6] = [
                ("generator", &selector.generator, &names(&self.generator)),
                ("uncertainty", &selector.uncertainty, &uncertainties),
                ("summary", &selector.summary, &names(&self.summary)),
                ("selection", &selector.selection, &selections),
                ("metric", &selector.metric, &names(&self.metric)),
                ("reference", &selector.reference, &references),
            ];
            for (what, list, known) in given {
                for name in list.iter().flat_map(Names::list) {
                    check(format!("{path}.{what}"), what, name, known)?;
                }
            }
            Ok(())
        };
        for (i, pair) in self.pair.iter().enumerate() {
            rule(&format!("pair[{i}].cells"), &pair.cells)?;
            rule(&format!("pair[{i}].with"), &pair.with)?;
        }
        for (i, selector) in self.exclude.iter().enumerate() {
            rule(&format!("exclude[{i}]"), selector)?;
        }
        Ok(())
    }
}

fn unique<'a>(source: &Source, names: impl Iterator<Item = (&'a str, String)>) -> Result<(), ConfigError> {
    let mut seen = BTreeMap::new();
    for (name, path) in names {
        if let Some(first) = seen.insert(name, path.clone()) {
            let message =
                format!("expected a name of its own, found `{name}` here and in {first}: give a `name`");
            return Err(source.error(&path, &message));
        }
    }
    Ok(())
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
    Ok(ComponentTable { name, plugin, config, path, references })
}
