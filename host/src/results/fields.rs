//! What every value of `results.json`, `results.csv` and `table.csv` means, and its unit: the files carry it, the book
//! prints it, and a test holds both to what a run writes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Which edition of `results.json` a file is, and what its values mean.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// `amplicast-results`.
    pub name: String,
    /// Fields are added under the same version; one that is removed, or means something else, raises it.
    pub version: u32,
    /// Unit and meaning of every field, by its path; `[]` stands for the elements of a list.
    pub fields: BTreeMap<String, Field>,
}

/// A field in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its unit: `1` for a pure number, `-` for text, lists and groups.
    pub unit: String,
    /// What it is.
    pub meaning: String,
}

impl Schema {
    /// The edition that this program writes.
    pub const VERSION: u32 = 2;

    /// That of the files that this program writes.
    pub fn this() -> Self {
        let field = |[path, unit, meaning]: [&str; 3]| {
            (path.to_string(), Field { unit: unit.into(), meaning: meaning.into() })
        };
        Schema {
            name: "amplicast-results".into(),
            version: Schema::VERSION,
            fields: described(RESULTS_JSON).map(field).collect(),
        }
    }
}

/// Fields of `results.json` with unit and meaning, one a line.
const RESULTS_JSON: &str = include_str!("results_json.txt");

/// Path, unit and meaning of the fields in such a list.
fn described(list: &'static str) -> impl Iterator<Item = [&'static str; 3]> {
    let field = |line: &'static str| {
        let (path, rest) = line.split_once(" | ")?;
        let (unit, meaning) = rest.split_once(" | ")?;
        Some([path, unit, meaning])
    };
    list.lines().filter_map(field)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::testing;
    use crate::results::{EventGroups, EventWeights, MemberRow, table_rows};
    use serde::Serialize;
    use serde_json::Value;

    /// Columns of `results.csv` and of `table.csv`.
    const RESULTS_CSV: &str = include_str!("results_csv.txt");
    const TABLE_CSV: &str = include_str!("table_csv.txt");

    /// The paths of all values; those of an empty list or of null end there.
    fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        let below = match value {
            Value::Object(map) if path != "schema.fields" => {
                for (key, value) in map {
                    let dot = if path.is_empty() { "" } else { "." };
                    paths(value, &format!("{path}{dot}{key}"), found);
                }
                !map.is_empty()
            }
            Value::Array(list) => {
                list.iter().for_each(|value| paths(value, &format!("{path}[]"), found));
                list.iter().any(|value| value.is_object())
            }
            _ => false,
        };
        if !below {
            found.insert(path.trim_end_matches("[]").to_string());
        }
    }

    /// What is documented, without the names of groups.
    fn leaves(list: &'static str) -> BTreeSet<String> {
        let group = |path: &str| {
            described(list).any(|[p, ..]| {
                p.strip_prefix(path).is_some_and(|rest| rest.starts_with('.') || rest.starts_with("[]."))
            })
        };
        names(list).into_iter().filter(|path| !group(path)).collect()
    }

    fn names(list: &'static str) -> Vec<String> {
        assert_eq!(described(list).count(), list.lines().count(), "a line has no three parts");
        described(list).map(|[path, ..]| path.to_string()).collect()
    }

    #[test]
    fn every_field_of_the_results_is_described_and_there() {
        let mut results = testing::results();
        results.cells[0].replicas[0].deviation.as_mut().unwrap().pulls = vec![Some(1.0)];
        results.weights = Some(EventWeights { effective: 800.0, negative: 0.1, largest: 3.0 });
        results.groups = Some(EventGroups { number: 100, largest: 12, effective: 90.0 });
        results.cells[0].replicas[0].n_train_effective = Some(790.0);
        results.distributions[0].training_fractions = Some(vec![[0.1, 0.01]]);
        let mut found = BTreeSet::new();
        paths(&serde_json::to_value(&results).unwrap(), "", &mut found);
        let documented = BTreeSet::from_iter(names(RESULTS_JSON));
        let unknown: Vec<_> = found.difference(&documented).collect();
        assert!(unknown.is_empty(), "not described: {unknown:?}");
        let absent: Vec<_> = leaves(RESULTS_JSON).difference(&found).cloned().collect();
        assert!(absent.is_empty(), "described, but not there: {absent:?}");
        assert_eq!(documented.len(), names(RESULTS_JSON).len(), "a field is described twice");
    }

    fn header(rows: &[impl Serialize]) -> Vec<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        rows.iter().for_each(|row| writer.serialize(row).unwrap());
        let bytes = writer.into_inner().unwrap();
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        reader.headers().unwrap().iter().map(String::from).collect()
    }

    #[test]
    fn every_column_is_described() {
        assert_eq!(header(&table_rows(&testing::results())), names(TABLE_CSV));
        let text = || "x";
        let row = MemberRow {
            generator: text(),
            uncertainty: text(),
            summary: text(),
            selection: text(),
            metric: text(),
            reference: text(),
            replica: 0,
            member: 0,
            n_gen: 1,
            n_passed: 1,
            quantity: text(),
            value: 1.0,
        };
        assert_eq!(header(&[row]), names(RESULTS_CSV));
    }

    /// The page says of every field what the files say of it.
    #[test]
    fn the_page_describes_every_field() {
        let page = include_str!("../../../docs/src/results.md");
        for [path, unit, meaning] in [RESULTS_JSON, RESULTS_CSV, TABLE_CSV].into_iter().flat_map(described) {
            let line = format!("| `{path}` | {unit} | {meaning} |");
            assert!(page.lines().any(|l| l == line), "the page lacks\n{line}");
        }
    }
}
