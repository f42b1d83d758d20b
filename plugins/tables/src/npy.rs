//! Arrays as NumPy saves them: numbers of any size and byte order, in C or Fortran order, or records of them.

use std::io::{ErrorKind, Read};

use amplicast_sdk::{Error, Result};
use ndarray_npy::npy::header::{Header, ReadHeaderError};

use crate::column_names::Wanted;
use crate::number::{Field, Kind, Number, decode_records, too_large};
use crate::place::Bytes;
use crate::record::{ChosenFields, Record, numpy_record};
use crate::row_numbers::LOOKED_AT;
use crate::table::{Source, Table};

/// Bytes that are read at once.
const READ_BYTES: usize = 1 << 16;

/// An array's numbers in C order, from byte `start` on.
#[derive(Debug)]
struct Rows {
    bytes: Bytes,
    number: Number,
    start: u64,
    /// Numbers in an event.
    dimension: usize,
}

/// An array's numbers in Fortran order: each number of all events, one number after the other.
#[derive(Debug)]
struct Columns {
    bytes: Bytes,
    number: Number,
    start: u64,
    /// Events in the file.
    rows: u64,
    /// Which of the file's columns each number of an event is.
    order: Vec<u64>,
}

/// An array's records, one an event.
#[derive(Debug)]
struct Records {
    bytes: Bytes,
    start: u64,
    size: usize,
    fields: Vec<Field>,
    names: Vec<String>,
}

/// The array from byte `start` to byte `end`; checks its header and its length. `wanted` are the columns of records.
pub fn open(bytes: Bytes, start: u64, end: u64, wanted: Wanted<'_>) -> Result<Table> {
    let (header, begin) = read_header(&bytes, start).map_err(|error| match error {
        ReadHeaderError::Io(e) if e.kind() != ErrorKind::UnexpectedEof => {
            Error::io("cannot read the file", e)
        }
        other => Error::data(format!("expected a .npy file, found something else: {other}")),
    })?;
    let kind = &header.type_descriptor;
    let (number, record) = match (kind.as_string(), kind.as_list()) {
        (Some(code), _) => (Some(Number::of_numpy(code)?), None),
        (None, Some(fields)) => {
            let fields = fields.iter().map(numpy_record).collect::<Result<Vec<_>>>()?;
            (None, Some(Record::new(fields)?))
        }
        (None, None) => {
            return Err(Error::data(format!("expected numbers such as float32 ('<f4'), found {kind}")));
        }
    };
    // Of no events the file's length says nothing on how large one would be.
    if header.shape.first() == Some(&0) {
        return Err(Error::data("expected at least one event, found none"));
    }
    let size = number.map_or_else(|| record.as_ref().map_or(0, |r| r.size), Number::bytes);
    let needed = header.shape.iter().try_fold(size as u64, |n, &axis| n.checked_mul(axis as u64));
    let expected = needed
        .and_then(|n| n.checked_add(begin - start))
        .ok_or_else(|| Error::data(format!("expected a shape that fits a file, found {:?}", header.shape)))?;
    if end - start < expected {
        return Err(Error::data(format!(
            "the file is cut short: expected {expected} bytes for shape {:?}, found {}",
            header.shape,
            end - start
        )));
    }
    let fortran = header.layout.is_fortran() && header.shape.len() > 1;
    match (number, record) {
        (Some(number), _) => {
            let source: Box<dyn Source> = if fortran {
                let order = fortran_order(&header.shape[1..]);
                Box::new(Columns { bytes, number, start: begin, rows: header.shape[0] as u64, order })
            } else {
                let dimension = header.shape.iter().skip(1).product();
                Box::new(Rows { bytes, number, start: begin, dimension })
            };
            Ok(Table::new(header.shape, source))
        }
        (None, record) => {
            let record = record.map_or_else(|| Record::new(Vec::new()), Ok)?;
            let (rows, each) = match *header.shape {
                [rows] => (rows, 1),
                [rows, each] if !fortran => (rows, each),
                _ => {
                    return Err(Error::data(format!(
                        "expected records of shape (events,) or (events, particles) in C order, found {:?}",
                        header.shape
                    )));
                }
            };
            let size = record.size * each;
            let first = |field: Field| {
                let mut values = vec![0.0; rows.min(LOOKED_AT)];
                let fields = vec![field];
                let source =
                    Records { bytes: bytes.clone(), start: begin, size, fields, names: vec![String::new()] };
                source.read(0, &mut values).ok().map(|()| values)
            };
            let ChosenFields { names, fields, notes } = record.repeated(each).choose(wanted, first)?;
            let shape = vec![rows, names.len()];
            let columns = Some(names.clone());
            let source = Box::new(Records { bytes, start: begin, size, fields, names });
            Ok(Table { columns, notes, names_used: true, ..Table::new(shape, source) })
        }
    }
}

