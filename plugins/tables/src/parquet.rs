//! Columns of Parquet files.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use amplicast_sdk::{Error, Result};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;

use crate::column_names::Wanted;
use crate::number::{TOO_LARGE, half, too_large};
use crate::parquet_schema::{Column, columns, expect_rows};
use crate::place::Bytes;
use crate::row_numbers::LOOKED_AT;
use crate::table::{Source, Table};

/// Readers that wait where they stopped.
const CURSORS: usize = 2;

/// Bytes of an unpacked page, as its writers make them by default.
const PAGE_BYTES: u64 = 1 << 20;

/// Some columns of a file.
struct Columns {
    reader: SerializedFileReader<Bytes>,
    columns: Vec<Placed>,
    /// Numbers in an event.
    dimension: usize,
    /// The first row of each row group, and the number of all rows.
    starts: Vec<u64>,
    /// Who reads on from where the last call ended unpacks no page twice.
    cursors: Mutex<Vec<Cursor>>,
}

/// A column and its place in an event.
#[derive(Debug)]
struct Placed {
    column: Column,
    /// The first of its numbers in an event.
    place: usize,
    /// Repetition levels of its numbers in each event; one for a plain number.
    levels: Vec<i16>,
    /// The least and the greatest number of each row group as far as the file says them.
    ranges: Vec<Option<[f64; 2]>>,
}

/// Readers of all columns, at the same row.
struct Cursor {
    row: u64,
    /// The row at which their row group ends.
    end: u64,
    readers: Vec<ColumnReader>,
}

/// The `wanted` columns in that order, or all that are features.
pub fn open(bytes: Bytes, wanted: Wanted<'_>) -> Result<Table> {
    undamaged(|| open_columns(bytes, wanted))
}

fn open_columns(bytes: Bytes, wanted: Wanted<'_>) -> Result<Table> {
    let wrong = |error: ParquetError| Error::data(format!("expected a Parquet file: {error}"));
    let reader = SerializedFileReader::new(bytes).map_err(wrong)?;
    let (chosen, notes) = columns(reader.metadata(), wanted, |column| first_values(&reader, column))?;
    let mut starts = vec![0];
    for group in reader.metadata().row_groups() {
        starts.push(starts[starts.len() - 1] + u64::try_from(group.num_rows()).unwrap_or(0));
    }
    let rows = usize::try_from(starts[starts.len() - 1]).unwrap_or(usize::MAX);
    expect_rows(reader.metadata(), &chosen)?;
    let mut source = Columns { reader, columns: Vec::new(), dimension: 0, starts, cursors: Mutex::default() };
    let (mut names, mut axes) = (Vec::new(), Vec::new());
    for column in chosen {
        let levels = if column.repeated == 0 { vec![0] } else { source.levels(&column)? };
        let count = levels.len();
        if column.repeated == 0 {
            names.push(column.name.clone());
        } else {
            names.extend((0..count).map(|i| format!("{}_{i}", column.name)));
        }
        axes.push(axes_of(&levels));
        let place = source.dimension;
        source.dimension += count;
        let ranges = source.reader.metadata().row_groups().iter();
        let ranges = ranges.map(|group| range(group.column(column.number), column.unsigned)).collect();
        source.columns.push(Placed { column, place, levels, ranges });
    }
    // A single column of lists of lists is an array of its own.
    let (shape, columns) = match &axes[..] {
        [Some([particles, components])] => (vec![rows, *particles, *components], None),
        _ => (vec![rows, source.dimension], Some(names)),
    };
    Ok(Table { columns, notes, names_used: true, ..Table::new(shape, Box::new(source)) })
}

/// The first numbers of a column, if none of them is null or too large.
fn first_values(reader: &SerializedFileReader<Bytes>, column: &Column) -> Option<Vec<f64>> {
    let group = reader.metadata().row_groups().iter().position(|group| group.num_rows() > 0)?;
    let mut values = reader.get_row_group(group).ok()?.get_column_reader(column.number).ok()?;
    let found = read(&mut values, column, LOOKED_AT).ok()?;
    let plain = found.null.is_none() && !(column.wide && found.values.iter().any(|x| x.abs() >= TOO_LARGE));
    plain.then_some(found.values)
}

/// Lists in an event and numbers in each, from the repetition levels of lists of lists that are equally long.
fn axes_of(levels: &[i16]) -> Option<[usize; 2]> {
    let lists = levels.iter().filter(|level| **level < 2).count();
    let each = levels.len().checked_div(lists)?;
    let regular = levels.iter().enumerate().all(|(i, level)| (*level < 2) == (i % each == 0));
    (levels.contains(&2) && regular).then_some([lists, each])
}

