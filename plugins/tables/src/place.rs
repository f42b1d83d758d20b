//! Bytes that are read by position: of a file, or in memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes without a cursor, which threads would share.
#[derive(Debug, Clone)]
pub enum Bytes {
    File(Arc<File>),
    Memory(Arc<[u8]>),
}

impl Bytes {
    /// How many there are.
    pub fn length(&self) -> io::Result<u64> {
        match self {
            Bytes::File(file) => Ok(file.metadata()?.len()),
            Bytes::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Reads what `out` has room for, or less at the end.
    fn read_at(&self, out: &mut [u8], place: u64) -> io::Result<usize> {
        match self {
            Bytes::File(file) => file.read_at(out, place),
            Bytes::Memory(bytes) => {
                let start = usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
                (&bytes[start..]).read(out)
            }
        }
    }

    /// A reader from `place` on.
    pub fn from(&self, place: u64) -> Reader {
        Reader { bytes: self.clone(), place }
    }
}

/// Reads on from a place; its cursor is its own.
#[derive(Debug)]
pub struct Reader {
    bytes: Bytes,
    pub place: u64,
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read_at(out, self.place)?;
        self.place += read as u64;
        Ok(read)
    }
}

/// A reader that moves by itself: what shares a file's cursor with other threads reads wrong bytes.
#[derive(Debug)]
pub struct Seeking(Reader);

impl Seeking {
    pub fn new(bytes: Bytes) -> Self {
        Seeking(bytes.from(0))
    }
}

impl Read for Seeking {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl Seek for Seeking {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(offset) => self.0.bytes.length()?.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.0.place.checked_add_signed(offset),
        };
        self.0.place = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.0.place)
    }
}
