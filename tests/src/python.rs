//! An interpreter with NumPy, for classes in Python. The plugin's own tests have this file, too.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// `AMPLICAST_TEST_PYTHON`, or the interpreter of an environment with NumPy that is made once, in the user's cache folder.
pub fn python() -> &'static str {
    static PYTHON: OnceLock<String> = OnceLock::new();
    PYTHON.get_or_init(|| match std::env::var("AMPLICAST_TEST_PYTHON") {
        Ok(python) => python,
        Err(_) => environment().join("bin/python").display().to_string(),
    })
}

fn environment() -> PathBuf {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let cache = cache.expect("HOME or XDG_CACHE_HOME is set").join("amplicast");
    let folder = cache.join("python-plugins");
    if !folder.exists() {
        // Made under another name: another test program may do the same.
        std::fs::create_dir_all(&cache).expect("the cache folder can be made");
        let part = tempfile::tempdir_in(&cache).expect("the cache folder can be written");
        let made = part.path().join("environment");
        run(Command::new("python3").args(["-m", "venv"]).arg(&made));
        run(Command::new(made.join("bin/python")).args(["-m", "pip", "install", "--quiet", "numpy"]));
        // One of them is first.
        let _ = std::fs::rename(&made, &folder);
    }
    folder
}

fn run(command: &mut Command) {
    let done = command.status().is_ok_and(|status| status.success());
    assert!(done, "{command:?} failed: set AMPLICAST_TEST_PYTHON to an interpreter with numpy");
}
