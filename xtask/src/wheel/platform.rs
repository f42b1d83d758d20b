//! On which systems the files of a wheel run.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::failure::{During, Failure, Outcome};

/// The oldest platform that has all symbols of the wheel's files.
pub fn needed(wheel: &Path, tools: &Path) -> Outcome<String> {
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

/// A file finds its libraries wherever it is put: it names no folder of the machine that built it.
pub fn expect_no_paths(file: &Path) -> Outcome {
    let text = told(file, "-d")?;
    let named =
        text.lines().find(|l| (l.contains("RUNPATH") || l.contains("RPATH")) && !l.contains("[$ORIGIN"));
    match named {
        Some(line) => {
            Err(Failure::new(format!("{} names a folder of this machine: {}", file.display(), line.trim())))
        }
        None => Ok(()),
    }
}

/// The minor version of glibc 2 that has all symbols of a file.
pub fn glibc(file: &Path) -> Outcome<u32> {
    let text = told(file, "-V")?;
    let versions = text.split("GLIBC_2.").skip(1);
    let minor = |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    versions
        .filter_map(minor)
        .max()
        .ok_or_else(|| Failure::new(format!("{}: expected symbols of glibc, found none", file.display())))
}

/// What readelf tells of a file.
fn told(file: &Path, what: &str) -> Outcome<String> {
    let output = Command::new("readelf").arg(what).arg(file).output().during(|| "start readelf".into())?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(Failure::new(format!("readelf does not read {}", file.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_library_of_a_program_is_found() {
        let own = std::env::current_exe().unwrap();
        let minor = glibc(&own).unwrap();
        assert!((17..100).contains(&minor), "{minor}");
        let text = tempfile::NamedTempFile::new().unwrap();
        assert!(glibc(text.path()).is_err());
    }
}
