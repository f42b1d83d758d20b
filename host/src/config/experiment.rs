//! The experiment as the host reads it; the tables of components keep their own keys for their plugins.

use std::path::PathBuf;

use amplicast_sdk::{Extended, MembersData, TrainingSettings};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    pub training_sets: u64,
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
            training_sets: 1,
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
    /// All of them.
    pub const ALL: [ReferenceName; 4] =
        [ReferenceName::Training, ReferenceName::LeftOut, ReferenceName::Holdout, ReferenceName::Truth];

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
    /// What the members of a generator that brings its own were fitted to.
    pub given: GivenMembers,
}

/// What members that a generator brings were fitted to, as far as it is said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GivenMembers {
    /// In a word: `members_data`.
    pub data: Option<MembersData>,
    /// Files with the rows of the training events of each member, but for those that were fitted to all: paths or patterns,
    /// `members_rows`.
    pub rows: Vec<String>,
    /// Which members were fitted to all training events, by their files: paths or patterns, `members_full`.
    pub full: Vec<String>,
}

/// A cut on one summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Name of the summary's table.
    pub summary: String,
    /// The interval [low, high) that passes, in units of the summary; an end may be infinite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[Extended; 2]>,
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
    /// The part of all events that an analysis keeps, true and generated ones alike, at random: it throws away the others whatever
    /// they are (Matchev et al. 2022, section 5.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thin: Option<f64>,
    /// Two summaries in whose plane the report shows which generated events pass, and which are cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plane: Option<[String; 2]>,
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
    /// The folder at which relative paths start, whole.
    pub folder: PathBuf,
}

impl Experiment {
    /// The experiment with all defaults, in the form of an experiment file.
    pub fn effective(&self) -> Value {
        let table = |t: &ComponentTable| {
            let mut map = t.config.clone();
            map.insert("name".into(), t.name.as_str().into());
            map.insert("plugin".into(), t.plugin.as_str().into());
            if !t.references.is_empty() {
                map.insert("reference".into(), t.references.iter().map(|r| Value::from(r.text())).collect());
            }
            if let Some(data) = t.given.data {
                map.insert("members_data".into(), data.text().into());
            }
            for (key, list) in [("members_rows", &t.given.rows), ("members_full", &t.given.full)] {
                if !list.is_empty() {
                    map.insert(key.into(), list.iter().map(String::as_str).collect());
                }
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
}
