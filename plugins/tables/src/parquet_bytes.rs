//! Bytes as the Parquet library reads them.

use std::io::{self, BufReader, Read};

use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::place::{Bytes, Reader};

impl Length for Bytes {
    fn len(&self) -> u64 {
        self.length().unwrap_or(0)
    }
}

/// A reader to which the end of the file is an error: the library, which believes a damaged list's length, would go on asking.
#[derive(Debug)]
pub struct Within(Reader);

impl Read for Within {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 if !out.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

impl ChunkReader for Bytes {
    type T = BufReader<Within>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(Within(self.from(start))))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_file_is_an_error() {
        let bytes = Bytes::Memory(vec![1_u8, 2, 3].into());
        let (mut reader, mut out) = (bytes.get_read(1).unwrap(), [0; 4]);
        assert_eq!((reader.read(&mut out).unwrap(), &out[..2]), (2, &[2, 3][..]));
        assert_eq!(reader.read(&mut out).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(&bytes.get_bytes(1, 2).unwrap()[..], [2, 3]);
        assert!(matches!(bytes.get_bytes(1, 3), Err(ParquetError::EOF(_))));
    }
}
