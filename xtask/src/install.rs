//! `cargo xtask install`: the program and its plugins where a shell finds them.
//!
//! They lie together in `ROOT/lib/amplicast`, since the program looks for plugins beside itself; `ROOT/bin/amplicast` is a link to it,
//! which the system resolves. Nothing of an installation is on the plugin path of another build.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::checkout::{self, Checkout};
use crate::failure::{During, Failure, Outcome};
use crate::setup;

/// The program, and the package that builds it.
pub const PROGRAM: &str = "amplicast";
/// Where program and plugins lie in the root.
const FOLDER: &str = "lib/amplicast";
/// What every plugin of this project is called.
const PLUGINS: (&str, &str) = ("libamplicast_", ".so");

/// Builds in the release profile, or in the one of daily work, and installs below `root`, or `~/.local`.
///
/// # Errors
/// The first step's that fails; when the installed program cannot load one of the plugins.
pub fn run(checkout: &Checkout, root: Option<&Path>, (torch, debug): (bool, bool)) -> Outcome {
    let root = match root {
        Some(root) => root.to_path_buf(),
        None => home()?.join(".local"),
    };
    let root = std::path::absolute(&root).during(|| format!("find {}", root.display()))?;
    if torch {
        setup::libtorch(checkout)?;
    }
    let profile = if debug { "debug" } else { "release" };
    let plugins = plugins(&checkout.metadata(&["--no-deps"])?, torch);
    let mut build = checkout.cargo(&["build", "--package", PROGRAM]);
    plugins.iter().for_each(|(package, _)| _ = build.args(["--package", package]));
    if !debug {
        build.arg("--release");
    }
    checkout::run(&mut build)?;
    let built = checkout.root().join(checkout.built()?).with_file_name(profile);
    let files: Vec<&str> = plugins.iter().map(|(_, file)| file.as_str()).collect();
    let program = place(&built, &root, &files)?;
    link_sdk(checkout.root(), &root)?;
    println!("install: {} and {} plugins in {}", program.display(), files.len(), root.join(FOLDER).display());
    if torch {
        println!("install: some plugins use the libtorch that they were built with: keep it where it is");
    }
    if !on_the_path(&root.join("bin")) {
        println!("install: {} is not on your PATH", root.join("bin").display());
    }
    // Every plugin is loaded once, so that a library that is not found is said now.
    let mut list = Command::new(&program);
    let listed = list.args(["plugins", "list", "--load"]).env_remove("AMPLICAST_PLUGIN_PATH").output();
    let listed = listed.during(|| format!("start {}", program.display()))?;
    if listed.status.success() {
        return Ok(());
    }
    let out = String::from_utf8_lossy(&listed.stdout);
    let refused: Vec<&str> = out.lines().filter(|line| line.starts_with("not loaded: ")).collect();
    Err(Failure::new(format!(
        "install: the installed program does not load its plugins\n{}",
        refused.join("\n")
    )))
}

fn home() -> Outcome<PathBuf> {
    env::var_os("HOME")
        .map(PathBuf::from)
        .ok_or_else(|| Failure::new("install: HOME is not set; give --root"))
}

/// Packages of the workspace that are plugins, and their libraries; with `torch` also those that need libtorch.
pub fn plugins(metadata: &Value, torch: bool) -> Vec<(String, String)> {
    let is_plugin = |target: &&Value| {
        let kinds = target["crate_types"].as_array();
        let library = target["kind"].as_array().is_some_and(|k| k.iter().all(|k| k != "example"));
        library && kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "cdylib"))
    };
    let of = |package: &Value| {
        let target = package["targets"].as_array()?.iter().find(is_plugin)?;
        let needs = |dependency: &Value| dependency["name"] == "tch";
        if !torch && package["dependencies"].as_array()?.iter().any(needs) {
            return None;
        }
        let library = target["name"].as_str()?.replace('-', "_");
        Some((package["name"].as_str()?.to_string(), format!("lib{library}.so")))
    };
    let mut found: Vec<_> = metadata["packages"].as_array().into_iter().flatten().filter_map(of).collect();
    found.sort();
    found
}

/// Copies program and plugins, removes plugins of an earlier version that are no more, and gives the link to the program.
fn place(built: &Path, root: &Path, plugins: &[&str]) -> Outcome<PathBuf> {
    let (folder, bin) = (root.join(FOLDER), root.join("bin"));
    for folder in [&folder, &bin] {
        fs::create_dir_all(folder).during(|| format!("make {}", folder.display()))?;
    }
    for entry in fs::read_dir(&folder).during(|| format!("read {}", folder.display()))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = name.starts_with(PLUGINS.0) && name.ends_with(PLUGINS.1);
        if ours && !plugins.contains(&name.as_str()) {
            fs::remove_file(entry.path()).during(|| format!("remove {}", entry.path().display()))?;
        }
    }
    for name in plugins.iter().chain([&PROGRAM]) {
        copy(&built.join(name), &folder.join(name))?;
    }
    let link = bin.join(PROGRAM);
    // Only a link, or a program of this name: a folder is somebody's mistake, and stays.
    let _ = fs::remove_file(&link);
    symlink(Path::new("..").join(FOLDER).join(PROGRAM), &link)
        .during(|| format!("make {}", link.display()))?;
    Ok(link)
}

