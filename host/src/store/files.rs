//! Files that appear under their final names only when they are complete.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use amplicast_sdk::{Error, Result};
use tempfile::NamedTempFile;

/// The content of a file, if it is one: what is called like one may be a pipe without an end.
pub fn regular_file(path: &Path) -> std::io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("expected a file, found something else of this name"));
    }
    std::fs::read(path)
}

/// How the names of our temporary files begin.
const TEMPORARY: &str = ".amplicast-";

pub(super) fn temporary(folder: &Path) -> std::io::Result<NamedTempFile> {
    // The system takes the umask's bits away.
    tempfile::Builder::new().prefix(TEMPORARY).permissions(Permissions::from_mode(0o666)).tempfile_in(folder)
}

/// Removes temporary files that a killed run left in its folder. The caller holds its lock.
pub fn remove_leftovers(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes()) {
            // What cannot be removed is in nobody's way.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Writes a file under a temporary name, syncs it, and renames it.
///
/// Like any file that a program makes for people, it is readable and writable as the user's umask says; a temporary file of
/// the usual kind is its owner's alone, and a rename keeps that.
///
/// A run that begins removes the temporary files of killed ones, and may meet that of a job that is at work: then it is written
/// again.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    twice(path, || write_in_pieces(path, |to| to.write_all(bytes)))
}

/// The same for what is too long to be held whole.
pub fn write_in_pieces(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<()> {
    write(path, content, |file| file.as_file().sync_all())
}

/// Writes a file without waiting for the disk: for what can be made again from what is stored.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    twice(path, || write(path, |to| to.write_all(bytes), |_| Ok(())))
}

/// Once more if it failed, though the folder is there.
fn twice(path: &Path, write: impl Fn() -> Result<()>) -> Result<()> {
    write().or_else(|error| if path.parent().is_some_and(Path::is_dir) { write() } else { Err(error) })
}

/// The same, unless the file is there with this content.
pub fn update(path: &Path, bytes: &[u8]) -> Result<()> {
    let same = !path.is_symlink() && regular_file(path).is_ok_and(|there| there == bytes);
    if same { Ok(()) } else { replace(path, bytes) }
}

fn write(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    sync: impl FnOnce(&NamedTempFile) -> std::io::Result<()>,
) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = temporary(path.parent().unwrap_or(Path::new(".")))?;
        content(&mut file)?;
        sync(&file)?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(|e| Error::io(path.display(), e))
}
