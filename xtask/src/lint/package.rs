//! The SDK is what others depend on: it must stay what `cargo publish` and docs.rs take.

use std::process::Stdio;

use serde_json::Value;

use crate::checkout::Checkout;
use crate::failure::{During, Failure, Outcome};

/// The package.
const SDK: &str = "amplicast-sdk";

/// What its manifest must say for a registry and for docs.rs, as `cargo metadata` calls it.
const FIELDS: [&str; 9] = [
    "description",
    "license",
    "repository",
    "documentation",
    "readme",
    "rust_version",
    "keywords",
    "categories",
    "metadata",
];

/// What must be in the package beside its sources.
const FILES: [&str; 4] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "build.rs"];

/// The most that a registry takes of keywords and of categories.
const MOST: usize = 5;

/// What a registry would refuse, one line each.
///
/// # Errors
/// When cargo fails, having said why.
pub fn violations(checkout: &Checkout) -> Outcome<Vec<String>> {
    let metadata = checkout.metadata(&["--no-deps"])?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let Some(package) = packages.into_iter().find(|package| package["name"] == SDK) else {
        return Ok(vec![format!("the workspace has no package {SDK}")]);
    };
    let mut found = of_manifest(package);
    let files = files(checkout)?;
    found.extend(of_files(&files));
    Ok(found)
}

/// What is wrong with what the manifest says.
fn of_manifest(package: &Value) -> Vec<String> {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    };
    let mut found: Vec<String> = FIELDS
        .iter()
        .filter(|field| empty(&package[**field]))
        .map(|field| format!("{SDK}: expected `{field}` in its manifest, found none"))
        .collect();
    if package["metadata"]["docs"]["rs"].is_null() {
        found.push(format!("{SDK}: expected [package.metadata.docs.rs] in its manifest, found none"));
    }
    if !package["publish"].is_null() {
        found.push(format!(
            "{SDK}: expected a package that may be published, found publish = {}",
            package["publish"]
        ));
    }
    for field in ["keywords", "categories"] {
        let count = package[field].as_array().map_or(0, Vec::len);
        if count > MOST {
            found.push(format!("{SDK}: expected {MOST} {field} at most, found {count}"));
        }
    }
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        // Those of tests alone are left out of a package.
        let stays = dependency["kind"] != "dev";
        if stays && (!dependency["path"].is_null() || dependency["req"] == "*") {
            let name = dependency["name"].as_str().unwrap_or_default();
            found.push(format!(
                "{SDK}: expected a published version of its dependency {name}, found {}",
                if dependency["path"].is_null() { "`*`" } else { "a path: publish it first, or merge it" }
            ));
        }
    }
    found
}

/// The files of the package, by cargo, which needs no network for it.
fn files(checkout: &Checkout) -> Outcome<Vec<String>> {
    let mut list = checkout.cargo(&["package", "--package", SDK, "--list", "--allow-dirty", "--offline"]);
    let output = list.stderr(Stdio::inherit()).output().during(|| "start cargo package".into())?;
    if !output.status.success() {
        return Err(Failure::Reported(1));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(String::from).collect())
}

/// What is missing from the package, or has no place in it.
fn of_files(files: &[String]) -> Vec<String> {
    let there = |name: &str| files.iter().any(|file| file == name);
    let missing = FILES.iter().filter(|name| !there(name));
    let mut found: Vec<String> =
        missing.map(|name| format!("{SDK}: expected {name} in its package, found none")).collect();
    // What cargo makes itself.
    let made = [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml", "Cargo.toml.orig"];
    let stray = |file: &&String| {
        let source = file.starts_with("src/") && file.ends_with(".rs");
        !source && !FILES.contains(&file.as_str()) && !made.contains(&file.as_str())
    };
    found.extend(files.iter().filter(stray).map(|file| format!("{SDK}: {file} has no place in its package")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_sdk_can_be_published() {
        assert_eq!(violations(&Checkout::find().unwrap()).unwrap(), [""; 0]);
    }

    #[test]
    fn what_a_registry_refuses_is_named() {
        let metadata = Checkout::find().unwrap().metadata(&["--no-deps"]).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let sound = packages.iter().find(|package| package["name"] == SDK).unwrap();
        let with = |field: &str, value: Value| {
            let mut package = sound.clone();
            package[field] = value;
            of_manifest(&package).join("\n")
        };
        assert_eq!(of_manifest(sound), [""; 0]);
        assert!(with("readme", Value::Null).contains("`readme`"));
        assert!(with("categories", json!([])).contains("`categories`"));
        assert!(
            with("keywords", json!(["a", "b", "c", "d", "e", "f"])).contains("5 keywords at most, found 6")
        );
        assert!(with("publish", json!([])).contains("publish = []"));
        assert!(with("metadata", Value::Null).contains("docs.rs"));
        let dependency = |kind: Value, path: Value, req: &str| {
            with("dependencies", json!([{"name": "near", "kind": kind, "path": path, "req": req}]))
        };
        assert!(dependency(Value::Null, json!("/near"), "^1").contains("dependency near, found a path"));
        assert!(dependency(json!("build"), Value::Null, "*").contains("dependency near, found `*`"));
        assert_eq!(dependency(json!("dev"), json!("/near"), "*"), "");
        let listed =
            |files: &[&str]| of_files(&files.iter().map(|file| (*file).to_string()).collect::<Vec<_>>());
        let whole = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "build.rs", "src/lib.rs"];
        assert_eq!(listed(&whole), [""; 0]);
        assert_eq!(
            listed(&whole[2..]),
            ["amplicast-sdk: expected LICENSE-APACHE in its package, found none"]
        );
        assert_eq!(
            listed(&[&whole[..], &["src/notes.txt"]].concat()),
            ["amplicast-sdk: src/notes.txt has no place in its package"]
        );
    }
}
