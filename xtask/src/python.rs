//! Programs in Python, set up once in the user's cache folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::checkout::{self, Checkout};
use crate::failure::{During, Outcome};

/// The folder with the Python, and the programs, of an environment that has what a file of requirements names, and nothing else.
///
/// # Errors
/// When a folder cannot be made, or the first step's.
pub fn programs(checkout: &Checkout, name: &str, requirements: &str) -> Outcome<PathBuf> {
    environment(checkout, name, requirements, |folder, requirements| {
        checkout::run(pip(folder).arg("-r").arg(requirements))?;
        // Some installers compile nothing: every start would do it again.
        let mut compile = Command::new(folder.join("bin/python"));
        checkout::run(compile.args(["-m", "compileall", "-q"]).arg(folder.join("lib")))
    })
}

/// The same of an environment that `install` fills, given its folder and the file.
///
/// # Errors
/// When a folder cannot be made, or the first step's.
pub fn environment(
    checkout: &Checkout,
    name: &str,
    requirements: &str,
    install: impl FnOnce(&Path, &Path) -> Outcome,
) -> Outcome<PathBuf> {
    let requirements = checkout.root().join(requirements);
    let wanted = fs::read(&requirements).during(|| format!("read {}", requirements.display()))?;
    let folder = cache::folder()?.join(name);
    let mark = folder.join("complete");
    let programs = folder.join("bin");
    if fs::read(&mark).is_ok_and(|there| there == wanted) {
        return Ok(programs);
    }
    println!("{name}: the packages of {} go to {}", requirements.display(), folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).during(|| format!("remove {}", folder.display()))?;
    }
    checkout::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    install(&folder, &requirements)?;
    fs::write(&mark, wanted).during(|| format!("mark {} as complete", folder.display()))?;
    Ok(programs)
}

/// `pip install`, of the environment in this folder.
pub fn pip(folder: &Path) -> Command {
    let mut command = Command::new(folder.join("bin/python"));
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    command
}
