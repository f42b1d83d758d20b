//! The checkout this xtask belongs to, and how to run cargo in it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::{During, Failure, Outcome};

/// Where libtorch lies inside a checkout; `.cargo/config.toml` says the same.
const LIBTORCH: &str = "third_party/libtorch";

/// The checkout this xtask belongs to.
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The folder above xtask's manifest.
    ///
    /// # Errors
    /// When the folder is gone.
    pub fn find() -> Outcome<Self> {
        // Cargo sets it at run time too, which stays right when a checkout is moved after the build.
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest).join("..");
        let root = root.canonicalize().during(|| format!("find the checkout at {}", root.display()))?;
        Ok(Checkout { root })
    }

    /// The checkout's top folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where `setup` puts libtorch.
    pub fn libtorch(&self) -> PathBuf {
        self.root.join(LIBTORCH)
    }

    /// Whether a value of `LIBTORCH` is the one cargo's own `[env]` table sets.
    pub fn is_own_libtorch(&self, value: &OsStr) -> bool {
        // The folder need not exist yet, hence the comparison of what is above it.
        let value = Path::new(value);
        value.ends_with(LIBTORCH)
            && value
                .ancestors()
                .nth(2)
                .and_then(|above| above.canonicalize().ok())
                .is_some_and(|above| above == self.root)
    }

    /// A cargo command in this checkout, with the environment a shell would have given it.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments).current_dir(&self.root);
        // `cargo run` sets these for xtask. Handed down, they would differ from those of a plain
        // `cargo build`, and a build script that watches one of them would run again each time:
        // torch-sys's takes minutes.
        for (name, _) in env::vars_os().filter(|(name, value)| self.is_set_by_cargo(name, value)) {
            command.env_remove(name);
        }
        command
    }

    /// What `cargo metadata` says of this checkout.
    ///
    /// # Errors
    /// When cargo fails, having said why.
    pub fn metadata(&self, arguments: &[&str]) -> Outcome<Value> {
        let mut command = self.cargo(&["metadata", "--format-version", "1"]);
        let output = command.args(arguments).stderr(Stdio::inherit()).output();
        let output = output.during(|| "start cargo metadata".into())?;
        if !output.status.success() {
            return Err(Failure::Reported(1));
        }
        serde_json::from_slice(&output.stdout).during(|| "read what cargo metadata prints".into())
    }

    /// Where `cargo build` puts programs and plugins.
    ///
    /// # Errors
    /// When cargo fails, having said why.
    pub fn built(&self) -> Outcome<PathBuf> {
        let metadata = self.metadata(&["--no-deps"])?;
        let target = metadata["target_directory"].as_str().unwrap_or("target");
        let built = Path::new(target).join("debug");
        // Commands run in the checkout's top folder, where the short form reads better.
        Ok(built.strip_prefix(&self.root).map(Path::to_owned).unwrap_or(built))
    }

    fn is_set_by_cargo(&self, name: &OsString, value: &OsStr) -> bool {
        let Some(name) = name.to_str() else { return false };
        name == "LIBTORCH" && self.is_own_libtorch(value)
            || name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_MANIFEST_")
            || name == "CARGO_BIN_NAME"
            || name == "CARGO_CRATE_NAME"
            || name == "CARGO_PRIMARY_PACKAGE"
    }
}

/// Runs a command that reports its own failures.
///
/// # Errors
/// When it cannot be started, or with its exit code.
pub fn run(command: &mut Command) -> Outcome {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().during(|| format!("start {program}"))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Failure::Reported(u8::try_from(code).unwrap_or(1))),
        None => Err(Failure::new(format!("{program} was killed ({status})"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_libtorch_cargo_sets_from_a_users() {
        let checkout = Checkout::find().unwrap();
        assert!(checkout.is_own_libtorch(checkout.libtorch().as_os_str()));
        assert!(!checkout.is_own_libtorch(OsStr::new("/opt/libtorch")));
        assert!(!checkout.is_own_libtorch(OsStr::new("/elsewhere/third_party/libtorch")));
        assert!(!checkout.is_own_libtorch(OsStr::new("")));
    }
}
