//! What kind of thing a path leads to.

use std::fs::FileType;
use std::os::unix::fs::FileTypeExt;

use amplicast_sdk::{Error, Result};

/// Refuses what has no rows that could be read by their position; opening it might wait for ever.
pub fn expect_regular(kind: FileType) -> Result<()> {
    let what = match kind {
        _ if kind.is_file() || kind.is_dir() => return Ok(()),
        _ if kind.is_fifo() => "a named pipe",
        _ if kind.is_socket() => "a socket",
        _ if kind.is_block_device() || kind.is_char_device() => "a device",
        _ => "something else",
    };
    Err(Error::data(format!("expected a file, found {what}; write the events to a file first")))
}
