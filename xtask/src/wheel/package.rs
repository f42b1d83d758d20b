//! A package in Python, staged with what was built for it, and packed into a wheel.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::checkout::{self, Checkout};
use crate::failure::{During, Failure, Outcome};

/// A fresh copy of a package (its folder, and its module in it), without what a checkout's use left in it; gives the folder of its programs and
/// plugins.
pub fn stage(checkout: &Checkout, (package, module): (&str, &str), staged: &Path) -> Outcome<PathBuf> {
    if staged.exists() {
        fs::remove_dir_all(staged).during(|| format!("remove {}", staged.display()))?;
    }
    let bin = staged.join(module).join("bin");
    fs::create_dir_all(&bin).during(|| format!("make {}", bin.display()))?;
    let source = checkout.root().join(package);
    let modules = source.join(module);
    let list = fs::read_dir(&modules).during(|| format!("read {}", modules.display()))?;
    let mut files: Vec<(PathBuf, PathBuf)> = list
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "py" || e == "typed"))
        .filter_map(|path| Some((path.clone(), staged.join(module).join(path.file_name()?))))
        .collect();
    for name in ["pyproject.toml", "README.md"] {
        files.push((source.join(name), staged.join(name)));
    }
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        files.push((checkout.root().join(name), staged.join(name)));
    }
    for (from, to) in files {
        fs::copy(&from, &to).during(|| format!("copy {} to {}", from.display(), to.display()))?;
    }
    Ok(bin)
}

/// Packs a staged folder into a wheel, with the platform tag that `needed` finds it to need.
pub fn packed(
    staged: &Path,
    out: &Path,
    tools: &Path,
    needed: impl Fn(&Path, &Path) -> Outcome<String>,
) -> Outcome<PathBuf> {
    let fresh = staged.with_file_name("wheel-untagged");
    if fresh.exists() {
        fs::remove_dir_all(&fresh).during(|| format!("remove {}", fresh.display()))?;
    }
    let pip =
        ["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"];
    let mut pack = Command::new(tools.join("python"));
    checkout::run(pack.args(pip).arg("--wheel-dir").arg(&fresh).arg(staged))?;
    // What asks for the files' symbols wants a wheel that says it has some.
    let plain = tagged(&only_wheel(&fresh)?, "linux_x86_64", tools)?;
    let tag = needed(&plain, tools)?;
    let named = tagged(&plain, &tag, tools)?;
    let found = needed(&named, tools)?;
    if found != tag {
        return Err(Failure::new(format!("wheel: {} needs {found}", named.display())));
    }
    fs::create_dir_all(out).during(|| format!("make {}", out.display()))?;
    let file = out.join(named.file_name().unwrap_or_default());
    fs::copy(&named, &file).during(|| format!("copy {} to {}", named.display(), file.display()))?;
    Ok(file)
}

/// The wheel with another platform tag, in place of the one that is given.
fn tagged(wheel: &Path, tag: &str, tools: &Path) -> Outcome<PathBuf> {
    let mut command = Command::new(tools.join("wheel"));
    checkout::run(
        command.args(["tags", "--remove", "--platform-tag", tag]).arg(wheel).stdout(Stdio::null()),
    )?;
    only_wheel(wheel.parent().unwrap_or(Path::new(".")))
}

fn only_wheel(folder: &Path) -> Outcome<PathBuf> {
    let list = fs::read_dir(folder).during(|| format!("read {}", folder.display()))?;
    let mut wheels =
        list.flatten().map(|entry| entry.path()).filter(|p| p.extension().is_some_and(|e| e == "whl"));
    match (wheels.next(), wheels.next()) {
        (Some(wheel), None) => Ok(wheel),
        _ => Err(Failure::new(format!("wheel: expected one wheel in {}", folder.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wheel::{MODULE, PACKAGE, torch};

    #[test]
    fn a_staged_package_holds_its_modules_and_nothing_that_use_left() {
        let folder = tempfile::tempdir().unwrap();
        let staged = folder.path().join("package");
        for (package, module) in [(PACKAGE, MODULE), (torch::PACKAGE, torch::MODULE)] {
            fs::create_dir_all(staged.join(module).join("bin")).unwrap();
            for old in ["old.py", "bin/old.so"] {
                fs::write(staged.join(module).join(old), "").unwrap();
            }
            let bin = stage(&Checkout::find().unwrap(), (package, module), &staged).unwrap();
            assert_eq!(bin.read_dir().unwrap().count(), 0);
            for name in ["pyproject.toml", "README.md", "LICENSE-MIT"] {
                assert!(staged.join(name).is_file(), "{name}");
            }
            assert!(staged.join(module).join("__init__.py").is_file());
            for name in ["old.py", "__pycache__", "tests"] {
                assert!(!staged.join(module).join(name).exists() && !staged.join(name).exists(), "{name}");
            }
        }
    }

    #[test]
    fn a_folder_with_two_wheels_is_not_guessed_at() {
        let folder = tempfile::tempdir().unwrap();
        assert!(only_wheel(folder.path()).is_err());
        fs::write(folder.path().join("a.whl"), "").unwrap();
        assert_eq!(only_wheel(folder.path()).unwrap(), folder.path().join("a.whl"));
        fs::write(folder.path().join("b.whl"), "").unwrap();
        assert!(only_wheel(folder.path()).is_err());
    }
}
