//! Arrays as NumPy saves them: little-endian f32 or f64, C order.

use std::io::{ErrorKind, Read};

use amplicast_sdk::{Error, Result};
use ndarray_npy::npy::header::{Header, ReadHeaderError};

use crate::place::Bytes;
use crate::table::{Source, Table};

/// Bytes that are read at once.
const READ_BYTES: usize = 1 << 16;

/// The type of the numbers in an array.
#[derive(Debug, Clone, Copy)]
enum Number {
    F32,
    F64,
}

impl Number {
    fn bytes(self) -> usize {
        match self {
            Number::F32 => 4,
            Number::F64 => 8,
        }
    }
}

/// An array's numbers, from byte `start` on.
#[derive(Debug)]
struct Numbers {
    bytes: Bytes,
    number: Number,
    start: u64,
    /// Numbers in an event.
    dimension: usize,
}

/// The array from byte `start` to byte `end`; checks its header and its length.
pub fn open(bytes: Bytes, start: u64, end: u64) -> Result<Table> {
    let mut reader = bytes.from(start);
    let header = Header::from_reader(&mut reader).map_err(|error| match error {
        ReadHeaderError::Io(e) if e.kind() != ErrorKind::UnexpectedEof => {
            Error::io("cannot read the file", e)
        }
        other => Error::data(format!("expected a .npy file, found something else: {other}")),
    })?;
    let number = match header.type_descriptor.as_string().map(String::as_str) {
        Some("<f4") => Number::F32,
        Some("<f8") => Number::F64,
        _ => {
            return Err(Error::data(format!(
                "expected numbers of type '<f4' (float32) or '<f8' (float64), found {}",
                header.type_descriptor
            )));
        }
    };
    if header.layout.is_fortran() {
        return Err(Error::data(
            "expected an array in C order, found Fortran order; save numpy.ascontiguousarray of it",
        ));
    }
    let needed = header.shape.iter().try_fold(number.bytes() as u64, |n, &axis| n.checked_mul(axis as u64));
    let expected = needed
        .and_then(|n| n.checked_add(reader.place - start))
        .ok_or_else(|| Error::data(format!("expected a shape that fits a file, found {:?}", header.shape)))?;
    if end - start < expected {
        return Err(Error::data(format!(
            "the file is cut short: expected {expected} bytes for shape {:?}, found {}",
            header.shape,
            end - start
        )));
    }
    let dimension = header.shape.iter().skip(1).product();
    let source = Box::new(Numbers { bytes, number, start: reader.place, dimension });
    Ok(Table { shape: header.shape, columns: None, source })
}

impl Source for Numbers {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let size = self.number.bytes();
        let mut buffer = vec![0; READ_BYTES.min(out.len() * size)];
        let mut reader = self.bytes.from(self.start + first * (self.dimension * size) as u64);
        for piece in out.chunks_mut(READ_BYTES / size) {
            let bytes = &mut buffer[..piece.len() * size];
            reader.read_exact(bytes).map_err(|error| Error::io("cannot read the file", error))?;
            decode(self.number, bytes, piece);
        }
        Ok(())
    }
}

/// Little-endian bytes to numbers.
fn decode(number: Number, bytes: &[u8], out: &mut [f64]) {
    match number {
        Number::F32 => {
            let (words, _) = bytes.as_chunks::<4>();
            out.iter_mut().zip(words).for_each(|(x, b)| *x = f64::from(f32::from_le_bytes(*b)));
        }
        Number::F64 => {
            let (words, _) = bytes.as_chunks::<8>();
            out.iter_mut().zip(words).for_each(|(x, b)| *x = f64::from_le_bytes(*b));
        }
    }
}
