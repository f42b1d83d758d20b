//! Messages to and from an interpreter: a line of JSON, then the bytes of the arrays that it names.

use std::io::Write;

use amplicast_sdk::ndarray::{ArrayView2, CowArray, Ix2};
use amplicast_sdk::serde_json::{Map, Value, json};

/// An array of a request.
pub(crate) enum Array<'a> {
    /// Events (n x d).
    Events(CowArray<'a, f64, Ix2>),
    /// Whole numbers.
    Integers(&'a [u64]),
    /// Numbers.
    Numbers(&'a [f64]),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// Bytes that are turned into numbers, or made of them, at once.
const PIECE: usize = 1 << 18;

impl<'a> Array<'a> {
    /// Events in any order in memory.
    pub fn events(events: ArrayView2<'a, f64>) -> Self {
        let standard = events.is_standard_layout();
        Array::Events(if standard { events.into() } else { events.as_standard_layout().into_owned().into() })
    }

    fn described(&self) -> Value {
        match self {
            Array::Events(events) => json!(["<f8", [events.nrows(), events.ncols()]]),
            Array::Integers(numbers) => json!(["<i8", [numbers.len()]]),
            Array::Numbers(numbers) => json!(["<f8", [numbers.len()]]),
            Array::Bytes(bytes) => json!(["|u1", [bytes.len()]]),
        }
    }

    fn write(&self, to: &mut impl Write) -> std::io::Result<()> {
        match self {
            Array::Bytes(bytes) => to.write_all(bytes),
            Array::Integers(numbers) => pieces(numbers, |x| x.to_le_bytes(), to),
            Array::Numbers(numbers) => pieces(numbers, |x| x.to_le_bytes(), to),
            Array::Events(events) => pieces(events.as_slice().unwrap_or(&[]), |x| x.to_le_bytes(), to),
        }
    }
}

fn pieces<T: Copy>(numbers: &[T], bytes: impl Fn(T) -> [u8; 8], to: &mut impl Write) -> std::io::Result<()> {
    let mut piece = Vec::with_capacity(PIECE.min(8 * numbers.len()));
    for part in numbers.chunks(PIECE / 8) {
        piece.clear();
        part.iter().for_each(|x| piece.extend_from_slice(&bytes(*x)));
        to.write_all(&piece)?;
    }
    Ok(())
}

/// Writes a request.
pub(crate) fn write(
    mut message: Map<String, Value>,
    arrays: &[Array<'_>],
    to: &mut impl Write,
) -> std::io::Result<()> {
    message.insert("arrays".into(), arrays.iter().map(Array::described).collect());
    to.write_all(format!("{}\n", Value::Object(message)).as_bytes())?;
    arrays.iter().try_for_each(|array| array.write(to))
}

/// Bytes that were read, and not yet taken.
pub(crate) struct Received {
    /// Room, of which a part is filled: it is never cleared, which would cost as much as a copy.
    room: Vec<u8>,
    filled: std::ops::Range<usize>,
}

impl Received {
    pub fn new() -> Self {
        Received { room: vec![0; PIECE], filled: 0..0 }
    }

    /// What is there.
    pub fn there(&self) -> &[u8] {
        &self.room[self.filled.clone()]
    }

    /// Takes bytes that are there.
    pub fn take(&mut self, n: usize) {
        self.filled.start += n;
    }

    /// Reads more; false at the end of the pipe.
    pub fn more(&mut self, read: impl FnOnce(&mut [u8]) -> std::io::Result<usize>) -> std::io::Result<bool> {
        self.room.copy_within(self.filled.clone(), 0);
        self.filled = 0..self.filled.len();
        if self.filled.end == self.room.len() {
            self.room.resize(2 * self.room.len(), 0);
        }
        let found = read(&mut self.room[self.filled.end..])?;
        self.filled.end += found;
        Ok(found > 0)
    }

    /// A whole line without its end, taken; none if it is not there yet.
    pub fn line(&mut self) -> Option<Vec<u8>> {
        let end = self.there().iter().position(|byte| *byte == b'\n')?;
        let line = self.there()[..end].to_vec();
        self.take(end + 1);
        Some(line)
    }

    /// Takes as many bytes as are there, up to the length of `out`; gives how many.
    pub fn bytes(&mut self, out: &mut [u8]) -> usize {
        let n = self.there().len().min(out.len());
        out[..n].copy_from_slice(&self.there()[..n]);
        self.take(n);
        n
    }
}
