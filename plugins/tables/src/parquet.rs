//! Columns of Parquet files.

use std::fmt;
use std::io::{BufReader, Read};

use amplicast_sdk::{Error, Result};
use parquet::basic::{ConvertedType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use crate::place::{Bytes, Reader};
use crate::table::{Source, Table};

/// Some columns of a file.
struct Columns {
    reader: SerializedFileReader<Bytes>,
    /// Which columns of the file.
    numbers: Vec<usize>,
    /// The first row of each row group, and the number of all rows.
    starts: Vec<u64>,
}

/// The `wanted` columns in that order, or all of them.
pub fn open(bytes: Bytes, wanted: Option<&[String]>) -> Result<Table> {
    let wrong = |error: ParquetError| Error::data(format!("expected a Parquet file: {error}"));
    let reader = SerializedFileReader::new(bytes).map_err(wrong)?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let names: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
    let chosen = wanted.unwrap_or(&names).to_vec();
    let mut numbers = Vec::new();
    for name in &chosen {
        let number = names.iter().position(|n| n == name).ok_or_else(|| {
            Error::config("columns", format!("expected columns out of {}, found `{name}`", names.join(", ")))
        })?;
        expect_numbers(&schema.column(number))?;
        numbers.push(number);
    }
    let mut starts = vec![0];
    for group in reader.metadata().row_groups() {
        starts.push(starts[starts.len() - 1] + u64::try_from(group.num_rows()).unwrap_or(0));
    }
    let rows = usize::try_from(starts[starts.len() - 1]).unwrap_or(usize::MAX);
    let shape = vec![rows, chosen.len()];
    Ok(Table { shape, columns: Some(chosen), source: Box::new(Columns { reader, numbers, starts }) })
}

/// Refuses a column that is not one number an event.
fn expect_numbers(column: &ColumnDescriptor) -> Result<()> {
    use ConvertedType::{INT_8, INT_16, INT_32, INT_64, NONE, UINT_8, UINT_16};
    let (physical, converted) = (column.physical_type(), column.converted_type());
    let kind = match physical {
        Type::FLOAT | Type::DOUBLE | Type::INT32 | Type::INT64 if column.max_rep_level() > 0 => {
            "lists".into()
        }
        Type::FLOAT | Type::DOUBLE | Type::INT32 | Type::INT64
            if [NONE, INT_8, INT_16, INT_32, INT_64, UINT_8, UINT_16].contains(&converted) =>
        {
            return Ok(());
        }
        _ if converted == NONE => physical.to_string(),
        _ => converted.to_string(),
    };
    Err(Error::data(format!(
        "column `{}`: expected floating-point numbers or signed integers, found {kind}; name the wanted `columns`",
        column.path().string()
    )))
}

impl Source for Columns {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let failed = |error: ParquetError| Error::data(format!("cannot read the file: {error}"));
        let d = self.numbers.len();
        let mut first = first;
        let mut rest = out;
        while !rest.is_empty() {
            let group = self.starts.partition_point(|start| *start <= first) - 1;
            let rows = (rest.len() / d).min((self.starts[group + 1] - first) as usize);
            let (part, others) = rest.split_at_mut(rows * d);
            let skipped = (first - self.starts[group]) as usize;
            let reader = self.reader.get_row_group(group).map_err(failed)?;
            for (place, &number) in self.numbers.iter().enumerate() {
                let values = match reader.get_column_reader(number).map_err(failed)? {
                    ColumnReader::FloatColumnReader(column) => numbers(column, skipped, rows, f64::from),
                    ColumnReader::DoubleColumnReader(column) => numbers(column, skipped, rows, |x| x),
                    ColumnReader::Int32ColumnReader(column) => numbers(column, skipped, rows, f64::from),
                    ColumnReader::Int64ColumnReader(column) => numbers(column, skipped, rows, |x| x as f64),
                    _ => return Err(Error::plugin("expected a column of numbers")),
                }
                .map_err(failed)?;
                if let Some(row) = values.iter().position(Option::is_none) {
                    return Err(Error::data(format!(
                        "row {}, number {place}: expected a number, found none (null)",
                        first + row as u64
                    )));
                }
                if values.len() != rows {
                    return Err(Error::data(format!(
                        "row {}, number {place}: expected a number, found the end of the row group",
                        first + values.len() as u64
                    )));
                }
                for (event, value) in part.chunks_exact_mut(d).zip(values) {
                    event[place] = value.unwrap_or(f64::NAN);
                }
            }
            first += rows as u64;
            rest = others;
        }
        Ok(())
    }
}

/// `count` numbers of a column after `skipped` ones; `None` for a null.
fn numbers<T: DataType>(
    mut column: ColumnReaderImpl<T>,
    skipped: usize,
    count: usize,
    number: impl Fn(T::T) -> f64,
) -> Result<Vec<Option<f64>>, ParquetError> {
    column.skip_records(skipped)?;
    let (mut values, mut levels) = (Vec::with_capacity(count), Vec::new());
    let mut records = 0;
    while records < count {
        let (read, _, _) = column.read_records(count - records, Some(&mut levels), None, &mut values)?;
        if read == 0 {
            break;
        }
        records += read;
    }
    if values.len() == records {
        return Ok(values.into_iter().map(|x| Some(number(x))).collect());
    }
    // Fewer values than records: the highest level marks those that are there.
    let there = levels.iter().copied().max().filter(|_| !values.is_empty());
    let mut values = values.into_iter();
    Ok(levels
        .iter()
        .map(|level| if Some(*level) == there { values.next().map(&number) } else { None })
        .collect())
}

impl Length for Bytes {
    fn len(&self) -> u64 {
        self.length().unwrap_or(0)
    }
}

impl ChunkReader for Bytes {
    type T = BufReader<Reader>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(self.from(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes, ParquetError> {
        let mut bytes = Vec::new();
        // Not room for `length` at once: a damaged file may say anything.
        self.from(start).take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() != length {
            return Err(ParquetError::EOF(format!("expected {length} bytes, found {}", bytes.len())));
        }
        Ok(bytes.into())
    }
}

impl fmt::Debug for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Columns {:?}", self.numbers)
    }
}
