//! What a child has done so far, in a file: it outlives a child that an input ends.

use std::fs::File;
use std::io::Result;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Numbers of inputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Status {
    /// The one that is being read; behind the last one when all are.
    pub number: u64,
    /// Read.
    pub read: u64,
    /// Refused with an error.
    pub refused: u64,
    /// Refused with an error that was a panic of somebody else's library.
    pub outside: u64,
    /// What must not happen.
    pub failures: u64,
}

impl Status {
    /// Writes it; before each input.
    pub fn write(&self, file: &File) -> Result<()> {
        let numbers = [self.number, self.read, self.refused, self.outside, self.failures];
        file.write_all_at(&numbers.map(u64::to_le_bytes).concat(), 0)
    }

    /// What was written last; nothing if the child never began.
    pub fn read(path: &Path) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        let (numbers, _) = bytes.as_chunks();
        let [number, read, refused, outside, failures] =
            <[[u8; 8]; 5]>::try_from(numbers).ok()?.map(u64::from_le_bytes);
        Some(Status { number, read, refused, outside, failures })
    }
}
