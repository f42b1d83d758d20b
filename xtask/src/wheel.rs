//! `cargo xtask wheel`: the Python package, with the program and its plugins in it.
//!
//! The wheel holds no compiled module, so that one serves all versions of Python. Its platform tag is that of the program and its plugins:
//! pip installs no wheel on a system whose C library is older than they need.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use serde_json::Value;

use crate::checkout::{self, Checkout};
use crate::failure::{During, Failure, Outcome};
use crate::install::{PROGRAM, plugins};
use crate::python;

/// The package in the checkout.
pub const PACKAGE: &str = "host/python";
/// What makes a wheel.
const REQUIREMENTS: &str = "host/python/wheel.requirements.txt";
/// The target whose C library a release is built for.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Its version: that of the oldest systems that Rust and NumPy still serve.
const GLIBC: &str = "2.17";
/// Bytes that a wheel may have.
const MOST_BYTES: u64 = 40_000_000;

/// `cargo xtask wheel`.
#[derive(Args)]
pub struct Wheel {
    /// Where to [default: target/wheel].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Put in what daily work builds: quick to build, with checks that cost some speed, for systems like this one.
    #[arg(long)]
    debug: bool,
    /// Put in the program and the plugins that lie in this folder, and build nothing.
    #[arg(long, value_name = "DIR", conflicts_with = "debug")]
    built: Option<PathBuf>,
}

/// Makes the wheel, and says where it is, what it runs on and how large it is.
///
/// # Errors
/// The first step's that fails.
pub fn run(checkout: &Checkout, wheel: &Wheel) -> Outcome {
    let out = match &wheel.out {
        Some(out) => std::path::absolute(out).during(|| format!("find {}", out.display()))?,
        None => target(checkout)?.join("wheel"),
    };
    let built = wheel.built.as_ref().map(std::path::absolute).transpose();
    let built = built.during(|| "find the folder of --built".into())?;
    let file = make(checkout, &out, wheel.debug, built)?;
    let size = size(&file)?;
    println!("wheel: {}\nwheel: {:.1} MB", file.display(), size as f64 / 1e6);
    if size > MOST_BYTES {
        return Err(Failure::new(format!("wheel: expected at most {} MB", MOST_BYTES / 1_000_000)));
    }
    Ok(())
}

/// Makes a wheel of what daily work builds, and gives its path.
///
/// # Errors
/// The first step's that fails.
pub fn of_daily_work(checkout: &Checkout) -> Outcome<PathBuf> {
    make(checkout, &target(checkout)?.join("wheel"), true, None)
}

fn make(checkout: &Checkout, out: &Path, debug: bool, built: Option<PathBuf>) -> Outcome<PathBuf> {
    let metadata = checkout.metadata(&["--no-deps"])?;
    expect_one_version(checkout, &metadata)?;
    let plugins = plugins(&metadata, false);
    let tools = python::programs(checkout, "wheel", REQUIREMENTS)?;
    let built = match built {
        Some(built) => built,
        None => build(checkout, &plugins, debug, &tools)?,
    };
    let staged = target(checkout)?.join("wheel-package");
    stage(checkout, &staged)?;
    let bin = staged.join("amplicast/bin");
    fs::create_dir_all(&bin).during(|| format!("make {}", bin.display()))?;
    for name in plugins.iter().map(|(_, file)| file.as_str()).chain([PROGRAM]) {
        let (from, to) = (built.join(name), bin.join(name));
        fs::copy(&from, &to).during(|| format!("copy {} to {}", from.display(), to.display()))?;
        checkout::run(Command::new("strip").arg(&to))?;
        expect_no_paths(&to)?;
    }
    packed(&staged, out, &tools)
}

/// Where cargo puts what it builds.
fn target(checkout: &Checkout) -> Outcome<PathBuf> {
    let built = checkout.root().join(checkout.built()?);
    Ok(built.parent().map(Path::to_owned).unwrap_or(built))
}

