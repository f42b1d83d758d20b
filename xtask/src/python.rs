//! Programs in Python, set up once in the user's cache folder.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::cache;
use crate::checkout::{self, Checkout};
use crate::failure::{During, Outcome};

/// The folder with the Python, and the programs, of an environment that has what a file of requirements names, and nothing else.
///
/// # Errors
/// When a folder cannot be made, or the first step's.
pub fn programs(checkout: &Checkout, name: &str, requirements: &str) -> Outcome<PathBuf> {
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
    let python = programs.join("python");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    checkout::run(Command::new(&python).args(pip).arg(&requirements))?;
    // Some installers compile nothing: every start would do it again.
    checkout::run(Command::new(&python).args(["-m", "compileall", "-q"]).arg(folder.join("lib")))?;
    fs::write(&mark, wanted).during(|| format!("mark {} as complete", folder.display()))?;
    Ok(programs)
}
