//! Which libtorch the neural plugins run on.

use std::path::{Path, PathBuf};

use object::read::{Object as _, ReadCache};
use serde::Serialize;

/// The libtorch of this process.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Libtorch {
    /// Its file.
    pub file: PathBuf,
    /// Its version, where a file beside it tells.
    pub version: Option<String>,
    /// What its linker called it: of another build another one.
    pub build_id: Option<String>,
}

/// The libtorch that plugins of this process have loaded, if any has.
pub fn libtorch() -> Option<Libtorch> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let file = mapped(&maps)?;
    Some(Libtorch { version: version(&file), build_id: build_id(&file), file })
}

/// The first file of this name among the lines of `/proc/self/maps`.
fn mapped(maps: &str) -> Option<PathBuf> {
    let paths = maps.lines().filter_map(|line| line.find('/').map(|at| Path::new(&line[at..])));
    let is_libtorch = |path: &&Path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libtorch_cpu.so"))
    };
    paths.into_iter().find(is_libtorch).map(Path::to_path_buf)
}

/// As libtorch's archives (`build-version`) and PyTorch's packages (`version.py`) tell it, beside the folder of libraries.
fn version(file: &Path) -> Option<String> {
    let above = file.parent()?.parent()?;
    if let Ok(text) = std::fs::read_to_string(above.join("build-version")) {
        return Some(text.trim().to_owned());
    }
    let text = std::fs::read_to_string(above.join("version.py")).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix("__version__ = "))?;
    Some(value.trim_matches(['\'', '"']).to_owned())
}

fn build_id(file: &Path) -> Option<String> {
    let file = std::fs::File::open(file).ok()?;
    let cache = ReadCache::new(file);
    let id = object::File::parse(&cache).ok()?.build_id().ok()??.to_vec();
    Some(id.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_told_by_the_map_of_the_process() {
        let maps = "7f0000000000-7f0000001000 r--p 00000000 08:01 12   /opt/my torch/lib/libtorch_cpu.so\n\
                    7f0000001000-7f0000002000 r-xp 00000000 08:01 13   /usr/lib/libc.so.6\n\
                    7ffc00000000-7ffc00001000 rw-p 00000000 00:00 0    [stack]\n";
        assert_eq!(mapped(maps), Some(PathBuf::from("/opt/my torch/lib/libtorch_cpu.so")));
        assert_eq!(mapped("7f0000001000-7f0000002000 r-xp 00000000 08:01 13 /usr/lib/libc.so.6"), None);
    }

    #[test]
    fn the_version_stands_beside_the_libraries() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lib/libtorch_cpu.so");
        assert_eq!(version(&file), None);
        std::fs::write(
            folder.path().join("version.py"),
            "from typing import Optional\n__version__ = '2.13.0+cpu'\ndebug = False\n",
        )
        .unwrap();
        assert_eq!(version(&file).as_deref(), Some("2.13.0+cpu"));
        std::fs::write(folder.path().join("build-version"), "2.14.1+cu130\n").unwrap();
        assert_eq!(version(&file).as_deref(), Some("2.14.1+cu130"));
    }
}
