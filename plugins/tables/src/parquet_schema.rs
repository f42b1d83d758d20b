//! Which columns of a Parquet file are numbers, and which are to be used.

use amplicast_sdk::{Error, Result};
use parquet::basic::{Compression, ConvertedType, LogicalType, Type};
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::ColumnDescriptor;
use serde_json::Value;

use crate::arrow_schema::times;
use crate::column_names::{Chosen, Wanted, choose_columns};
use crate::row_numbers::Values;

/// Rows of equal numbers that a byte may stand for.
const MOST_ALIKE: i64 = 1 << 16;

/// A column of numbers.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its number in the file.
    pub number: usize,
    /// Its name, without what lists add to it.
    pub name: String,
    /// Whether its integers are without sign.
    pub unsigned: bool,
    /// Whether there are integers that no f64 is.
    pub wide: bool,
    /// Whether it has the precision of float16.
    pub half: bool,
    /// Lists within lists: 0 for one number an event.
    pub repeated: i16,
    /// The definition level of a number that is there.
    pub present: i16,
}

/// The `wanted` columns, or all but row numbers, and what there is to say about the choice.
///
/// `values` reads the first numbers of a column.
pub fn columns(
    metadata: &ParquetMetaData,
    wanted: Wanted<'_>,
    values: impl Fn(&Column) -> Option<Vec<f64>>,
) -> Result<(Vec<Column>, Vec<String>)> {
    let file = metadata.file_metadata();
    let schema = file.schema_descr();
    let names: Vec<String> = schema.columns().iter().map(|column| name(column)).collect();
    let said = |key: &str| {
        let list = file.key_value_metadata()?;
        list.iter().find(|entry| entry.key == key)?.value.as_deref()
    };
    let indices = said("pandas").map(pandas_index).unwrap_or_default();
    let times = said("ARROW:schema").map(times).unwrap_or_default();
    let column = |number: usize| {
        let (descriptor, name) = (schema.column(number), names[number].clone());
        if let Some((_, kind)) = times.iter().find(|(time, _)| *time == name) {
            return Err(refused(&name, kind, "save them as numbers (of seconds, say), or "));
        }
        expect_numbers(&descriptor, &name)?;
        expect_compression(metadata, number, &name)?;
        let unsigned = matches!(
            descriptor.converted_type(),
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64
        );
        Ok(Column {
            number,
            name,
            unsigned,
            half: descriptor.physical_type() == Type::FIXED_LEN_BYTE_ARRAY,
            wide: descriptor.physical_type() == Type::INT64,
            repeated: descriptor.max_rep_level(),
            present: descriptor.max_def_level(),
        })
    };
    let look = |number: usize| match column(number) {
        Ok(column) if column.repeated > 0 => Values::Several,
        Ok(column) => values(&column).map_or(Values::Unread, Values::Numbers),
        Err(_) => Values::Unread,
    };
    let Chosen { numbers, notes } = choose_columns(&names, wanted, &indices, look)?;
    let columns = numbers.into_iter().map(column).collect::<Result<Vec<_>>>()?;
    Ok((columns, notes))
}

/// The name of a column, without the groups that Parquet puts around the elements of lists.
fn name(column: &ColumnDescriptor) -> String {
    if column.max_rep_level() == 0 {
        return column.path().string();
    }
    let mut name = format!("{}.", column.path().string());
    for group in ["list.element", "list.item", "list.array", "bag.array_element", "bag.array", "array"] {
        name = name.replace(&format!(".{group}."), ".").replace(&format!(".{group}."), ".");
    }
    name.trim_end_matches('.').to_string()
}

/// The columns that pandas says are the index of the frame.
fn pandas_index(json: &str) -> Vec<String> {
    let Ok(said) = serde_json::from_str::<Value>(json) else { return Vec::new() };
    // A range of row numbers is an object, and no column.
    let list = said["index_columns"].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|name| Some(name.as_str()?.to_string())).collect()
}

fn refused(name: &str, kind: &str, cure: &str) -> Error {
    Error::data(format!(
        "column `{name}`: expected floating-point numbers or signed integers (or unsigned ones, or booleans), found {kind}; \
         {cure}name the wanted `columns`"
    ))
}

