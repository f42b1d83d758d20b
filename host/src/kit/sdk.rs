//! Where a plugin of one's own finds the SDK.

use std::path::{Path, PathBuf};

use amplicast_sdk::abi::Tag;
use amplicast_sdk::{Error, Result};
use toml_edit::{InlineTable, Value};

/// The package.
const PACKAGE: &str = "amplicast-sdk";

/// The SDK that a plugin depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sdk {
    /// Its folder.
    Folder(PathBuf),
    /// The published one of this version.
    Version(String),
}

impl Sdk {
    /// The one in this folder.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.into());
        if is_sdk(&folder) {
            return Ok(Sdk::Folder(folder));
        }
        let found = format!("expected the folder of {PACKAGE}, found {}", folder.display());
        Err(Error::config("--sdk", format!("{found}, which has no Cargo.toml of a package of this name")))
    }

    /// The one that belongs to a program: `sdk` beside it or above it, as in the checkout that it was built in and where `cargo xtask install`
    /// put it; otherwise the published one of this program's version.
    pub fn of_program(program: Option<&Path>) -> Self {
        let folders = program.into_iter().flat_map(Path::ancestors).skip(1);
        let found = folders.map(|folder| folder.join("sdk")).find(|folder| is_sdk(folder));
        match found.and_then(|folder| folder.canonicalize().ok()) {
            Some(folder) => Sdk::Folder(folder),
            None => Sdk::Version(Tag::own().sdk),
        }
    }

    /// The line of a manifest's `[dependencies]`.
    pub fn dependency(&self) -> Result<String> {
        let value = match self {
            Sdk::Version(version) => Value::from(version.as_str()),
            Sdk::Folder(folder) => {
                let path = folder.to_str().ok_or_else(|| {
                    let found = format!("expected a path in UTF-8, found {}", folder.display());
                    Error::config("--sdk", found)
                })?;
                Value::InlineTable(InlineTable::from_iter([("path", path)]))
            }
        };
        Ok(format!("{PACKAGE} = {value}\n"))
    }
}

/// Whether a folder is the package.
fn is_sdk(folder: &Path) -> bool {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let manifest: toml_edit::DocumentMut = manifest.parse().unwrap_or_default();
    manifest.get("package").and_then(|package| package.get("name")?.as_str()) == Some(PACKAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_is_that_of_the_checkout_or_of_a_version() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk").canonicalize().unwrap();
        let built = own.join("../target/debug/amplicast");
        assert_eq!(Sdk::of_program(Some(&built)), Sdk::Folder(own.clone()));
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("lib/amplicast/amplicast");
        let published = Sdk::of_program(Some(&program));
        assert_eq!(published, Sdk::Version(Tag::own().sdk));
        assert_eq!(published.dependency().unwrap(), format!("amplicast-sdk = \"{}\"\n", Tag::own().sdk));
        // Where it was installed to.
        std::fs::create_dir_all(program.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&own, program.with_file_name("sdk")).unwrap();
        assert_eq!(Sdk::of_program(Some(&program)), Sdk::Folder(own.clone()));
        assert_eq!(Sdk::in_folder(&own).unwrap(), Sdk::Folder(own));
        let other = Sdk::in_folder(place.path()).unwrap_err().to_string();
        assert!(other.starts_with("--sdk: expected the folder of amplicast-sdk, found "), "{other}");
    }

    #[test]
    fn a_path_is_quoted() {
        let odd = Sdk::Folder("/a \"b\"".into()).dependency().unwrap();
        let parsed: toml_edit::DocumentMut = odd.parse().unwrap();
        assert_eq!(parsed["amplicast-sdk"]["path"].as_str(), Some("/a \"b\""));
    }
}
