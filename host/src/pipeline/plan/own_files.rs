//! Files of members, against each other and against the files of true events, before any of them is read.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use amplicast_sdk::{Error, Result};

/// Refuses a member that is a file of true events under any name; what is in another format is seen when it is read.
pub fn expect_no_true_file(true_files: &[PathBuf], members: &[(String, u64)]) -> Result<()> {
    for (member, _) in members {
        // A name with an array's is no path, and one of several arrays of a file may be a member.
        if let Some(file) =
            true_files.iter().find(|file| same_bytes(file, Path::new(member)).unwrap_or(false))
        {
            let message = format!("is the file of true events {}: expected generated events", file.display());
            return Err(Error::data(message).at(member.clone()));
        }
    }
    Ok(())
}

/// Whether two files hold the same; what cannot be read is said where it is needed.
fn same_bytes(a: &Path, b: &Path) -> std::io::Result<bool> {
    let files = [File::open(a)?, File::open(b)?];
    let [x, y] = [files[0].metadata()?, files[1].metadata()?];
    if !(x.is_file() && y.is_file()) || x.len() != y.len() {
        return Ok(false);
    }
    if (x.dev(), x.ino()) == (y.dev(), y.ino()) {
        return Ok(true);
    }
    let [mut a, mut b] = files.map(BufReader::new);
    loop {
        let (p, q) = (a.fill_buf()?, b.fill_buf()?);
        let n = p.len().min(q.len());
        if n == 0 || p[..n] != q[..n] {
            return Ok(n == 0 && p.len() == q.len());
        }
        a.consume(n);
        b.consume(n);
    }
}

/// Refuses members of which some have fewer events than others and than n_gen.
///
/// A file that ends early is, more often than not, one whose writing was cut off.
pub fn expect_one_length(n_gen: u64, members: &[(String, u64)]) -> Result<()> {
    let shortest = members.iter().min_by_key(|(_, events)| *events);
    let longest = members.iter().rev().max_by_key(|(_, events)| *events);
    match shortest.zip(longest) {
        Some(((short, least), (long, most))) if *least < n_gen && least < most => Err(Error::data(format!(
            "expected {most} events as in {long}, found {least}; a smaller n_gen takes as many of each member"
        ))
        .at(short.clone())),
        _ => Ok(()),
    }
}
