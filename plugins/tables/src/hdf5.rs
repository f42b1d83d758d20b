//! Datasets of HDF5 files.

use std::path::Path;

use amplicast_sdk::{Error, Result};
use hdf5_pure::{ChunkCacheConfig, Dataset, DatasetAccessProperties, File};

use crate::hdf5_keys::{Place, Tree, columns_of_group, within};
use crate::hdf5_storage::expect_stored;
use crate::hdf5_types::{Element, element};
use crate::npz::weights_beside;
use crate::number::{Field, Kind, Number, decode_records, too_large};
use crate::record::ChosenFields;
use crate::row_numbers::{LOOKED_AT, Values};
use crate::side_by_side::side_by_side;
use crate::table::{Selection, Source, Table};

/// Bytes of unpacked chunks that a dataset may hold; larger ones are unpacked again for each piece that is read.
const MOST_HELD: u64 = 1 << 30;

/// What a dataset holds without being asked: the default of the library.
const LEAST_HELD: u64 = 1 << 20;

/// Rows of a dataset of numbers.
#[derive(Debug)]
struct Rows {
    dataset: Dataset,
    number: Number,
    /// Numbers in an event.
    dimension: usize,
    held: u64,
}

/// Rows of a dataset of records.
#[derive(Debug)]
struct Records {
    dataset: Dataset,
    size: usize,
    fields: Vec<Field>,
    names: Vec<String>,
    held: u64,
}

/// The dataset that `selection` names with its groups (`group/name`), or the datasets of a group as columns.
pub fn open(path: &Path, selection: &Selection) -> Result<Table> {
    let wrong = |error: hdf5_pure::Error| Error::data(format!("expected an HDF5 file: {error}"));
    let file = File::open_streaming(path).map_err(wrong)?;
    let (expected, found) = (file.superblock().eof_address, file.file_size());
    if found < expected {
        return Err(Error::data(format!("the file is cut short: expected {expected} bytes, found {found}")));
    }
    let tree = Tree::new(&file, path);
    match tree.find(selection)? {
        Place::Dataset(key) => {
            selection.refuse_weights(&key)?;
            let opened = file.dataset(&key).map_err(|error| failed(error, &key))?;
            let mut table = open_dataset(&file, opened, &key, selection)?;
            let listed = tree.keys().unwrap_or_default();
            table.notes.extend(weights_beside(&key, &listed).filter(|_| selection.weights.is_none()));
            table.key = Some(key);
            Ok(table)
        }
        Place::Group(group) => open_group(&tree, group, selection),
    }
}

/// The datasets of a group as columns; the only one that there is as it is.
fn open_group(tree: &Tree, group: String, selection: &Selection) -> Result<Table> {
    let file = tree.file;
    let open = |key: &str| {
        let dataset = file.dataset(key).map_err(|error| failed(error, key))?;
        open_dataset(file, dataset, key, &Selection::default())
    };
    let values = |key: &str| match open(key) {
        Ok(table) => match *table.shape {
            [events] | [events, 1] => {
                let mut values = vec![0.0; events.min(LOOKED_AT)];
                let read = table.source.read(0, &mut values);
                read.map_or(Values::Unread, |()| Values::Numbers(values))
            }
            _ => Values::Several,
        },
        Err(_) => Values::Unread,
    };
    let (names, notes) = columns_of_group(tree, &group, selection.wanted(), values)?;
    if let ([only], None) = (&names[..], &selection.columns) {
        let key = within(&group, only);
        let table = open(&key)?;
        let notes = [notes, table.notes].concat();
        return Ok(Table { key: Some(key), notes, ..table });
    }
    let hint = format!("dataset of the group `{group}`");
    let table = side_by_side(&names, |name| within(&group, name), open, &hint)?;
    let notes = [notes, table.notes].concat();
    Ok(Table { notes, key: Some(group), ..table })
}

fn failed(error: hdf5_pure::Error, key: &str) -> Error {
    Error::data(error.to_string()).at(format!("`{key}`"))
}

