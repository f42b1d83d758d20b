//! A submission to HEPData: a folder with tables as YAML, <https://hepdata-submission.readthedocs.io>, schema 1.1.1.

use std::fs;
use std::path::Path;

use amplicast_sdk::{Error, Result};
use serde_json::{Value, json};

use super::text::yaml;
use super::{Histogram, uhi};

/// HEPData refuses a table's file above these bytes, and takes longer names than these characters for no names.
const LARGEST_TABLE: usize = 10_485_760;
const LONGEST_NAME: usize = 64;

const SUBMISSION: &str = "submission.yaml";
const GENERATED: &str = "generated.yaml";
const COVARIANCE: &str = "covariance.yaml";
const COVARIANCE_RESOURCE: &str = "covariance.json";
const WORKSPACE: &str = "workspace.json";
/// All that may be in the folder: HEPData refuses files that no table names.
const FILES: [&str; 5] = [SUBMISSION, GENERATED, COVARIANCE, COVARIANCE_RESOURCE, WORKSPACE];

/// What the errors are, for readers of the tables.
const ERRORS: &str = "The errors and their covariance hold the statistics of the generated events and the generative model, and not the \
                      counting error of data.";

/// Writes the submission into a folder, which is made if it is not there: the histogram with its errors, its covariance, and the
/// workspace of pyhf, if there is one, as an additional resource.
///
/// All digits are kept. A covariance that is too long for a table of HEPData, from 270 to 370 bins by its digits, is an additional
/// resource as well: the file of [`uhi()`]. A bin without an error has none in the table, where zero is refused.
///
/// # Errors
/// Data, if the histogram is not one ([`Histogram::check`]), its name is too long for that of a table, or the folder holds other
/// files; Io.
pub fn write(histogram: &Histogram, workspace: Option<&Value>, folder: &Path) -> Result<()> {
    let files = files(histogram, workspace)?;
    prepare(folder)?;
    for (name, text) in &files {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| Error::io(format!("write {}", path.display()), error))?;
    }
    Ok(())
}

/// Makes the folder, and leaves none of the files in it that an earlier call wrote.
fn prepare(folder: &Path) -> Result<()> {
    let failed = |error| Error::io(format!("write into {}", folder.display()), error);
    fs::create_dir_all(folder).map_err(failed)?;
    let mut earlier = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !FILES.iter().any(|name| entry.file_name() == *name) {
            return Err(Error::data(format!(
                "{}: HEPData refuses files that no table names: expected a folder without others, found {}",
                folder.display(),
                entry.file_name().display()
            )));
        }
        earlier.push(entry.path());
    }
    earlier.into_iter().try_for_each(|path| fs::remove_file(path).map_err(failed))
}

fn files(histogram: &Histogram, workspace: Option<&Value>) -> Result<Vec<(&'static str, String)>> {
    histogram.check()?;
    let names =
        [format!("Generated {}", histogram.name), format!("Covariance of generated {}", histogram.name)];
    let [_, longest] = &names;
    if longest.chars().count() > LONGEST_NAME {
        let message =
            format!("expected at most {LONGEST_NAME} characters in the name of a table, found {longest:?}");
        return Err(Error::data(message).at("name"));
    }
    let covariance = yaml(&covariance(histogram));
    let is_table = covariance.len() <= LARGEST_TABLE;
    let mut files = vec![(GENERATED, yaml(&generated(histogram)))];
    if is_table {
        files.push((COVARIANCE, covariance));
    } else {
        files.push((COVARIANCE_RESOURCE, uhi(histogram)?.to_string()));
    }
    files.extend(workspace.map(|workspace| (WORKSPACE, workspace.to_string())));
    files.push((SUBMISSION, submission(histogram, names, is_table, workspace.is_some())));
    Ok(files)
}

