//! The editions of `results.json`: files of all of them are read, the newest one is written.
//!
//! Edition 1 had the null law's points within each training set of a cell, and of a curve a list of points instead of a list for
//! each quantity. The first files of edition 2 did not say how metrics are shown.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Demonstrated, Results, Schema};

/// What tells the edition of a file.
#[derive(Deserialize)]
struct Edition {
    #[serde(default)]
    schema: Number,
}

/// Files that were written before there was a schema have none.
#[derive(Default, Deserialize)]
struct Number {
    version: u32,
}

impl Results {
    /// The results in a file of any edition, or why it is none.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        let said = |error: serde_json::Error| error.to_string();
        let newest = Schema::VERSION;
        let Edition { schema: Number { version } } = serde_json::from_slice(json).map_err(said)?;
        if version > newest {
            return Err(format!(
                "edition {version} of the results: expected at most {newest}; it takes a newer amplicast"
            ));
        }
        let mut results: Results = match version {
            _ if version == newest => serde_json::from_slice(json),
            _ => serde_json::from_slice(json).and_then(|file| serde_json::from_value(of_points(file))),
        }
        .map_err(said)?;
        results.check()?;
        if results.metrics.is_empty() {
            results.metrics = results.guessed();
        }
        Ok(results)
    }

    /// A number of a null law is one of the list, and lists of one length have it.
    fn check(&self) -> Result<(), String> {
        let laws = self.null_laws.len();
        for (i, cell) in self.cells.iter().enumerate() {
            if !cell.replicas.iter().filter_map(|r| r.demonstrated.as_ref()).all(Demonstrated::is_whole) {
                return Err(format!(
                    "cells[{i}]: expected as many numbers of each kind as quantities in `demonstrated`"
                ));
            }
            if let Some(found) = cell.replicas.iter().map(|r| r.null_law).find(|law| *law >= laws) {
                return Err(format!(
                    "cells[{i}]: expected one of {laws} null laws, counted from 0, found {found}"
                ));
            }
        }
        Ok(())
    }
}

/// A file of edition 1 as one of edition 2.
fn of_points(mut file: Value) -> Value {
    let mut laws = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let cells = file.get_mut("cells").and_then(Value::as_array_mut);
    let replicas = cells.into_iter().flatten().filter_map(|cell| cell.get_mut("replicas")?.as_array_mut());
    for replica in replicas.flatten().filter_map(Value::as_object_mut) {
        if let Some(curve) = replica.get_mut("curve") {
            *curve = columns(curve.take());
        }
        // What lacks it lacks it afterwards as well, and is refused.
        if let Some(law) = replica.remove("null").map(columns) {
            let number = *known.entry(law.to_string()).or_insert_with(|| {
                laws.push(law);
                laws.len() - 1
            });
            replica.insert("null_law".into(), number.into());
        }
    }
    file["null_laws"] = laws.into();
    file["schema"] = serde_json::to_value(Schema::this()).unwrap_or_default();
    file
}

/// A list of points as a list for each of their quantities; null for one that no point has.
fn columns(points: Value) -> Value {
    let Value::Array(points) = points else { return points };
    let mut columns: Map<String, Value> = Map::new();
    for (key, _) in points.first().and_then(Value::as_object).into_iter().flatten() {
        let values: Vec<Value> = points.iter().map(|p| p.get(key).cloned().unwrap_or_default()).collect();
        let none = values.iter().all(Value::is_null);
        columns.insert(key.clone(), if none { Value::Null } else { values.into() });
    }
    columns.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::testing;

    /// The same results as edition 1 wrote them.
    fn of_edition_1(results: &Results) -> Value {
        let points = |columns: &Value| {
            let length = columns["mean"].as_array().or(columns["value"].as_array()).map_or(0, Vec::len);
            let point = |i: usize| {
                let of =
                    |(key, list): (&String, &Value)| (key.clone(), list.get(i).cloned().unwrap_or_default());
                Value::Object(columns.as_object().unwrap().iter().map(of).collect())
            };
            Value::Array((0..length).map(point).collect())
        };
        let mut file = serde_json::to_value(results).unwrap();
        let laws = file["null_laws"].take();
        file.as_object_mut().unwrap().remove("null_laws");
        file["schema"]["version"] = 1.into();
        file.as_object_mut().unwrap().remove("metrics");
        for cell in file["cells"].as_array_mut().unwrap() {
            for replica in cell["replicas"].as_array_mut().unwrap() {
                let mut law = points(&laws[replica["null_law"].as_u64().unwrap() as usize]);
                for point in law.as_array_mut().unwrap().iter_mut().filter(|p| p["bands"].is_null()) {
                    point["bands"] = json!([
                        [point["mean"], point["mean"]],
                        [point["mean"], point["mean"]],
                        [point["mean"], point["mean"]]
                    ]);
                }
                replica["curve"] = points(&replica["curve"]);
                replica["null"] = law;
                replica.as_object_mut().unwrap().remove("null_law");
            }
        }
        file
    }

    #[test]
    fn what_is_written_is_read() {
        let results = testing::results();
        let mut file = Vec::new();
        results.write(&mut file).unwrap();
        assert_eq!(Results::read(&file).unwrap(), results);
    }

    #[test]
    fn files_of_the_first_edition_are_read() {
        let results = testing::results();
        let mut old = of_edition_1(&results);
        let point = &old["cells"][0]["replicas"][0]["curve"][0];
        assert_eq!(point["n_gen"], 100);
        assert!(old["cells"][0]["replicas"][0]["null"][59]["bands"][2][1].is_f64());
        let read = Results::read(old.to_string().as_bytes()).unwrap();
        assert_eq!(read.cells.len(), results.cells.len());
        let shown = |of: &Results| of.cells.iter().map(|cell| of.shown(cell)).collect::<Vec<_>>();
        let made = |(cell, _): &(&crate::results::Cell, amplicast_sdk::Shown)| !cell.replicas.is_empty();
        let [old_words, words] = [&read, &results]
            .map(|of| of.cells.iter().zip(shown(of)).filter(made).map(|w| w.1).collect::<Vec<_>>());
        assert_eq!(old_words, words);
        for (read_cell, cell) in read.cells.iter().zip(&results.cells) {
            for (a, b) in read_cell.replicas.iter().zip(&cell.replicas) {
                assert_eq!(read.null_laws[a.null_law], results.null_laws[b.null_law]);
                assert_eq!((&a.curve, &a.estimate, &a.deviation), (&b.curve, &b.estimate, &b.deviation));
            }
        }
        // Those of before there were editions.
        old.as_object_mut().unwrap().remove("schema");
        assert_eq!(Results::read(old.to_string().as_bytes()).unwrap(), read);
    }

    #[test]
    fn what_is_no_edition_is_refused_in_words() {
        let refused = |change: fn(&mut Value)| {
            let mut file = serde_json::to_value(testing::results()).unwrap();
            change(&mut file);
            Results::read(file.to_string().as_bytes()).unwrap_err()
        };
        let newer = refused(|file| file["schema"]["version"] = 3.into());
        assert!(newer.contains("edition 3") && newer.contains("newer amplicast"), "{newer}");
        let lost = refused(|file| file["cells"][1]["replicas"][0]["null_law"] = 9.into());
        assert!(lost.contains("cells[1]") && lost.contains("found 9"), "{lost}");
        let short = refused(|file| {
            file["cells"][0]["replicas"][0]["curve"]["value"].as_array_mut().unwrap().pop();
        });
        assert!(short.contains("values of `value` as of `n_gen`, 13, found 12"), "{short}");
    }
}
