//! What every stage depends on: the only file that makes keys.
//!
//! A stage is a pure function of its inputs and stored under their hash. What a table is called, the experiment's name, folders and
//! the number of threads are in none of them.
//!
//! | stage | covers |
//! |---|---|
//! | `chain` | generator, uncertainty model, data, training settings, seed, number of the chain; how many members, if they are joint; the rows that it is fitted to, if these are not all |
//! | `summary`, `diagnostics` | a fitted summary, generator, data, parameters of the members that it is fitted to, seed |
//! | `null` | the same, and the metric that made numbers of pseudo-experiments |
//! | `curve` | generator, data, parameters of the member and the rows that it was fitted to, seed of its events, checkpoints, column |
//! | `glance` | the same without a column: what is kept of the member's events to look at them |
//! | `truth` | data, column, where the true events come from and how many they are |
//! | `plane` | generator, data, both axes, cuts, parameters, seed, events |
//!
//! and what these are made of:
//!
//! | input | covers |
//! |---|---|
//! | a component | its plugin's name, the hash of its library, its configuration with all defaults, the hashes of its files |
//! | data | dataset, n_train, the part that is left out, the seed (of a file none), number of the training set, the precision in which events are compared |
//! | a column | summary, cuts as configured (what quantiles are follows from the data), and what is counted: the metric with its reference, the edges of a histogram, or the order; the parameters of all members, if a summary is fitted to all of them |

use serde_json::{Value, json};

use crate::config::{Cut, Experiment, ReferenceName};
use crate::inspection::Rounding;
use crate::store::Key;
use amplicast_sdk::Seed;

/// What a component depends on.
pub fn component(plugin: &str, library: &str, config: &Value, files: &[String]) -> Value {
    json!({"plugin": plugin, "library": library, "config": config, "files": files})
}

/// What the events of one training set depend on; rows of a `file` do not depend on the seed.
pub fn data(dataset: &Value, experiment: &Experiment, file: bool, training_set: u64) -> Value {
    let sizes = &experiment.experiment;
    let seed = if file { Value::Null } else { json!(sizes.seed) };
    json!({
        "dataset": dataset, "n_train": sizes.n_train, "left_out": sizes.left_out, "seed": seed, "replica": training_set,
    })
}

/// The same events, brought to the precision in which they are compared.
pub fn rounded(mut data: Value, rounding: &Rounding) -> Value {
    if !rounding.is_none() {
        data["rounding"] = json!(rounding);
    }
    data
}