/// Several documents in one file: what is common, and one for each table.
fn submission(histogram: &Histogram, names: [String; 2], is_table: bool, workspace: bool) -> String {
    let label = &histogram.label;
    let mut common = json!({"comment": "Histogram of generated events with its covariance."});
    if workspace {
        common["additional_resources"] =
            json!([{"description": "pyhf workspace", "location": WORKSPACE, "type": "HistFactory"}]);
    }
    let [generated_name, covariance_name] = names;
    let generated = [&histogram.description, &format!("Generated events in bins of {label}."), ERRORS];
    let mut generated = json!({
        "name": generated_name,
        "description": sentences(&generated.map(|text| text as &str)),
        "keywords": [],
        "data_file": GENERATED,
    });
    let mut documents = vec![common];
    if is_table {
        let order = format!(
            "Covariance of the generated events in bins of {label}, row by row: the bins of the second variable change first."
        );
        documents.push(generated);
        documents.push(json!({
            "name": covariance_name,
            "description": sentences(&[&order, ERRORS]),
            "keywords": [],
            "data_file": COVARIANCE,
        }));
    } else {
        generated["additional_resources"] = json!([{
            "description": format!("Histogram and covariance of generated events in bins of {label}, as UHI JSON"),
            "location": COVARIANCE_RESOURCE,
            "type": "json",
        }]);
        documents.push(generated);
    }
    documents.iter().map(yaml).collect::<Vec<_>>().join("\n---\n") + "\n"
}

fn sentences(all: &[&str]) -> String {
    all.iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>().join(" ")
}

/// The table with one row a bin.
fn generated(histogram: &Histogram) -> Value {
    let rows: Vec<Value> = histogram
        .values
        .iter()
        .zip(histogram.variances())
        .map(|(value, variance)| match variance {
            0.0 => json!({"value": value}),
            _ => json!({"value": value, "errors": [{"symerror": variance.sqrt(), "label": "total"}]}),
        })
        .collect();
    json!({
        "independent_variables": [variable(histogram.label.clone(), histogram.intervals())],
        "dependent_variables": [{"header": {"name": "events"}, "values": rows}],
    })
}

/// The table with one row for each two bins.
fn covariance(histogram: &Histogram) -> Value {
    let bins = histogram.bins();
    let row = histogram.intervals().flat_map(|interval| std::iter::repeat_n(interval, bins));
    let column = std::iter::repeat_n((), bins).flat_map(|()| histogram.intervals());
    let entries: Vec<Value> = histogram.covariance.iter().map(|entry| json!({"value": entry})).collect();
    json!({
        "independent_variables": [
            variable(format!("{} (row)", histogram.label), row),
            variable(format!("{} (column)", histogram.label), column),
        ],
        "dependent_variables": [{"header": {"name": "covariance"}, "values": entries}],
    })
}

fn variable(name: String, intervals: impl Iterator<Item = [f64; 2]>) -> Value {
    let values: Vec<Value> = intervals.map(|[low, high]| json!({"low": low, "high": high})).collect();
    json!({"header": {"name": name}, "values": values})
}

#[cfg(test)]
mod tests {
    use super::super::testing::{OBSERVED, SIGNAL, golden, rounded};
    use super::super::workspace;
    use super::*;

    fn read(folder: &Path, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        text.split("\n---\n").map(|document| serde_json::from_str(document).unwrap()).collect()
    }