impl Columns {
    /// The repetition levels of the first event's lists in a column.
    fn levels(&self, column: &Column) -> Result<Vec<i16>> {
        let failed = |error: ParquetError| Error::data(format!("cannot read the file: {error}"));
        let Some(group) = self.starts.windows(2).position(|rows| rows[0] < rows[1]) else {
            return Ok(vec![0]);
        };
        let reader = self.reader.get_row_group(group).map_err(failed)?;
        let mut reader = reader.get_column_reader(column.number).map_err(failed)?;
        let first = read(&mut reader, column, 1).map_err(failed)?;
        if first.levels.len() != first.values.len() || first.values.is_empty() {
            return Err(not_equal(column, 0, "a list with numbers", "none"));
        }
        Ok(first.levels)
    }

    /// The row group of a row.
    fn group(&self, row: u64) -> usize {
        self.starts.partition_point(|start| *start <= row) - 1
    }

    /// Readers at a row.
    fn cursor(&self, row: u64) -> Result<Cursor, ParquetError> {
        let mut waiting = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = waiting.iter().position(|cursor| cursor.row == row) {
            return Ok(waiting.remove(place));
        }
        drop(waiting);
        let mut cursor = self.begin(row)?;
        let group = self.group(row);
        let skipped = (row - self.starts[group]) as usize;
        for reader in &mut cursor.readers {
            skip(reader, skipped)?;
        }
        Ok(cursor)
    }

    /// Readers at the begin of the row group of a row.
    fn begin(&self, row: u64) -> Result<Cursor, ParquetError> {
        let group = self.group(row);
        let reader = self.reader.get_row_group(group)?;
        let readers = self.columns.iter().map(|placed| reader.get_column_reader(placed.column.number));
        Ok(Cursor { row, end: self.starts[group + 1], readers: readers.collect::<Result<_, _>>()? })
    }
}

/// What `read` gives; of damaged pages the library may panic.
fn undamaged<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(Error::data(format!("cannot read the file: it is damaged ({text})")))
    })
}

impl Source for Columns {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        undamaged(|| self.read_rows(first, out))
    }

    fn held(&self) -> u64 {
        self.columns.len() as u64 * PAGE_BYTES
    }

    fn is_half(&self) -> bool {
        self.columns.iter().any(|placed| placed.column.half)
    }
}

impl Columns {
    fn read_rows(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let failed = |error: ParquetError| Error::data(format!("cannot read the file: {error}"));
        if out.is_empty() {
            return Ok(());
        }
        let d = self.dimension;
        let mut cursor = self.cursor(first).map_err(failed)?;
        let mut rest = out;
        while !rest.is_empty() {
            if cursor.row == cursor.end {
                cursor = self.begin(cursor.row).map_err(failed)?;
            }
            let rows = (rest.len() / d).min((cursor.end - cursor.row) as usize);
            let (part, others) = rest.split_at_mut(rows * d);
            for (placed, reader) in self.columns.iter().zip(&mut cursor.readers) {
                let found = read(reader, &placed.column, rows).map_err(failed)?;
                placed.fill(&found, cursor.row, rows, part, d)?;
                placed.expect_range(&found.values, cursor.row, self.group(cursor.row))?;
            }
            cursor.row += rows as u64;
            rest = others;
        }
        let mut waiting = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() == CURSORS {
            waiting.remove(0);
        }
        waiting.push(cursor);
        Ok(())
    }
}

impl Placed {
    /// Refuses numbers outside of the range that the file says: the checksum of a page does not cover what tells how it is read.
    fn expect_range(&self, values: &[f64], first: u64, group: usize) -> Result<()> {
        let Some([low, high]) = self.ranges[group] else { return Ok(()) };
        match values.iter().position(|x| *x < low || *x > high) {
            None => Ok(()),
            Some(place) => Err(Error::data(format!(
                "row {}, column `{}`: expected a number from {low} to {high} as the file's statistics say, found {}: the file is damaged",
                first + (place / self.levels.len()) as u64,
                self.column.name,
                values[place]
            ))),
        }
    }

    /// Puts the column's numbers into `rows` events from row `first` on; refuses nulls, missing rows and lists of other lengths.
    fn fill(&self, found: &Found, first: u64, rows: usize, events: &mut [f64], d: usize) -> Result<()> {
        let (column, count) = (&self.column, self.levels.len());
        let absent = |row: usize, number: usize, what: &str| {
            Error::data(format!(
                "row {}, number {}: expected a number, found {what}",
                first + row as u64,
                self.place + number
            ))
        };
        if column.repeated > 0 {
            let mut lists = found.levels.chunk_by(|_, next| *next > 0);
            for row in 0..rows {
                let list = lists.next().unwrap_or_default();
                if list != self.levels {
                    let expected = format!("{count} numbers as in row 0");
                    return Err(not_equal(
                        column,
                        first + row as u64,
                        &expected,
                        &format!("{} (or none)", list.len()),
                    ));
                }
            }
        }
        if let Some(place) = found.null {
            return Err(absent(place / count, place % count, "none (null)"));
        }
        if found.values.len() != rows * count {
            return Err(absent(
                found.values.len() / count,
                found.values.len() % count,
                "the end of the row group",
            ));
        }
        if column.wide
            && let Some(place) = found.values.iter().position(|x| x.abs() >= TOO_LARGE)
        {
            let row = first + (place / count) as u64;
            return Err(too_large(row, self.place + place % count, Some(&column.name)));
        }
        for (event, values) in events.chunks_exact_mut(d).zip(found.values.chunks_exact(count)) {
            event[self.place..self.place + count].copy_from_slice(values);
        }
        Ok(())
    }
}

