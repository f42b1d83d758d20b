//! `results.csv`: one row for each cell, training set and size, for a spreadsheet or a data frame.

use std::path::Path;

use amplicast_sdk::{Error, Result};

use super::format;
use crate::results::{Cell, CellReplica, CurvePoint, Results};

const HEADER: [&str; 20] = [
    "generator",
    "uncertainty",
    "summary",
    "selection",
    "metric",
    "reference",
    "replica",
    "n_gen",
    "n_passed",
    "value",
    "statistical",
    "model",
    "truth",
    "spread",
    "g",
    "g_low_68",
    "g_high_68",
    "g_low_95",
    "g_high_95",
    "verdict",
];

/// Writes the curves and estimates as a tidy table; a field without a value is empty. A cell without any result has one row with the verdict `failed`.
pub fn write_csv(results: &Results, path: &Path) -> Result<()> {
    let bytes = to_csv(results).map_err(|error| Error::io(path.display(), std::io::Error::other(error)))?;
    super::write_file(path, &bytes)
}

fn to_csv(results: &Results) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for cell in &results.cells {
        if cell.replicas.is_empty() {
            writer.write_record(record(cell, None, None))?;
        }
        for replica in &cell.replicas {
            if replica.curve.is_empty() {
                writer.write_record(record(cell, Some(replica), None))?;
            }
            for point in &replica.curve {
                writer.write_record(record(cell, Some(replica), Some(point)))?;
            }
        }
    }
    Ok(writer.into_inner().map_err(|error| error.to_string())?)
}

fn record(cell: &Cell, replica: Option<&CellReplica>, point: Option<&CurvePoint>) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or(String::new(), |v| format!("{v}"));
    let of = |value: &dyn Fn(&CurvePoint) -> Option<f64>| number(point.and_then(value));
    let n = &cell.name;
    let names = [&n.generator, &n.uncertainty, &n.summary, &n.selection, &n.metric, &n.reference];
    let mut fields: Vec<String> = names.into_iter().cloned().collect();
    fields.push(replica.map_or(String::new(), |r| r.replica.to_string()));
    fields.push(point.map_or(String::new(), |p| p.n_gen.to_string()));
    fields.extend([
        of(&|p| Some(p.n_passed)),
        of(&|p| Some(p.value)),
        of(&|p| p.statistical),
        of(&|p| p.model),
        of(&|p| p.truth),
        of(&|p| Some(p.spread)),
    ]);
    let estimate = replica.map(|r| &r.estimate);
    fields.extend([
        number(estimate.and_then(|e| e.g)),
        number(estimate.and_then(|e| e.interval_68.low)),
        number(estimate.and_then(|e| e.interval_68.high)),
        number(estimate.and_then(|e| e.interval_95.low)),
        number(estimate.and_then(|e| e.interval_95.high)),
        estimate.map_or("failed", |e| format::verdict(e.verdict)).to_string(),
    ]);
    fields
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn every_point_is_a_row_and_failed_cells_are_not_lost() {
        let mut results = testing::results();
        results.cells[0].name.summary = "a, \"b\"\nc".into();
        let bytes = to_csv(&results).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let rows: Vec<_> = reader.records().map(|row| row.unwrap()).collect();
        let rows_of = |c: &Cell| c.replicas.iter().map(|r| r.curve.len().max(1)).sum::<usize>().max(1);
        assert_eq!(rows.len(), results.cells.iter().map(rows_of).sum::<usize>());
        assert_eq!(&rows[0][2], "a, \"b\"\nc");
        assert_eq!(rows[0][9].parse::<f64>().unwrap(), results.cells[0].replicas[0].curve[0].value);
        assert!(rows.iter().any(|row| &row[19] == "failed"));
        assert_eq!(reader.headers().unwrap().len(), HEADER.len());
    }
}