    fn listed(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_golden_folder_is_written_as_specified() {
        let folder = tempfile::tempdir().unwrap();
        let folder = &folder.path().join("new/hepdata");
        let fit = workspace(&golden(), Some(&SIGNAL), Some(&OBSERVED)).unwrap();
        write(&golden(), Some(&fit), folder).unwrap();
        assert_eq!(listed(folder), [COVARIANCE, GENERATED, SUBMISSION, WORKSPACE]);
        let interval = |low: i32, high: i32| json!({"low": low, "high": high});
        let bins = [interval(0, 1), interval(1, 2), interval(2, 4), interval(4, 8)];
        let row = |value: i32| json!({"value": value, "errors": [{"symerror": 23.108440016582687, "label": "total"}]});
        let generated = json!({
            "independent_variables": [{"header": {"name": "radius"}, "values": bins}],
            "dependent_variables": [{"header": {"name": "events"}, "values": [row(400), row(300), row(200), row(100)]}],
        });
        assert_eq!(rounded(&read(folder, GENERATED)[0], 12), rounded(&generated, 12));
        let covariance = &read(folder, COVARIANCE)[0];
        let [row, column] = [0, 1].map(|at| &covariance["independent_variables"][at]);
        assert_eq!(
            (&row["header"]["name"], &column["header"]["name"]),
            (&json!("radius (row)"), &json!("radius (column)"))
        );
        for at in 0..16 {
            assert_eq!(rounded(&row["values"][at], 0), rounded(&bins[at / 4], 0));
            assert_eq!(rounded(&column["values"][at], 0), rounded(&bins[at % 4], 0));
            let entry = &covariance["dependent_variables"][0]["values"][at]["value"];
            assert_eq!(entry.as_f64(), Some(golden().covariance[at]));
        }
        let submission = read(folder, SUBMISSION);
        assert_eq!(submission[0]["additional_resources"][0]["location"], WORKSPACE);
        let tables: Vec<_> =
            submission[1..].iter().map(|table| (&table["name"], &table["data_file"])).collect();
        assert_eq!(tables[0], (&json!("Generated radius"), &json!(GENERATED)));
        assert_eq!(tables[1], (&json!("Covariance of generated radius"), &json!(COVARIANCE)));
        assert_eq!(read(folder, WORKSPACE)[0], fit);
    }

    #[test]
    fn nothing_of_an_earlier_call_stays() {
        let folder = tempfile::tempdir().unwrap();
        let fit = workspace(&golden(), None, None).unwrap();
        write(&golden(), Some(&fit), folder.path()).unwrap();
        write(&golden(), None, folder.path()).unwrap();
        assert_eq!(listed(folder.path()), [COVARIANCE, GENERATED, SUBMISSION]);
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        let error = write(&golden(), None, folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("expected a folder without others, found notes.txt"), "{error}");
        assert_eq!(listed(folder.path()).len(), 4);
    }

    #[test]
    fn a_bin_without_an_error_has_none() {
        let mut histogram = golden();
        histogram.values[3] = 0.0;
        for i in 0..4 {
            (histogram.covariance[12 + i], histogram.covariance[4 * i + 3]) = (0.0, 0.0);
        }
        let rows = &generated(&histogram)["dependent_variables"][0]["values"];
        assert!(rows[2].get("errors").is_some());
        assert_eq!(rows[3], json!({"value": 0.0}));
    }

    #[test]
    fn a_long_covariance_is_a_resource() {
        let bins = 400;
        let mut covariance = vec![0.0; bins * bins];
        covariance.iter_mut().step_by(bins + 1).for_each(|variance| *variance = 100.0);
        let edges = (0..=bins).map(|edge| edge as f64).collect();
        let histogram = Histogram { edges, values: vec![100.0; bins], covariance, ..golden() };
        let files = files(&histogram, None).unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, [GENERATED, COVARIANCE_RESOURCE, SUBMISSION]);
        let uhi: Value = serde_json::from_str(&files[1].1).unwrap();
        assert_eq!(uhi["generated_covariance"]["storage"]["values"][399][399], 100.0);
        assert!(files[2].1.contains(COVARIANCE_RESOURCE) && !files[2].1.contains(COVARIANCE));
    }

    #[test]
    fn a_name_that_no_table_can_have_is_refused() {
        let histogram = Histogram { name: "r".repeat(41), ..golden() };
        let error = files(&histogram, None).unwrap_err().to_string();
        assert!(error.starts_with("name: expected at most 64 characters in the name of a table"), "{error}");
    }
}
