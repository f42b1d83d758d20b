//! The completion mark: a file that lists every file of the folder with its size.
//!
//! It is written last, so that a folder without it, or one that does not match it, is known to be
//! half-written or damaged.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{During, Outcome};

/// The mark's file name, inside the folder it describes.
const NAME: &str = "complete.txt";

/// First line of the mark: a change of what `setup` assembles changes it, and old folders are made anew.
const RECIPE: &str = "libtorch 2.13.0 cpu, recipe 1";

/// Lists every file below `folder` in its mark.
pub fn write(folder: &Path) -> Outcome {
    let mut files = Vec::new();
    list(folder, &mut files).during(|| format!("list {}", folder.display()))?;
    files.sort();
    let mut text = format!("{RECIPE}\n");
    for (path, size) in files {
        let path = path.strip_prefix(folder).unwrap_or(&path).display();
        let _ = writeln!(text, "{size} {path}");
    }
    let mark = folder.join(NAME);
    fs::write(&mark, text).during(|| format!("write {}", mark.display()))
}

fn list(folder: &Path, files: &mut Vec<(PathBuf, u64)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let metadata = fs::metadata(&path)?;
        if metadata.is_dir() {
            list(&path, files)?;
        } else {
            files.push((path, metadata.len()));
        }
    }
    Ok(())
}

/// Whether the folder is what its mark says; if not, what the first difference is.
pub fn check(folder: &Path) -> Result<(), String> {
    let text = fs::read_to_string(folder.join(NAME)).map_err(|_| "it was never finished".to_owned())?;
    let mut lines = text.lines();
    if lines.next() != Some(RECIPE) {
        return Err("it was made by another version of setup".to_owned());
    }
    for line in lines {
        let (size, path) = line.split_once(' ').ok_or("its list of files is damaged")?;
        match fs::metadata(folder.join(path)) {
            Err(_) => return Err(format!("{path} is missing")),
            Ok(found) if found.len().to_string() != size => {
                return Err(format!("{path} has {} bytes instead of {size}", found.len()));
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("lib")).unwrap();
        fs::write(folder.path().join("lib/a.so"), "12345").unwrap();
        fs::write(folder.path().join("version"), "1").unwrap();
        write(folder.path()).unwrap();
        folder
    }

    #[test]
    fn a_whole_folder_is_complete() {
        assert_eq!(check(marked().path()), Ok(()));
    }

    #[test]
    fn a_folder_without_mark_is_not() {
        let folder = marked();
        fs::remove_file(folder.path().join(NAME)).unwrap();
        assert_eq!(check(folder.path()).unwrap_err(), "it was never finished");
    }

    #[test]
    fn a_missing_file_is_seen_and_its_return() {
        let folder = marked();
        fs::remove_file(folder.path().join("lib/a.so")).unwrap();
        assert_eq!(check(folder.path()).unwrap_err(), "lib/a.so is missing");
        fs::write(folder.path().join("lib/a.so"), "54321").unwrap();
        assert_eq!(check(folder.path()), Ok(()));
    }

    #[test]
    fn a_wrong_size_is_seen() {
        let folder = marked();
        fs::write(folder.path().join("lib/a.so"), "123").unwrap();
        assert_eq!(check(folder.path()).unwrap_err(), "lib/a.so has 3 bytes instead of 5");
    }

    #[test]
    fn another_recipe_is_seen() {
        let folder = marked();
        fs::write(folder.path().join(NAME), "libtorch 1.0\n").unwrap();
        assert!(check(folder.path()).unwrap_err().contains("another version"));
    }
}