/// Leaves beside the program where the SDK is: `amplicast plugins new` makes plugins that depend on it.
fn link_sdk(checkout: &Path, root: &Path) -> Outcome {
    let link = root.join(FOLDER).join("sdk");
    let _ = fs::remove_file(&link);
    symlink(checkout.join("sdk"), &link).during(|| format!("make {}", link.display()))
}

/// Under another name first: a program that runs keeps the file that it has.
fn copy(from: &Path, to: &Path) -> Outcome {
    let part = to.with_extension("part");
    fs::copy(from, &part).during(|| format!("copy {} to {}", from.display(), part.display()))?;
    fs::rename(&part, to).during(|| format!("move {} into place", part.display()))
}

fn on_the_path(bin: &Path) -> bool {
    env::var_os("PATH").is_some_and(|list| env::split_paths(&list).any(|folder| folder == bin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn plugins_are_the_libraries_of_the_workspace_that_can_be_loaded() {
        let metadata = Checkout::find().unwrap().metadata(&["--no-deps"]).unwrap();
        let found = plugins(&metadata, true);
        let without = plugins(&metadata, false);
        assert!(without.iter().all(|plugin| found.contains(plugin)));
        let heavy: Vec<&str> = found
            .iter()
            .filter(|plugin| !without.contains(plugin))
            .map(|(package, _)| package.as_str())
            .collect();
        assert_eq!(
            heavy,
            ["amplicast-autoregressive-torch", "amplicast-flow-matching-torch", "amplicast-torchscript"]
        );
        let has = |package: &str, library: &str| found.contains(&(package.into(), library.into()));
        assert!(has("amplicast-metrics", "libamplicast_metrics.so"), "{found:?}");
        assert!(has("amplicast-flow-matching", "libamplicast_flow_matching.so"), "{found:?}");
        let names: Vec<&str> = found.iter().map(|(package, _)| package.as_str()).collect();
        for other in [
            "amplicast",
            "amplicast-sdk",
            "amplicast-nn-flow",
            "amplicast-tables",
            "amplicast-tests",
            "xtask",
        ] {
            assert!(!names.contains(&other), "{other} is no plugin");
        }
    }

    #[test]
    fn what_is_installed_is_found_by_its_link_and_replaces_an_earlier_version() {
        let place_of = tempfile::tempdir().unwrap();
        let (built, root) = (place_of.path().join("built"), place_of.path().join("root"));
        fs::create_dir_all(&built).unwrap();
        // It says which file it is, as the system tells a program.
        fs::write(built.join(PROGRAM), "#!/bin/sh\nreadlink -f \"$0\"\n").unwrap();
        fs::set_permissions(built.join(PROGRAM), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["libamplicast_metrics.so", "libamplicast_old.so"] {
            fs::write(built.join(name), "1").unwrap();
        }
        place(&built, &root, &["libamplicast_metrics.so", "libamplicast_old.so"]).unwrap();
        fs::write(root.join(FOLDER).join("libmine.so"), "a user's own").unwrap();
        fs::write(built.join("libamplicast_metrics.so"), "2").unwrap();
        let link = place(&built, &root, &["libamplicast_metrics.so"]).unwrap();
        // A checkout that was moved is found again.
        link_sdk(Path::new("/gone"), &root).unwrap();
        let checkout = Checkout::find().unwrap();
        link_sdk(checkout.root(), &root).unwrap();
        assert!(root.join(FOLDER).join("sdk/Cargo.toml").is_file());
        fs::remove_file(root.join(FOLDER).join("sdk")).unwrap();

        assert_eq!(link, root.join("bin/amplicast"));
        let output = Command::new(&link).output().unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        let folder = root.join(FOLDER).canonicalize().unwrap();
        assert_eq!(Path::new(found.trim()), folder.join(PROGRAM));
        let mut names: Vec<_> = fs::read_dir(&folder).unwrap().flatten().map(|e| e.file_name()).collect();
        names.sort();
        assert_eq!(names, ["amplicast", "libamplicast_metrics.so", "libmine.so"]);
        assert_eq!(fs::read_to_string(folder.join("libamplicast_metrics.so")).unwrap(), "2");
        // The tree can be moved as a whole.
        fs::rename(&root, place_of.path().join("moved")).unwrap();
        assert!(Command::new(place_of.path().join("moved/bin/amplicast")).output().unwrap().status.success());

        let missing = place(&built, &root, &["libamplicast_none.so"]).unwrap_err();
        assert!(matches!(missing, Failure::Message(text) if text.contains("libamplicast_none.so")));
    }
}
