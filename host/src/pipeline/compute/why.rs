//! Why stages are not stored: which of their inputs is another one than it was.

use std::collections::BTreeMap;

use amplicast_sdk::Result;
use serde_json::Value;

use super::training_set::on_training_set;
use crate::pipeline::curves::shared_keys;
use crate::pipeline::events::training_set;
use crate::pipeline::observe::summaries;
use crate::pipeline::plan::Setting;
use crate::pipeline::posterior::{Chains, SetRow, Training};
use crate::store::Key;

/// The stages of a row on the first training set.
#[derive(Debug)]
pub struct Why {
    /// `generator / posterior`, and what is stored.
    pub what: String,
    /// How many of them are stored.
    pub stored: usize,
    /// Of how many.
    pub all: usize,
    /// What is to be said of the others.
    pub reason: Reason,
}

/// Why stages are not stored.
#[derive(Debug, PartialEq)]
pub enum Reason {
    /// They are.
    Stored,
    /// Nothing of this kind was stored before.
    New,
    /// Inputs that changed.
    Changed(Vec<Change>),
    /// The inputs are the same: they were not computed yet.
    NotYet,
    /// They follow from others, which are not there.
    Follows,
}

/// An input that changed.
#[derive(Debug, PartialEq)]
pub struct Change {
    /// Which one, such as `generator.config.layers`.
    pub input: String,
    /// What it was; none if there was none.
    pub from: Option<Value>,
    /// What it is.
    pub to: Option<Value>,
}

/// Looks for the stages of all rows on the first training set; nothing is computed but what is read of true events.
pub fn why(setting: &Setting<'_>) -> Result<Vec<Why>> {
    let mut list = Vec::new();
    let (events, identity) = training_set(setting.session, setting.experiment, setting.components, 0)?;
    let mut trained = Vec::new();
    for row in setting.plan.rows() {
        let training = Training::new(setting, row, 0, events.seen(), &identity);
        let Some(chains) = Chains::of(&training)? else {
            trained.push(row);
            continue;
        };
        let open = (0..chains.number).filter(|k| chains.stored(*k).is_none()).map(|k| chains.key(k));
        let open: Vec<Key> = open.collect::<Result<_>>()?;
        if open.is_empty() {
            trained.push(row);
        }
        let what = format!("{}: chains", training.name);
        list.push(of(setting, what, chains.number as usize, &open, "chain"));
    }
    on_training_set(setting, 0, &summaries(setting.components), |set, columns, _| {
        for row in setting.plan.rows() {
            let cells = setting.plan.cells_of(row);
            let of_row = SetRow::new(setting, set, columns, &cells);
            let what = format!("{}: curves", of_row.training.name);
            if !trained.contains(&row) {
                list.push(Why { what, stored: 0, all: 0, reason: Reason::Follows });
                continue;
            }
            let posterior = of_row.training.stored_posterior()?;
            let keys = shared_keys(&of_row, &posterior)?;
            let all = keys.len();
            let is_open = |key: &Key| setting.store.json::<Value>(key).is_none();
            let open: Vec<Key> = keys.into_iter().filter(is_open).collect();
            list.push(of(setting, what, all, &open, "curve"));
        }
        Ok(())
    })?;
    Ok(list)
}

fn of(setting: &Setting<'_>, what: String, all: usize, open: &[Key], kind: &str) -> Why {
    let noted = setting.store.noted(kind);
    let mut reason = Reason::Stored;
    let mut changes: Vec<Change> = Vec::new();
    for key in open {
        let nearest = noted.iter().map(|before| changed(before, key.shared())).min_by_key(Vec::len);
        match nearest {
            None => reason = Reason::New,
            Some(list) if list.is_empty() => reason = Reason::NotYet,
            Some(list) => {
                let new = list.into_iter().filter(|change| !changes.contains(change));
                changes.extend(new.collect::<Vec<_>>());
            }
        }
    }
    if !changes.is_empty() {
        reason = Reason::Changed(changes);
    }
    Why { what, stored: all - open.len(), all, reason }
}

/// The inputs that differ, each to the smallest part that does.
fn changed(before: &Value, now: &Value) -> Vec<Change> {
    let mut leaves: BTreeMap<String, [Option<&Value>; 2]> = BTreeMap::new();
    collect(before, String::new(), 0, &mut leaves);
    collect(now, String::new(), 1, &mut leaves);
    let differs = leaves.into_iter().filter(|(_, [from, to])| from != to);
    differs.map(|(input, [from, to])| Change { input, from: from.cloned(), to: to.cloned() }).collect()
}

fn collect<'v>(
    value: &'v Value,
    path: String,
    side: usize,
    leaves: &mut BTreeMap<String, [Option<&'v Value>; 2]>,
) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(value, path, side, leaves);
            }
        }
        // Hashes of files: which one.
        Value::Array(files) if path.ends_with(".files") => {
            for (i, file) in files.iter().enumerate() {
                collect(file, format!("{path}[{i}]"), side, leaves);
            }
        }
        // Edges follow from the events and the cuts.
        _ if path.ends_with("counted.edges") => (),
        leaf => leaves.entry(path).or_default()[side] = Some(leaf),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_smallest_part_that_changed_is_named() {
        let before =
            json!({"generator": {"config": {"layers": 2, "width": 8}, "library": "a"}, "cuts": [1, 2]});
        let now = json!({"generator": {"config": {"layers": 3, "width": 8}, "library": "a"}, "cuts": [1, 2], "x": null});
        assert_eq!(changed(&before, &before), []);
        let change = |input: &str, from, to| Change { input: input.into(), from, to };
        assert_eq!(
            changed(&before, &now),
            [
                change("generator.config.layers", Some(json!(2)), Some(json!(3))),
                change("x", None, Some(Value::Null))
            ]
        );
    }
}