/// Refuses a column that is not of numbers.
fn expect_numbers(column: &ColumnDescriptor, name: &str) -> Result<()> {
    use ConvertedType::{
        DATE, DECIMAL, INT_8, INT_16, INT_32, INT_64, INTERVAL, NONE, TIME_MICROS, TIME_MILLIS,
        TIMESTAMP_MICROS, TIMESTAMP_MILLIS, UINT_8, UINT_16, UINT_32, UINT_64, UTF8,
    };
    let (physical, converted) = (column.physical_type(), column.converted_type());
    let logical = column.logical_type_ref();
    if column.max_rep_level() > 2 {
        return Err(refused(name, "lists of lists of lists", ""));
    }
    let refuse = |kind: String, cure: &str| Err(refused(name, &kind, cure));
    let times = "save them as numbers (of seconds, say), or ";
    match (logical, converted, physical) {
        (Some(LogicalType::Timestamp { .. }), ..)
        | (_, TIMESTAMP_MILLIS | TIMESTAMP_MICROS, _)
        | (_, _, Type::INT96) => refuse("times (TIMESTAMP)".into(), times),
        (Some(LogicalType::Time { .. }), ..) | (_, TIME_MILLIS | TIME_MICROS, _) => {
            refuse("times of day (TIME)".into(), times)
        }
        (Some(LogicalType::Date), ..) | (_, DATE, _) => refuse("dates (DATE)".into(), times),
        (_, INTERVAL, _) => refuse("durations (INTERVAL)".into(), times),
        (Some(LogicalType::Decimal { .. }), ..) | (_, DECIMAL, _) => {
            refuse("decimal numbers (DECIMAL)".into(), "save them as float64, or ")
        }
        (Some(LogicalType::String), ..) | (_, UTF8, _) => {
            refuse("text (UTF8)".into(), "save the codes of categories as integers, or ")
        }
        (Some(LogicalType::Float16), _, Type::FIXED_LEN_BYTE_ARRAY) => Ok(()),
        (None | Some(LogicalType::Integer { .. }), _, Type::INT32 | Type::INT64)
            if [NONE, INT_8, INT_16, INT_32, INT_64, UINT_8, UINT_16, UINT_32, UINT_64]
                .contains(&converted) =>
        {
            Ok(())
        }
        (None, NONE, Type::FLOAT | Type::DOUBLE | Type::BOOLEAN) => Ok(()),
        (Some(LogicalType::Unknown), ..) => refuse("nulls alone".into(), ""),
        (_, NONE, _) => refuse(physical.to_string(), ""),
        _ => refuse(converted.to_string(), ""),
    }
}

/// Refuses a compression that is not read.
fn expect_compression(metadata: &ParquetMetaData, number: usize, name: &str) -> Result<()> {
    for group in metadata.row_groups() {
        if group.column(number).compression() == Compression::LZO {
            return Err(Error::data(format!(
                "column `{name}`: expected no compression, or snappy, zstd, gzip, lz4 or brotli, found LZO; write the file with \
                 `compression=\"zstd\"`"
            )));
        }
    }
    Ok(())
}

/// Refuses more rows than the columns' bytes can hold, before memory is asked for them.
pub fn expect_rows(metadata: &ParquetMetaData, columns: &[Column]) -> Result<()> {
    let damaged = |what: String| Err(Error::data(format!("the file is damaged: {what}")));
    let (mut all, mut bytes) = (0_i64, 0_i64);
    for (i, group) in metadata.row_groups().iter().enumerate() {
        let rows = group.num_rows();
        for column in columns {
            let chunk = group.column(column.number);
            let values = chunk.num_values();
            if rows < 0 || values < rows || column.repeated == 0 && values != rows {
                return damaged(format!(
                    "expected {rows} numbers in row group {i} of the column `{}`, found {values}",
                    column.name
                ));
            }
            bytes = bytes.saturating_add(chunk.uncompressed_size());
            // One count for each level, which tells whether there are nulls or lists.
            let levels = usize::try_from(column.present).unwrap_or(0) + 1;
            if chunk.definition_level_histogram().is_some_and(|counts| counts.values().len() != levels) {
                return damaged(format!(
                    "the levels of the column `{}` are not those of its statistics",
                    column.name
                ));
            }
        }
        all = all.saturating_add(rows);
    }
    let said = metadata.file_metadata().num_rows();
    if said != all {
        return damaged(format!("expected {said} rows, found {all} in its row groups"));
    }
    // Rows whose numbers are all alike need next to no bytes; events are not like that.
    if all > MOST_ALIKE && all / MOST_ALIKE > bytes / columns.len().max(1) as i64 {
        return damaged(format!("expected bytes for {all} rows, found {bytes} in {} columns", columns.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pandas_says_which_columns_are_its_index() {
        let json = r#"{"index_columns": ["event", {"kind": "range", "start": 0, "stop": 3}], "columns": []}"#;
        assert_eq!(pandas_index(json), ["event"]);
        assert!(pandas_index("{}").is_empty() && pandas_index("no json").is_empty());
    }
}
