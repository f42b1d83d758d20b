//! The sources of a plugin, to be looked at again and again.
//!
//! A look at the times of some files every half second, rather than the system's notifications: these do not come from network file systems,
//! where home folders of clusters lie.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// When each file below a folder was changed last, and its length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources(BTreeMap<PathBuf, (Option<SystemTime>, u64)>);

impl Sources {
    /// Those of now: all files but hidden ones, and what cargo and the program itself write at the top.
    pub fn of(folder: &Path) -> Self {
        let mut sources = Sources::default();
        sources.read(folder, &["target", "runs", "Cargo.lock"], &|_| true);
        sources
    }

    /// The Python modules of now in a folder and below, but for environments with packages of others.
    pub fn of_modules(folder: &Path) -> Self {
        let mut sources = Sources::default();
        sources.read(folder, &["runs"], &|file| file.extension().is_some_and(|extension| extension == "py"));
        sources
    }

    fn read(&mut self, folder: &Path, but: &[&str], takes: &dyn Fn(&Path) -> bool) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let hidden = name.to_string_lossy().starts_with('.');
            if hidden || but.iter().any(|other| name == *other) {
                continue;
            }
            // Links are not followed: they may lead around in a circle.
            let Ok(found) = entry.metadata() else { continue };
            let path = entry.path();
            if found.is_dir() && !path.join("pyvenv.cfg").exists() {
                self.read(&path, &[], takes);
            } else if !found.is_dir() && takes(&path) {
                self.0.insert(path, (found.modified().ok(), found.len()));
            }
        }
    }

    /// A file that changed, came or went since an earlier look.
    pub fn changed_since<'a>(&'a self, earlier: &'a Sources) -> Option<&'a Path> {
        let other = |(path, seen): &(&PathBuf, &_)| earlier.0.get(*path) != Some(seen);
        let came = self.0.iter().find(other).map(|(path, _)| path.as_path());
        came.or_else(|| earlier.0.keys().find(|path| !self.0.contains_key(*path)).map(PathBuf::as_path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_an_author_writes_is_seen_and_what_is_built_is_not() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        for name in ["src/inner", "target/release", ".git"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        fs::write(folder.join("src/lib.rs"), "1").unwrap();
        let first = Sources::of(folder);
        for name in ["target/release/a", ".git/a", "src/.lib.rs.swp", "Cargo.lock"] {
            fs::write(folder.join(name), "1").unwrap();
        }
        let mut last = Sources::of(folder);
        assert_eq!(last.changed_since(&first), None);
        for (name, text) in [("src/lib.rs", "22"), ("src/inner/a.rs", "1"), ("Cargo.toml", "1")] {
            fs::write(folder.join(name), text).unwrap();
            let now = Sources::of(folder);
            assert_eq!(now.changed_since(&last), Some(folder.join(name).as_path()));
            last = now;
        }
        fs::remove_file(folder.join("src/inner/a.rs")).unwrap();
        let gone = Sources::of(folder);
        assert_eq!(gone.changed_since(&last), Some(folder.join("src/inner/a.rs").as_path()));
    }

    #[test]
    fn modules_are_seen_and_environments_are_not() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        fs::create_dir_all(folder.join("parts/__pycache__")).unwrap();
        fs::create_dir_all(folder.join("env/lib")).unwrap();
        fs::write(folder.join("env/pyvenv.cfg"), "").unwrap();
        fs::write(folder.join("flow.py"), "1").unwrap();
        let first = Sources::of_modules(folder);
        for name in ["parts/__pycache__/a.pyc", "env/lib/a.py", "events.npy"] {
            fs::write(folder.join(name), "1").unwrap();
        }
        assert_eq!(Sources::of_modules(folder).changed_since(&first), None);
        fs::write(folder.join("parts/a.py"), "1").unwrap();
        let now = Sources::of_modules(folder);
        assert_eq!(now.changed_since(&first), Some(folder.join("parts/a.py").as_path()));
    }
}