/// A dataset: its layout, filters and type are checked.
fn open_dataset(file: &File, dataset: Dataset, key: &str, selection: &Selection) -> Result<Table> {
    let inside = |error: hdf5_pure::Error| failed(error, key);
    let here = |error: Error| match error.place() {
        "columns" => error,
        _ => error.at(format!("`{key}`")),
    };
    let shape = dataset.shape().map_err(inside)?;
    let size = dataset.element_size().map_err(inside)?;
    let unwritten = expect_stored(&dataset, &shape, size, file.file_size(), key).map_err(here)?;
    let element = element(&dataset.datatype().map_err(inside)?).map_err(here)?;
    let (held, slots) = unpacked(&dataset, &shape, size);
    let dataset = if held > LEAST_HELD {
        let bytes = usize::try_from(held).unwrap_or(usize::MAX);
        let cache = ChunkCacheConfig::new().with_max_bytes(bytes).with_max_slots(slots);
        file.dataset_with_options(key, DatasetAccessProperties::new().with_chunk_cache(cache))
            .map_err(inside)?
    } else {
        dataset
    };
    let shape: Vec<usize> =
        shape.into_iter().map(|axis| usize::try_from(axis).unwrap_or(usize::MAX)).collect();
    // Of no events the numbers that are stored say nothing on how large one would be.
    if shape.first() == Some(&0) {
        return Err(here(Error::data("expected at least one event, found none")));
    }
    let dimension = shape.iter().skip(1).try_fold(1_usize, |n, &axis| n.checked_mul(axis));
    let dimension = dimension
        .ok_or_else(|| here(Error::data(format!("expected a shape that fits a file, found {shape:?}"))))?;
    match element {
        Element::Number(number) => {
            let source = Box::new(Rows { dataset, number, dimension, held });
            Ok(Table { notes: unwritten.into_iter().collect(), ..Table::new(shape, source) })
        }
        Element::Record(record) => {
            let (rows, each) = match *shape {
                [rows] => (rows, 1),
                [rows, each] => (rows, each),
                _ => {
                    return Err(here(Error::data(format!(
                        "expected records of shape (events,) or (events, particles), found {shape:?}"
                    ))));
                }
            };
            let size = record.size * each;
            let first = |field: Field| {
                let rows = rows.min(LOOKED_AT);
                let (mut values, bytes) = (vec![0.0; rows], read_rows(&dataset, 0, rows, size).ok()?);
                decode_records(size, &[field], &bytes, &mut values).is_none().then_some(values)
            };
            let ChosenFields { names, fields, mut notes } =
                record.repeated(each).choose(selection.wanted(), first).map_err(here)?;
            notes.extend(unwritten);
            let (shape, columns) = (vec![rows, names.len()], Some(names.clone()));
            let source = Box::new(Records { dataset, size, fields, names, held });
            Ok(Table { columns, notes, names_used: true, ..Table::new(shape, source) })
        }
    }
}

/// Bytes and number of the chunks that reading rows in turn needs again: those of a row, and of the row before.
fn unpacked(dataset: &Dataset, shape: &[u64], size: u64) -> (u64, usize) {
    let Ok(Some(chunk)) = dataset.chunk_shape() else { return (0, 0) };
    let across = shape.iter().zip(&chunk).skip(1).map(|(axis, chunk)| axis.div_ceil((*chunk).max(1)));
    let across = across.fold(1_u64, u64::saturating_mul).max(1);
    let row = chunk.iter().fold(size, |bytes, axis| bytes.saturating_mul(*axis)).saturating_mul(across);
    // A chunk that spans all rows has none after it.
    let rows = if shape.first() <= chunk.first() { 1 } else { 2 };
    let slots = usize::try_from(across.saturating_mul(rows)).unwrap_or(usize::MAX);
    (row.saturating_mul(rows).min(MOST_HELD), slots.max(16))
}

/// The bytes of `rows` rows from row `first` on.
fn read_rows(dataset: &Dataset, first: u64, rows: usize, size: usize) -> Result<Vec<u8>> {
    let bytes = dataset
        .read_raw_rows(first, rows as u64)
        .map_err(|error| Error::data(format!("cannot read the dataset: {error}")))?;
    if bytes.len() != rows * size {
        return Err(Error::data(format!(
            "expected {} bytes from row {first} on, found {}",
            rows * size,
            bytes.len()
        )));
    }
    Ok(bytes)
}

impl Source for Rows {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let d = self.dimension.max(1);
        let bytes = read_rows(&self.dataset, first, out.len() / d, d * self.number.bytes())?;
        match self.number.decode(&bytes, out) {
            None => Ok(()),
            Some(place) => Err(too_large(first + (place / d) as u64, place % d, None)),
        }
    }

    fn held(&self) -> u64 {
        self.held
    }

    fn is_half(&self) -> bool {
        self.number.kind == Kind::Float(2)
    }
}

impl Source for Records {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let d = self.fields.len();
        let bytes = read_rows(&self.dataset, first, out.len() / d, self.size)?;
        match decode_records(self.size, &self.fields, &bytes, out) {
            None => Ok(()),
            Some(place) => {
                Err(too_large(first + (place / d) as u64, place % d, Some(&self.names[place % d])))
            }
        }
    }

    fn held(&self) -> u64 {
        self.held
    }

    fn is_half(&self) -> bool {
        self.fields.iter().any(|field| field.number.kind == Kind::Float(2))
    }
}
