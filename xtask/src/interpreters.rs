//! The Pythons of this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest version that the package is for.
pub const OLDEST: u32 = 9;
/// The version that most clusters have.
const USUAL: u32 = 11;
/// No version beyond this one is looked for.
const NEWEST: u32 = 30;

/// A Python 3 and its minor version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// 9 of Python 3.9.
    pub minor: u32,
    /// Its program.
    pub program: PathBuf,
}

/// Those that a package is tried on: the oldest, 3.11 and the newest that are here; and what is missing, in words.
pub fn tried() -> (Vec<Interpreter>, Vec<String>) {
    choose((OLDEST..=NEWEST).filter_map(find).collect())
}

fn choose(all: Vec<Interpreter>) -> (Vec<Interpreter>, Vec<String>) {
    let missing = [OLDEST, USUAL].into_iter().filter(|minor| all.iter().all(|found| found.minor != *minor));
    let missing = missing.map(|minor| format!("Python 3.{minor} is not on this machine")).collect();
    let newest = all.last().map(|found| found.minor);
    let oldest = all.first().map(|found| found.minor);
    let wanted = [oldest, Some(USUAL), newest];
    (all.into_iter().filter(|found| wanted.contains(&Some(found.minor))).collect(), missing)
}

/// By its name on the PATH, or as pyenv knows it.
fn find(minor: u32) -> Option<Interpreter> {
    let found = |program: PathBuf| runs(&program, minor).then_some(Interpreter { minor, program });
    found(format!("python3.{minor}").into()).or_else(|| {
        let root = printed(Command::new("pyenv").arg("root"))?;
        let version = printed(Command::new("pyenv").args(["latest", &format!("3.{minor}")]))?;
        found(Path::new(&root).join("versions").join(version).join("bin/python"))
    })
}

/// Whether a program is that Python: what pyenv puts on the PATH may be there and refuse to run.
fn runs(program: &Path, minor: u32) -> bool {
    let version = "import sys, venv; print(sys.version_info[1])";
    printed(Command::new(program).args(["-c", version])).is_some_and(|printed| printed == minor.to_string())
}

fn printed(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(minors: &[u32]) -> Vec<Interpreter> {
        minors
            .iter()
            .map(|&minor| Interpreter { minor, program: format!("python3.{minor}").into() })
            .collect()
    }

    #[test]
    fn the_oldest_the_usual_and_the_newest_are_tried() {
        assert_eq!(choose(of(&[9, 10, 11, 12, 13])), (of(&[9, 11, 13]), Vec::new()));
        let (found, missing) = choose(of(&[10, 12]));
        assert_eq!(found, of(&[10, 12]));
        assert_eq!(missing, ["Python 3.9 is not on this machine", "Python 3.11 is not on this machine"]);
        assert_eq!(choose(of(&[11])).0, of(&[11]));
        assert_eq!(choose(Vec::new()).0, Vec::new());
    }

    #[test]
    fn what_is_no_such_python_is_not_taken() {
        assert!(!runs(Path::new("false"), OLDEST));
        assert!(!runs(Path::new("/nowhere/python"), OLDEST));
    }
}