/// The least and the greatest number of a column in a row group, where its statistics say them.
fn range(chunk: &ColumnChunkMetaData, unsigned: bool) -> Option<[f64; 2]> {
    let ends = match chunk.statistics()? {
        Statistics::Float(s) => [f64::from(*s.min_opt()?), f64::from(*s.max_opt()?)],
        Statistics::Double(s) => [*s.min_opt()?, *s.max_opt()?],
        // Old writers compared numbers without a sign as if they had one.
        Statistics::Int32(s) if !unsigned => [f64::from(*s.min_opt()?), f64::from(*s.max_opt()?)],
        Statistics::Int64(s) if !unsigned => [*s.min_opt()? as f64, *s.max_opt()? as f64],
        _ => return None,
    };
    Some(ends)
}

fn not_equal(column: &Column, row: u64, expected: &str, found: &str) -> Error {
    Error::data(format!(
        "row {row}, column `{}`: expected {expected}, found {found}: lists must be equally long in all events; pad them \
         (`awkward.pad_none`, then `awkward.fill_none(..., 0)`), or name other `columns`",
        column.name
    ))
}

/// What was read of a column.
struct Found {
    values: Vec<f64>,
    /// Repetition levels, of lists.
    levels: Vec<i16>,
    /// Place of the first null among the numbers.
    null: Option<usize>,
}

/// The next `count` records of a column.
fn read(reader: &mut ColumnReader, column: &Column, count: usize) -> Result<Found, ParquetError> {
    let unsigned = column.unsigned;
    match reader {
        ColumnReader::BoolColumnReader(r) => numbers(r, column, count, |x| f64::from(u8::from(x))),
        ColumnReader::FloatColumnReader(r) => numbers(r, column, count, f64::from),
        ColumnReader::DoubleColumnReader(r) => numbers(r, column, count, |x| x),
        ColumnReader::Int32ColumnReader(r) if unsigned => {
            numbers(r, column, count, |x| f64::from(x.cast_unsigned()))
        }
        ColumnReader::Int32ColumnReader(r) => numbers(r, column, count, f64::from),
        ColumnReader::Int64ColumnReader(r) if unsigned => {
            numbers(r, column, count, |x| x.cast_unsigned() as f64)
        }
        ColumnReader::Int64ColumnReader(r) => numbers(r, column, count, |x| x as f64),
        ColumnReader::FixedLenByteArrayColumnReader(r) => numbers(r, column, count, |x| match *x.data() {
            [low, high] => half(u16::from_le_bytes([low, high])),
            _ => f64::NAN,
        }),
        _ => Err(ParquetError::General("expected a column of numbers".into())),
    }
}

fn numbers<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    column: &Column,
    count: usize,
    number: impl Fn(T::T) -> f64,
) -> Result<Found, ParquetError> {
    let mut values = Vec::with_capacity(count);
    let (mut there, mut levels) = (Vec::new(), Vec::new());
    let mut records = 0;
    while records < count {
        let (read, _, _) =
            reader.read_records(count - records, Some(&mut there), Some(&mut levels), &mut values)?;
        if read == 0 {
            break;
        }
        records += read;
    }
    // Fewer values than levels: the highest level marks those that are there.
    let null = there.iter().position(|level| *level < column.present);
    Ok(Found { values: values.into_iter().map(number).collect(), levels, null })
}

/// Leaves out records.
fn skip(reader: &mut ColumnReader, count: usize) -> Result<usize, ParquetError> {
    match reader {
        ColumnReader::BoolColumnReader(r) => r.skip_records(count),
        ColumnReader::Int32ColumnReader(r) => r.skip_records(count),
        ColumnReader::Int64ColumnReader(r) => r.skip_records(count),
        ColumnReader::Int96ColumnReader(r) => r.skip_records(count),
        ColumnReader::FloatColumnReader(r) => r.skip_records(count),
        ColumnReader::DoubleColumnReader(r) => r.skip_records(count),
        ColumnReader::ByteArrayColumnReader(r) => r.skip_records(count),
        ColumnReader::FixedLenByteArrayColumnReader(r) => r.skip_records(count),
    }
}

impl fmt::Debug for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Columns {:?}", self.columns)
    }
}
