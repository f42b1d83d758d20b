//! The wheels libtorch comes from: fetched once, kept in the user's cache folder, checked by hash.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest as _, Sha256};

use super::{install, prerequisites};
use crate::failure::{During, Failure, Outcome};

/// The libtorch that torch-sys 0.26 is made for.
pub const TORCH_VERSION: &str = "2.13.0";

struct Wheel {
    requirement: &'static str,
    file: &'static str,
    megabytes: u64,
    sha256: &'static str,
}

const TORCH: Wheel = Wheel {
    requirement: "torch==2.13.0",
    file: "torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl",
    megabytes: 527,
    sha256: "60fcdcb2f3876e21146cb4524ef06397d727ca9ad5f020818547e25075fe3cb7",
};
const CUPTI: Wheel = Wheel {
    requirement: "nvidia-cuda-cupti==13.0.85",
    file: "nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl",
    megabytes: 11,
    sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
};
const CUDART: Wheel = Wheel {
    requirement: "nvidia-cuda-runtime==13.0.96",
    file: "nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    megabytes: 3,
    sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
};

/// One Python version and platform for everybody, so that one set of hashes holds.
const PIP_DOWNLOAD: &[&str] = &[
    "-m",
    "pip",
    "download",
    "--disable-pip-version-check",
    "--no-input",
    // pip's own cache would hold every byte a second time.
    "--no-cache-dir",
    "--no-deps",
    "--only-binary=:all:",
    "--python-version=3.11",
    "--implementation=cp",
    "--abi=cp311",
    "--abi=none",
    "--platform=manylinux_2_28_x86_64",
    "--platform=manylinux_2_25_x86_64",
    "--platform=manylinux_2_17_x86_64",
    "--platform=manylinux2014_x86_64",
    "--retries=2",
    "--timeout=30",
];

/// Checked wheels on the disk.
pub struct Wheels {
    /// PyTorch.
    pub torch: PathBuf,
    /// NVIDIA's profiling library.
    pub cupti: PathBuf,
    /// NVIDIA's runtime library.
    pub cudart: PathBuf,
}

/// Every wheel, from the cache or from PyPI.
pub fn obtain(cache: &Path) -> Outcome<Wheels> {
    // Two checkouts share the cache.
    let _lock = install::lock(cache)?;
    fs::create_dir_all(cache).during(|| format!("make {}", cache.display()))?;
    Ok(Wheels {
        torch: one(cache, &TORCH, download)?,
        cupti: one(cache, &CUPTI, download)?,
        cudart: one(cache, &CUDART, download)?,
    })
}

/// One wheel; `fetch` puts it into a folder under its file name.
fn one(cache: &Path, wheel: &Wheel, fetch: impl FnOnce(&Wheel, &Path) -> Outcome) -> Outcome<PathBuf> {
    let path = cache.join(wheel.file);
    if path.exists() {
        if sha256(&path)? == wheel.sha256 {
            return Ok(path);
        }
        println!("setup: {} in the cache is damaged, fetching it again", wheel.file);
        fs::remove_file(&path).during(|| format!("remove {}", path.display()))?;
    }
    // Fetched beside the cache's wheels and moved, so that a broken download is never taken for one.
    let fetching = cache.join("fetching");
    let _ = fs::remove_dir_all(&fetching);
    fs::create_dir(&fetching).during(|| format!("make {}", fetching.display()))?;
    let fetched = fetch(wheel, &fetching).and_then(|()| keep(wheel, &fetching, &path));
    let _ = fs::remove_dir_all(&fetching);
    fetched.map(|()| path)
}

fn keep(wheel: &Wheel, fetching: &Path, path: &Path) -> Outcome {
    let fresh = fetching.join(wheel.file);
    if !fresh.exists() {
        return Err(Failure::new(format!(
            "pip fetched something else than {}; check pip's settings (`python3 -m pip config list`)",
            wheel.file
        )));
    }
    let found = sha256(&fresh)?;
    if found != wheel.sha256 {
        return Err(Failure::new(format!(
            "{} came with sha256 {found} instead of {}; check pip's index (`python3 -m pip config list`) and call setup again",
            wheel.file, wheel.sha256
        )));
    }
    fs::rename(&fresh, path).during(|| format!("move {} into the cache", wheel.file))
}