/// Builds the program and its plugins, and gives their folder. A release is linked by zig, against a C library older than that of this
/// system.
fn build(checkout: &Checkout, plugins: &[(String, String)], debug: bool, tools: &Path) -> Outcome<PathBuf> {
    let target = target(checkout)?;
    let older = format!("{TARGET}.{GLIBC}");
    let words: &[&str] = if debug { &["build"] } else { &["zigbuild", "--release", "--target", &older] };
    let mut cargo = checkout.cargo(words);
    for package in plugins.iter().map(|(package, _)| package.as_str()).chain([PROGRAM]) {
        cargo.args(["--package", package]);
    }
    if debug {
        checkout::run(&mut cargo)?;
        return Ok(target.join("debug"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([tools.to_owned()].into_iter().chain(std::env::split_paths(&path)));
    checkout::run(cargo.env("PATH", path.during(|| "put the tools on the PATH".into())?))?;
    Ok(target.join(TARGET).join("release"))
}

/// A fresh copy of the package, without what a checkout's use left in it.
fn stage(checkout: &Checkout, staged: &Path) -> Outcome {
    if staged.exists() {
        fs::remove_dir_all(staged).during(|| format!("remove {}", staged.display()))?;
    }
    let package = staged.join("amplicast");
    fs::create_dir_all(&package).during(|| format!("make {}", package.display()))?;
    let source = checkout.root().join(PACKAGE);
    let modules = source.join("amplicast");
    let list = fs::read_dir(&modules).during(|| format!("read {}", modules.display()))?;
    let mut files: Vec<(PathBuf, PathBuf)> = list
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "py" || e == "typed"))
        .filter_map(|path| Some((path.clone(), package.join(path.file_name()?))))
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
    Ok(())
}

/// Packs a folder into a wheel with the right platform tag.
fn packed(staged: &Path, out: &Path, tools: &Path) -> Outcome<PathBuf> {
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

/// The oldest platform that has all symbols of the wheel's files.
fn needed(wheel: &Path, tools: &Path) -> Outcome<String> {
    let mut command = Command::new(tools.join("auditwheel"));
    let output = command.args(["show", "--json"]).arg(wheel).output().during(|| "start auditwheel".into())?;
    if !output.status.success() {
        return Err(Failure::new(format!("auditwheel: {}", String::from_utf8_lossy(&output.stderr).trim())));
    }
    let found: Value =
        serde_json::from_slice(&output.stdout).during(|| "read what auditwheel prints".into())?;
    match found["overall_tag"].as_str() {
        // Libraries of this system alone, or a C library newer than any policy.
        Some(tag) if tag.starts_with("manylinux") => Ok(tag.into()),
        _ => Err(Failure::new(format!("wheel: expected files for manylinux, found {found}"))),
    }
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

/// The package has the workspace's version.
fn expect_one_version(checkout: &Checkout, metadata: &Value) -> Outcome {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let program = packages.into_iter().find(|package| package["name"] == PROGRAM);
    let version = program.and_then(|package| package["version"].as_str()).unwrap_or_default();
    let file = checkout.root().join(PACKAGE).join("pyproject.toml");
    let text = fs::read_to_string(&file).during(|| format!("read {}", file.display()))?;
    if text.lines().any(|line| line.starts_with(&format!("version = \"{version}\""))) {
        return Ok(());
    }
    Err(Failure::new(format!("{}: expected the version {version}, as the program has it", file.display())))
}

/// A file finds its libraries wherever it is put: it names no folder of the machine that built it.
fn expect_no_paths(file: &Path) -> Outcome {
    let output = Command::new("readelf").arg("-d").arg(file).output().during(|| "start readelf".into())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let named =
        text.lines().find(|l| (l.contains("RUNPATH") || l.contains("RPATH")) && !l.contains("[$ORIGIN"));
    match named {
        _ if !output.status.success() => {
            Err(Failure::new(format!("readelf does not read {}", file.display())))
        }
        Some(line) => {
            Err(Failure::new(format!("{} names a folder of this machine: {}", file.display(), line.trim())))
        }
        None => Ok(()),
    }
}

fn size(file: &Path) -> Outcome<u64> {
    fs::metadata(file).map(|found| found.len()).during(|| format!("look at {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_staged_package_holds_its_modules_and_nothing_that_use_left() {
        let folder = tempfile::tempdir().unwrap();
        let staged = folder.path().join("package");
        fs::create_dir_all(staged.join("amplicast/bin")).unwrap();
        fs::write(staged.join("amplicast/old.py"), "").unwrap();
        stage(&Checkout::find().unwrap(), &staged).unwrap();
        for name in
            ["pyproject.toml", "README.md", "LICENSE-MIT", "amplicast/__init__.py", "amplicast/py.typed"]
        {
            assert!(staged.join(name).is_file(), "{name}");
        }
        for name in ["amplicast/old.py", "amplicast/bin", "amplicast/__pycache__", "tests"] {
            assert!(!staged.join(name).exists(), "{name}");
        }
    }

    #[test]
    fn the_package_has_the_programs_version() {
        let checkout = Checkout::find().unwrap();
        let mut metadata = checkout.metadata(&["--no-deps"]).unwrap();
        expect_one_version(&checkout, &metadata).unwrap();
        for package in metadata["packages"].as_array_mut().unwrap() {
            package["version"] = "99.0.0".into();
        }
        let error = expect_one_version(&checkout, &metadata).unwrap_err();
        assert!(matches!(error, Failure::Message(text) if text.contains("99.0.0")));
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