/// A member's parameters.
pub fn parameters(theta: &[f32]) -> String {
    let mut hasher = blake3::Hasher::new();
    for x in theta {
        hasher.update(&x.to_le_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The same of a model that was prepared on these rows of the training events alone.
pub fn parameters_on(theta: &[f32], rows: &[u64]) -> String {
    format!("{}-{}", parameters(theta), hash_of_rows(rows))
}

fn hash_of_rows(rows: &[u64]) -> String {
    let mut hasher = blake3::Hasher::new();
    rows.iter().for_each(|row| _ = hasher.update(&row.to_le_bytes()));
    hasher.finalize().to_hex().to_string()
}

/// The generator and the training events that everything of a row depends on.
#[derive(Clone, Copy)]
pub struct Trained<'a> {
    /// The generator.
    pub generator: &'a Value,
    /// The training events.
    pub data: &'a Value,
}

impl Trained<'_> {
    /// What a member as a dataset of its own depends on; `plugin` is that dataset's name.
    pub fn as_dataset(self, plugin: &str, parameters: &str) -> Value {
        json!({"plugin": plugin, "generator": self.generator, "data": self.data, "parameters": parameters})
    }

    /// A chain of an uncertainty model; `joint` is how many members there are, if each depends on all.
    pub fn chain(
        self,
        uncertainty: &Value,
        training: &impl serde::Serialize,
        seed: Seed,
        joint: Option<u64>,
        chain: u64,
        rows: Option<&[u64]>,
    ) -> Key {
        let mut inputs = json!({
            "generator": self.generator, "uncertainty": uncertainty, "data": self.data, "training": training,
            "seed": seed.bytes(), "chain": chain,
        });
        if let Some(members) = joint {
            inputs["members"] = json!(members);
        }
        if let Some(rows) = rows {
            inputs["rows"] = json!(hash_of_rows(rows));
        }
        Key::new("chain", &inputs)
    }

    /// What a fit of a summary leaves: its parameters (`summary`), and what it says of itself (`diagnostics`).
    pub fn fit(self, kind: &'static str, summary: &Value, parameters: &[String], seed: Seed) -> Key {
        Key::new(kind, &self.fitted(summary, parameters, seed))
    }

    /// What a metric made of the pseudo-experiments of a fitted summary.
    pub fn null(self, summary: &Value, metric: &Value, parameters: &[String], seed: Seed) -> Key {
        let mut inputs = self.fitted(summary, parameters, seed);
        inputs["metric"] = metric.clone();
        Key::new("null", &inputs)
    }

    fn fitted(self, summary: &Value, parameters: &[String], seed: Seed) -> Value {
        json!({
            "summary": summary, "generator": self.generator, "data": self.data, "parameters": parameters,
            "seed": seed.bytes(),
        })
    }

    /// The stream of a member's events.
    fn events(self, parameters: &str, seed: Seed, checkpoints: &[u64]) -> Value {
        json!({
            "generator": self.generator, "data": self.data, "parameters": parameters, "sampling": seed.bytes(),
            "checkpoints": checkpoints,
        })
    }

    /// A column over a member's events. It depends on this member's parameters alone, so that a run with more members keeps those
    /// of the first.
    pub fn curve(self, parameters: &str, seed: Seed, checkpoints: &[u64], column: &Value) -> Key {
        let mut inputs = self.events(parameters, seed, checkpoints);
        inputs["column"] = column.clone();
        Key::new("curve", &inputs)
    }

    /// What is kept of a member's events, up to the last checkpoint, to look at them.
    pub fn glance(self, parameters: &str, seed: Seed, checkpoints: &[u64]) -> Key {
        let last = &checkpoints[checkpoints.len().saturating_sub(1)..];
        Key::new("glance", &self.events(parameters, seed, last))
    }

    /// Events in the plane of two summaries, and which of them pass cuts.
    pub fn plane(
        self,
        axes: [&Value; 2],
        cuts: Value,
        parameters: &[String],
        seed: Seed,
        events: usize,
    ) -> Key {
        let inputs = json!({
            "generator": self.generator, "data": self.data, "axes": axes, "cuts": cuts, "parameters": parameters,
            "seed": seed.bytes(), "events": events,
        });
        Key::new("plane", &inputs)
    }
}

/// A column over true events.
pub fn truth(data: &Value, column: &Value, source: ReferenceName, events: u64) -> Key {
    Key::new("truth", &json!({"data": data, "column": column, "source": source.text(), "events": events}))
}

/// Cuts as they are configured, with the summaries that they are on, and the part of all events that is kept.
pub fn cuts<'a>(list: impl Iterator<Item = (&'a Value, &'a Cut)>, thin: Option<f64>) -> Value {
    let cuts = list.map(|(summary, cut)| json!([summary, cut.interval, cut.quantiles]));
    cuts.chain(thin.map(|part| json!(["thin", part]))).collect()
}