/// The header of an array, and where its numbers begin.
///
/// Its length is a number of the file like any other: the parser gets no more than there is, so that it asks for no more memory.
fn read_header(bytes: &Bytes, start: u64) -> std::result::Result<(Header, u64), ReadHeaderError> {
    let mut reader = bytes.from(start);
    let mut magic = [0; 8];
    reader.read_exact(&mut magic)?;
    let version = magic[6];
    if !magic.starts_with(b"\x93NUMPY") || !matches!(version, 1..=3) {
        return Ok((Header::from_reader(&mut &magic[..])?, reader.place));
    }
    let mut width = vec![0; if version == 1 { 2 } else { 4 }];
    reader.read_exact(&mut width)?;
    let length = width.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte));
    let mut text = Vec::new();
    reader.by_ref().take(length).read_to_end(&mut text)?;
    if text.len() as u64 != length {
        return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into());
    }
    // Names of fields are in Latin-1 up to version 2, and in UTF-8 in version 3, which the parser reads.
    if version < 3 && !text.is_ascii() {
        text = text.into_iter().map(char::from).collect::<String>().into_bytes();
    }
    let whole = [&b"\x93NUMPY\x03\x00"[..], &(text.len() as u32).to_le_bytes(), &text].concat();
    Ok((Header::from_reader(&mut &whole[..])?, reader.place))
}

/// For each number of an event, in C order, which of the columns it is in Fortran order.
fn fortran_order(axes: &[usize]) -> Vec<u64> {
    let count: usize = axes.iter().product();
    let place = |number: usize| {
        // The last axis runs fastest in C order, the first one in Fortran order.
        let (mut rest, mut indices) = (number, vec![0; axes.len()]);
        for (index, &axis) in indices.iter_mut().zip(axes).rev() {
            (*index, rest) = (rest % axis, rest / axis);
        }
        indices.iter().zip(axes).rev().fold(0, |place, (index, axis)| place * axis + index) as u64
    };
    (0..count).map(place).collect()
}

impl Source for Rows {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let size = self.number.bytes();
        let mut buffer = vec![0; READ_BYTES.min(out.len() * size)];
        let mut reader = self.bytes.from(self.start + first * (self.dimension * size) as u64);
        let step = READ_BYTES / size;
        for (piece, i) in out.chunks_mut(step).zip((0..).step_by(step)) {
            let bytes = &mut buffer[..piece.len() * size];
            reader.read_exact(bytes).map_err(|error| Error::io("cannot read the file", error))?;
            if let Some(place) = self.number.decode(bytes, piece) {
                let place = i + place;
                return Err(too_large(first + (place / self.dimension) as u64, place % self.dimension, None));
            }
        }
        Ok(())
    }

    fn is_half(&self) -> bool {
        self.number.kind == Kind::Float(2)
    }
}

impl Source for Columns {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let (size, d) = (self.number.bytes(), self.order.len());
        let rows = out.len() / d;
        let (mut buffer, mut column) = (vec![0; rows * size], vec![0.0; rows]);
        for (place, &number) in self.order.iter().enumerate() {
            let mut reader = self.bytes.from(self.start + (first + number * self.rows) * size as u64);
            reader.read_exact(&mut buffer).map_err(|error| Error::io("cannot read the file", error))?;
            if let Some(row) = self.number.decode(&buffer, &mut column) {
                return Err(too_large(first + row as u64, place, None));
            }
            out.iter_mut().skip(place).step_by(d).zip(&column).for_each(|(x, value)| *x = *value);
        }
        Ok(())
    }

    fn is_half(&self) -> bool {
        self.number.kind == Kind::Float(2)
    }
}

impl Source for Records {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let d = self.fields.len();
        let step = (READ_BYTES / self.size).max(1);
        let mut buffer = vec![0; self.size * step.min(out.len() / d)];
        let mut reader = self.bytes.from(self.start + first * self.size as u64);
        for (piece, row) in out.chunks_mut(step * d).zip((first..).step_by(step)) {
            let bytes = &mut buffer[..self.size * (piece.len() / d)];
            reader.read_exact(bytes).map_err(|error| Error::io("cannot read the file", error))?;
            if let Some(place) = decode_records(self.size, &self.fields, bytes, piece) {
                let number = place % d;
                return Err(too_large(row + (place / d) as u64, number, Some(&self.names[number])));
            }
        }
        Ok(())
    }

    fn is_half(&self) -> bool {
        self.fields.iter().any(|field| field.number.kind == Kind::Float(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Element (j, k) of an event lies at j + 2 k in Fortran order and at 3 j + k in C order, for axes (2, 3).
    #[test]
    fn numbers_of_an_event_in_fortran_order() {
        assert_eq!(fortran_order(&[2, 3]), [0, 2, 4, 1, 3, 5]);
        assert_eq!(fortran_order(&[4]), [0, 1, 2, 3]);
    }
    fn read(text: &str, length: u32) -> Result<Table> {
        let bytes = [&b"\x93NUMPY\x02\x00"[..], &length.to_le_bytes(), text.as_bytes()].concat();
        let end = bytes.len() as u64;
        open(Bytes::Memory(bytes.into()), 0, end, Wanted::default())
    }

    /// Numbers of a damaged file are no sizes of memory: of its header, and of an event where there is none.
    #[test]
    fn lengths_are_held_against_the_file() {
        let text = |shape: &str| format!("{{'descr': '<f8', 'fortran_order': True, 'shape': ({shape}), }}\n");
        let error = |shape: &str, more: u32| {
            read(&text(shape), text(shape).len() as u32 + more).unwrap_err().to_string()
        };
        assert!(error("1, 2", 4_000_000_000).starts_with("expected a .npy file, found something else: "));
        assert_eq!(error("0, 4000000000", 0), "expected at least one event, found none");
        assert_eq!(error("0, 4000000000, 5000000000", 0), "expected at least one event, found none");
        assert!(
            error("1, 4000000000", 0).starts_with("the file is cut short"),
            "{}",
            error("1, 4000000000", 0)
        );
    }
}
