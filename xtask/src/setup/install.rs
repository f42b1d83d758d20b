//! Putting a finished folder in place, or none.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::mark;
use crate::failure::{During, Outcome};

/// Holds off every other `setup` of the same target until dropped; makes the folder above it.
pub fn lock(target: &Path) -> Outcome<File> {
    let path = sibling(target, "lock");
    if let Some(above) = target.parent() {
        fs::create_dir_all(above).during(|| format!("make {}", above.display()))?;
    }
    let file = File::create(&path).during(|| format!("make {}", path.display()))?;
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        println!("setup: waiting for another setup");
        file.lock().during(|| format!("lock {}", path.display()))?;
    }
    Ok(file)
}

/// Lets `build` fill a folder beside `target`, marks it complete and moves it there.
///
/// A call that is killed or fails leaves no folder that looks complete.
pub fn replace(target: &Path, build: impl FnOnce(&Path) -> Outcome) -> Outcome {
    let partial = sibling(target, "partial");
    remove(&partial)?;
    fs::create_dir(&partial).during(|| format!("make {}", partial.display()))?;
    build(&partial)?;
    mark::write(&partial)?;
    remove(target)?;
    fs::rename(&partial, target).during(|| format!("move {} into place", partial.display()))
}

fn remove(path: &Path) -> Outcome {
    let removed = match fs::symlink_metadata(path) {
        Err(_) => return Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    removed.during(|| format!("remove {}", path.display()))
}

fn sibling(target: &Path, suffix: &str) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{suffix}"));
    target.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    fn fill(folder: &Path) -> Outcome {
        fs::write(folder.join("a.so"), "12345").during(String::new)
    }

    #[test]
    fn a_damaged_folder_is_repaired() {
        let above = tempfile::tempdir().unwrap();
        let target = above.path().join("libtorch");
        replace(&target, fill).unwrap();
        assert_eq!(mark::check(&target), Ok(()));
        fs::write(target.join("a.so"), "1").unwrap();
        assert!(mark::check(&target).is_err());
        replace(&target, fill).unwrap();
        assert_eq!(mark::check(&target), Ok(()));
    }

    #[test]
    fn a_failed_build_puts_nothing_in_place() {
        let above = tempfile::tempdir().unwrap();
        let target = above.path().join("libtorch");
        let failed = replace(&target, |folder| fill(folder).and(Err(Failure::new("disk full"))));
        assert!(failed.is_err() && !target.exists());
        replace(&target, fill).unwrap();
        assert_eq!(mark::check(&target), Ok(()));
    }
}