/// What is counted of the values of a summary under a selection.
pub enum Counted<'a> {
    /// What a metric counts, against a reference with its number of events.
    Metric(&'a Value, Option<(ReferenceName, Option<u64>)>),
    /// Values in bins with these edges.
    Histogram(&'a [f64]),
    /// How often the values change the side of their median.
    Order,
}

/// What is counted, of which summary, under which cuts; the members' parameters, if a summary was fitted to all of them.
pub fn column(summary: &Value, cuts: Value, counted: Counted<'_>, pooled: Option<Vec<String>>) -> Value {
    let counted = match counted {
        Counted::Metric(metric, reference) => {
            json!({"metric": metric, "reference": reference.map(|(name, events)| json!([name.text(), events]))})
        }
        Counted::Histogram(edges) => json!({"edges": edges.iter().map(|x| x.to_bits()).collect::<Vec<_>>()}),
        Counted::Order => json!("order"),
    };
    let mut inputs = json!({"summary": summary, "cuts": cuts, "counted": counted});
    if let Some(parameters) = pooled {
        inputs["members"] = json!(parameters);
    }
    inputs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What every key of a kind is made of; the test changes one after the other.
    #[derive(Clone)]
    struct Inputs {
        generator: Value,
        data: Value,
        uncertainty: Value,
        training: Value,
        seed: u64,
        joint: Option<u64>,
        rows: Option<Vec<u64>>,
        chain: u64,
        summary: Value,
        metric: Value,
        parameters: Vec<String>,
        checkpoints: Vec<u64>,
        column: Value,
        axes: [Value; 2],
        cuts: Value,
        events: u64,
        source: ReferenceName,
    }

    /// An input, and what changes it.
    type Change = (&'static str, fn(&mut Inputs));

    const CHANGES: [Change; 17] = [
        ("generator", |i| i.generator = json!({"plugin": "other"})),
        ("data", |i| i.data = json!({"n_train": 200})),
        ("uncertainty", |i| i.uncertainty = json!({"plugin": "other"})),
        ("training", |i| i.training = json!({"iterations": 200})),
        ("seed", |i| i.seed = 2),
        ("joint members", |i| i.joint = Some(11)),
        ("rows", |i| i.rows = Some(vec![0, 2])),
        ("chain", |i| i.chain = 1),
        ("summary", |i| i.summary = json!({"plugin": "other"})),
        ("metric", |i| i.metric = json!({"plugin": "other"})),
        ("parameters", |i| i.parameters[0] = parameters(&[1.0, -2.0])),
        ("checkpoints", |i| i.checkpoints.insert(0, 20)),
        ("column", |i| i.column = json!({"summary": "other"})),
        ("axes", |i| i.axes.swap(0, 1)),
        ("cuts", |i| i.cuts = json!([["x", [0.0, 2.0], null]])),
        ("events", |i| i.events = 2000),
        ("source", |i| i.source = ReferenceName::Holdout),
    ];

    const BASIS: [&str; 2] = ["generator", "data"];

    fn inputs() -> Inputs {
        Inputs {
            generator: json!({"plugin": "autoregressive"}),
            data: json!({"n_train": 100}),
            uncertainty: json!({"plugin": "ensemble"}),
            training: json!({"iterations": 100}),
            seed: 1,
            joint: Some(10),
            rows: Some(vec![0, 1]),
            chain: 0,
            summary: json!({"plugin": "radius"}),
            metric: json!({"plugin": "ks"}),
            parameters: vec![parameters(&[1.0, 2.0])],
            checkpoints: vec![50, 100],
            column: json!({"summary": "radius"}),
            axes: [json!("x"), json!("y")],
            cuts: json!([["x", [0.0, 1.0], null]]),
            events: 1000,
            source: ReferenceName::Truth,
        }
    }

    /// The inputs whose change changes the key: all that a stage covers, and nothing else.
    fn covered(key: impl Fn(&Inputs) -> Key) -> BTreeSet<&'static str> {
        let base = key(&inputs());
        let changes = CHANGES.iter().filter(|(_, change)| {
            let mut changed = inputs();
            change(&mut changed);
            key(&changed) != base
        });
        changes.map(|(name, _)| *name).collect()
    }

    fn set(lists: [&[&'static str]; 2]) -> BTreeSet<&'static str> {
        lists.concat().into_iter().collect()
    }

    #[test]
    fn every_stage_covers_what_the_table_says() {
        let trained = |i: &Inputs| (i.generator.clone(), i.data.clone());
        let with = |i: &Inputs, key: &dyn Fn(Trained<'_>) -> Key| {
            let (generator, data) = trained(i);
            key(Trained { generator: &generator, data: &data })
        };
        let chain = |i: &Inputs| {
            with(i, &|t| {
                t.chain(&i.uncertainty, &i.training, Seed::new(i.seed), i.joint, i.chain, i.rows.as_deref())
            })
        };
        assert_eq!(
            covered(chain),
            set([&BASIS, &["uncertainty", "training", "seed", "joint members", "chain", "rows"]])
        );
        for kind in ["summary", "diagnostics"] {
            let fit = |i: &Inputs| with(i, &|t| t.fit(kind, &i.summary, &i.parameters, Seed::new(i.seed)));
            assert_eq!(covered(fit), set([&BASIS, &["summary", "parameters", "seed"]]));
        }
        let null = |i: &Inputs| with(i, &|t| t.null(&i.summary, &i.metric, &i.parameters, Seed::new(i.seed)));
        assert_eq!(covered(null), set([&BASIS, &["summary", "metric", "parameters", "seed"]]));
        let curve = |i: &Inputs| {
            with(i, &|t| t.curve(&i.parameters[0], Seed::new(i.seed), &i.checkpoints, &i.column))
        };
        assert_eq!(covered(curve), set([&BASIS, &["parameters", "seed", "checkpoints", "column"]]));
        // Checkpoints before the last one change nothing of what is kept of the events.
        let glance = |i: &Inputs| with(i, &|t| t.glance(&i.parameters[0], Seed::new(i.seed), &i.checkpoints));
        assert_eq!(covered(glance), set([&BASIS, &["parameters", "seed"]]));
        let plane = |i: &Inputs| {
            let axes = [&i.axes[0], &i.axes[1]];
            with(i, &|t| t.plane(axes, i.cuts.clone(), &i.parameters, Seed::new(i.seed), i.events as usize))
        };
        assert_eq!(covered(plane), set([&BASIS, &["axes", "cuts", "parameters", "seed", "events"]]));
        let true_events = |i: &Inputs| truth(&i.data, &i.column, i.source, i.events);
        assert_eq!(covered(true_events), set([&["data"], &["column", "source", "events"]]));
    }

    /// Different things that are counted, and cuts, make different columns.
    #[test]
    fn every_column_covers_what_the_table_says() {
        let (radius, ks) = (json!({"plugin": "radius"}), json!({"plugin": "ks"}));
        let cut: Cut = serde_json::from_value(json!({"summary": "r", "interval": [0.0, 1.0]})).unwrap();
        let other: Cut = serde_json::from_value(json!({"summary": "r", "quantiles": [0.0, 1.0]})).unwrap();
        let renamed = Cut { summary: "my r".into(), ..cut.clone() };
        let training = |events| Some((ReferenceName::Training, events));
        let edges = [0.0, 1.0_f64.next_up()];
        let of = |counted, list: &[&Cut], pooled| {
            column(&radius, cuts(list.iter().map(|cut| (&radius, *cut)), None), counted, pooled).to_string()
        };
        let columns = [
            of(Counted::Metric(&ks, None), &[], None),
            of(Counted::Metric(&ks, training(Some(100))), &[], None),
            of(Counted::Metric(&ks, training(Some(200))), &[], None),
            of(Counted::Metric(&ks, Some((ReferenceName::Holdout, Some(100)))), &[], None),
            of(Counted::Metric(&radius, None), &[], None),
            of(Counted::Metric(&ks, None), &[&cut], None),
            of(Counted::Metric(&ks, None), &[&other], None),
            of(Counted::Metric(&ks, None), &[&cut, &other], None),
            of(Counted::Metric(&ks, None), &[], Some(vec!["a".into()])),
            of(Counted::Histogram(&[0.0, 1.0]), &[], None),
            of(Counted::Histogram(&edges), &[], None),
            of(Counted::Order, &[], None),
        ];
        let different: BTreeSet<&String> = columns.iter().collect();
        assert_eq!(different.len(), columns.len());
        // What the table of a summary is called is no part of it.
        assert_eq!(of(Counted::Order, &[&cut], None), of(Counted::Order, &[&renamed], None));
    }

    /// Rows of a file do not depend on the seed; other events do. What an experiment is called changes nothing.
    #[test]
    fn data_cover_what_the_table_says() {
        let text = "[experiment]\nname = \"a\"\nn_train = 100\n[dataset]\nplugin = \"gaussian\"\n[[generator]]\nplugin = \"x\"\n\
                    [[uncertainty]]\nplugin = \"x\"\n[[summary]]\nplugin = \"x\"\n[[metric]]\nplugin = \"x\"\n";
        let read = |from: &str, to: &str| {
            let source = crate::config::Source::parse("x.toml".as_ref(), text.replace(from, to)).unwrap();
            Experiment::read(&source).unwrap()
        };
        let (dataset, same) = (json!({"plugin": "gaussian"}), read("", ""));
        let base = data(&dataset, &same, false, 0);
        assert_eq!(base, data(&dataset, &read("name = \"a\"", "name = \"b\""), false, 0));
        let seeded = read("n_train", "seed = 7\nn_train");
        assert_ne!(base, data(&dataset, &seeded, false, 0));
        assert_eq!(data(&dataset, &same, true, 0), data(&dataset, &seeded, true, 0));
        assert_ne!(base, data(&dataset, &read("100", "200"), false, 0));
        assert_ne!(base, data(&dataset, &read("n_train", "left_out = 0.5\nn_train"), false, 0));
        assert_ne!(base, data(&dataset, &same, false, 1));
        assert_ne!(base, data(&json!({"plugin": "ring"}), &same, false, 0));
    }
}
