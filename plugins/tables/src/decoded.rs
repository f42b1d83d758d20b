//! The numbers of a text, decoded once when it is opened.
//!
//! Text cannot be read by position, and decoding it again for every few rows would cost more than everything else. So the numbers that are
//! selected, a tenth of the text or less, are kept as they are in memory: in it if they are few, otherwise in a file that has no name
//! and is gone with the process. Many such sources may be open at a time, and one that the pool closes must be decoded again: what each holds
//! in memory is small against what the pool allows, so that none is closed for its memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;

use amplicast_sdk::{Error, Result};

use crate::table::Source;

/// Numbers that are kept in memory: 16 MiB.
const IN_MEMORY: usize = 1 << 21;

/// Bytes that are read or written at once.
const AT_ONCE: usize = 1 << 16;

const SIZE: usize = size_of::<f64>();

/// Numbers on their way to where they are kept.
#[derive(Debug)]
pub struct Writer {
    /// Numbers that memory may hold.
    room: usize,
    held: Vec<f64>,
    spilled: Option<BufWriter<File>>,
}

/// Numbers of events, row after row, each of this many.
#[derive(Debug)]
struct Decoded {
    numbers: Numbers,
    dimension: usize,
}

#[derive(Debug)]
enum Numbers {
    Memory(Vec<f64>),
    File(File),
}

impl Writer {
    pub fn new() -> Self {
        Self::with_room(IN_MEMORY)
    }

    fn with_room(room: usize) -> Self {
        Writer { room, held: Vec::new(), spilled: None }
    }

    /// Adds the numbers of an event.
    pub fn push(&mut self, row: &[f64]) -> Result<()> {
        self.held.extend_from_slice(row);
        if self.held.len() > self.room {
            self.spill()?;
        }
        Ok(())
    }

    /// Moves what memory holds to the file.
    fn spill(&mut self) -> Result<()> {
        let file = match &mut self.spilled {
            Some(file) => file,
            None => {
                let file = tempfile::tempfile().map_err(no_room)?;
                self.spilled.insert(BufWriter::with_capacity(AT_ONCE, file))
            }
        };
        self.held.iter().try_for_each(|x| file.write_all(&x.to_le_bytes())).map_err(no_room)?;
        self.held.clear();
        // From here on memory holds no more than what is written at once.
        self.room = AT_ONCE / SIZE;
        Ok(())
    }

    /// The numbers, to be read; an event has `dimension` of them.
    pub fn finish(mut self, dimension: usize) -> Result<Box<dyn Source>> {
        if self.spilled.is_some() {
            self.spill()?;
        }
        let numbers = match self.spilled {
            None => {
                self.held.shrink_to_fit();
                Numbers::Memory(self.held)
            }
            Some(file) => Numbers::File(file.into_inner().map_err(|error| no_room(error.into_error()))?),
        };
        Ok(Box::new(Decoded { numbers, dimension }))
    }
}

/// The error of a temporary file that cannot be written.
fn no_room(error: std::io::Error) -> Error {
    let folder = std::env::temp_dir();
    Error::io(
        format!(
            "cannot keep the decoded numbers in the folder of temporary files, {}; name another one with TMPDIR",
            folder.display()
        ),
        error,
    )
}

impl Source for Decoded {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let start = first as usize * self.dimension;
        match &self.numbers {
            Numbers::Memory(numbers) => {
                let there = numbers.get(start..start + out.len());
                out.copy_from_slice(
                    there.ok_or_else(|| Error::data("expected rows of the file, found its end"))?,
                );
            }
            Numbers::File(file) => {
                let mut bytes = vec![0; AT_ONCE.min(out.len() * SIZE)];
                let mut place = (start * SIZE) as u64;
                for piece in out.chunks_mut(AT_ONCE / SIZE) {
                    let bytes = &mut bytes[..piece.len() * SIZE];
                    file.read_exact_at(bytes, place)
                        .map_err(|error| Error::io("cannot read the decoded numbers", error))?;
                    for (x, bytes) in piece.iter_mut().zip(bytes.as_chunks().0) {
                        *x = f64::from_le_bytes(*bytes);
                    }
                    place += bytes.len() as u64;
                }
            }
        }
        Ok(())
    }

    fn held(&self) -> u64 {
        match &self.numbers {
            Numbers::Memory(numbers) => (numbers.len() * SIZE) as u64,
            Numbers::File(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_memory_and_in_a_file_are_the_same() {
        for (room, in_file) in [(usize::MAX, false), (10, true)] {
            let mut writer = Writer::with_room(room);
            // More than are read or written at once.
            let rows = 3 * AT_ONCE / SIZE / 5;
            for i in 0..rows {
                let x = i as f64;
                writer.push(&[x, 0.1 * x, -x, x * x, f64::MIN_POSITIVE]).unwrap();
            }
            let source = writer.finish(5).unwrap();
            assert_eq!(source.held() == 0, in_file);
            let mut out = vec![0.0; 5 * (rows - 7)];
            source.read(7, &mut out).unwrap();
            for (row, i) in out.chunks(5).zip(7..) {
                let x = f64::from(i);
                assert_eq!(row, [x, 0.1 * x, -x, x * x, f64::MIN_POSITIVE]);
            }
            assert!(source.read(8, &mut out).is_err());
        }
    }
}
