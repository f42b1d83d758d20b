//! What must be there before anything is fetched.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::{Failure, Outcome};

/// The wheels are built for one platform.
pub fn platform() -> Outcome {
    if cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "setup fetches libtorch for x86_64 Linux with glibc, this is {} {}; set LIBTORCH to a libtorch 2.13.0 of your own",
        env::consts::ARCH,
        env::consts::OS
    )))
}

/// Programs that unpack the wheels and compile torch-sys.
pub fn tools() -> Outcome {
    require("python3", &["-c", "import zipfile, zlib"], "python3 (with zlib)", "apt install python3")?;
    require("cc", &["--version"], "a C compiler (cc)", "apt install build-essential")?;
    // torch-sys's build honours CXX.
    if env::var_os("CXX").is_none() {
        require("c++", &["--version"], "a C++ compiler (c++)", "apt install build-essential")?;
    }
    Ok(())
}

/// pip, needed only when a wheel is not in the cache.
pub fn pip() -> Outcome {
    require("python3", &["-m", "pip", "--version"], "pip for python3", "apt install python3-pip")
}

fn require(program: &str, arguments: &[&str], name: &str, cure: &str) -> Outcome {
    let works = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if works {
        return Ok(());
    }
    Err(Failure::new(format!("setup needs {name}, which did not run; install it (Debian, Ubuntu: {cure})")))
}

/// Room on the disk that holds `folder`, which must exist.
pub fn space(folder: &Path, megabytes: u64) -> Outcome {
    // A system whose `df` says nothing readable is not worth failing for.
    let Some(free) = free_megabytes(folder) else { return Ok(()) };
    if free >= megabytes {
        return Ok(());
    }
    Err(Failure::new(format!(
        "setup needs {megabytes} MB of disk space in {}, {free} MB are free; free some and call it again",
        folder.display()
    )))
}

fn free_megabytes(folder: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let kilobytes: u64 = text.lines().last()?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kilobytes / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_one_line() {
        let failure = require("no-such-program", &[], "a program", "apt install program").unwrap_err();
        let Failure::Message(message) = failure else { panic!("no message") };
        assert!(message.contains("a program") && message.contains("apt install") && !message.contains('\n'));
    }

    #[test]
    fn too_little_space_is_refused() {
        let here = Path::new(".");
        assert!(space(here, 0).is_ok());
        assert!(space(here, u64::MAX).is_err());
    }
}