fn download(wheel: &Wheel, fetching: &Path) -> Outcome {
    prerequisites::pip()?;
    // pip writes a temporary copy first.
    prerequisites::space(fetching, 2 * wheel.megabytes + 50)?;
    println!("setup: fetching {} ({} MB)", wheel.requirement, wheel.megabytes);
    let mut command = Command::new("python3");
    command.args(PIP_DOWNLOAD).arg("--dest").arg(fetching).arg(wheel.requirement);
    // The temporary copy goes to the disk whose space was checked: /tmp is often small.
    command.env("TMPDIR", fetching).current_dir(fetching);
    if !io::stdout().is_terminal() {
        command.arg("--quiet");
    }
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::inherit())
        .stderr(Stdio::piped())
        .spawn()
        .and_then(|child| child.wait_with_output())
        .during(|| "start python3 -m pip".into())?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::new(explain(
        &String::from_utf8_lossy(&output.stderr),
        wheel,
        fetching.parent().unwrap_or(fetching),
    )))
}

/// pip's many lines as one.
fn explain(complaint: &str, wheel: &Wheel, cache: &Path) -> String {
    let offline =
        ["Retrying (", "Max retries", "NewConnectionError", "Name or service not known", "ReadTimeout"];
    let cache = cache.display();
    if offline.iter().any(|sign| complaint.contains(sign)) {
        return format!(
            "no connection to PyPI for {}; connect and call setup again, or put {} into {cache} yourself",
            wheel.requirement, wheel.file
        );
    }
    let line = complaint
        .lines()
        .find(|line| line.starts_with("ERROR"))
        .or_else(|| complaint.trim().lines().last())
        .unwrap_or("no reason given");
    format!("pip could not fetch {}: {line}; or put {} into {cache} yourself", wheel.requirement, wheel.file)
}

fn sha256(path: &Path) -> Outcome<String> {
    let doing = || format!("read {}", path.display());
    let mut file = File::open(path).during(doing)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).during(doing)? {
            0 => break,
            n => hash.update(&buffer[..n]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "abc";
    const SMALL: Wheel = Wheel {
        requirement: "small==1",
        file: "small-1.whl",
        megabytes: 1,
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };

    fn write(text: &'static str) -> impl FnOnce(&Wheel, &Path) -> Outcome {
        move |wheel, folder| fs::write(folder.join(wheel.file), text).during(String::new)
    }

    fn never(_: &Wheel, _: &Path) -> Outcome {
        panic!("fetched although the cache holds it")
    }

    #[test]
    fn a_fetched_wheel_is_kept() {
        let cache = tempfile::tempdir().unwrap();
        let path = one(cache.path(), &SMALL, write(TEXT)).unwrap();
        assert_eq!(one(cache.path(), &SMALL, never).unwrap(), path);
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_cached_wheel_is_fetched_again() {
        let cache = tempfile::tempdir().unwrap();
        fs::write(cache.path().join(SMALL.file), "ab").unwrap();
        let path = one(cache.path(), &SMALL, write(TEXT)).unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), TEXT);
    }

    #[test]
    fn a_bad_fresh_wheel_is_one_line_and_not_kept() {
        let cache = tempfile::tempdir().unwrap();
        let Err(Failure::Message(message)) = one(cache.path(), &SMALL, write("forged")) else {
            panic!("accepted")
        };
        assert!(message.contains(SMALL.file) && message.contains(SMALL.sha256) && !message.contains('\n'));
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);
    }

    #[test]
    fn pips_complaints_become_one_line() {
        let offline =
            "WARNING: Retrying (Retry(total=1)) after NewConnectionError\nERROR: No matching distribution";
        let message = explain(offline, &SMALL, Path::new("/cache"));
        assert!(message.starts_with("no connection to PyPI") && message.contains("/cache"));
        let other = explain("ERROR: No space left on device\nmore", &SMALL, Path::new("/cache"));
        assert!(other.contains("No space left") && !other.contains('\n'));
    }
}
