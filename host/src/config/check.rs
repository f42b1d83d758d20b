//! What the types of an experiment do not say: ranges, and names that must be those of tables.

use std::collections::BTreeMap;

use super::error::ConfigError;
use super::experiment::{ComponentTable, Experiment, Names, ReferenceName, Selector};
use super::source::Source;
use super::words::GIVEN;

impl Experiment {
    /// An error at the first number out of range, or name without a table.
    pub(super) fn check(&self, source: &Source) -> Result<(), ConfigError> {
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
        if s.training_sets < 1 {
            return out_of_range("training_sets", "at least 1", s.training_sets.to_string());
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
            for (j, name) in selection.plane.iter().flatten().enumerate() {
                check(format!("selection[{i}].plane[{j}]"), "summary", name, &names(&self.summary))?;
            }
            if let Some(part) = selection.thin.filter(|part| !(*part > 0.0 && *part < 1.0)) {
                let message = format!(
                    "expected the part of all events that is kept, above 0 and below 1, found {part}"
                );
                return Err(source.error(&format!("selection[{i}].thin"), &message));
            }
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
        uncertainties.push(GIVEN.into());
        let selections: Vec<String> = self.selection.iter().map(|s| s.name.clone()).collect();
        let references = ReferenceName::ALL.map(|name| name.text().to_string());
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
