//! The parts of the wheels that a CPU program needs, in the layout torch-sys expects.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::wheels::{TORCH_VERSION, Wheels};
use crate::failure::{During, Failure, Outcome};

/// What the assembled folder takes, and a little more.
pub const MEGABYTES: u64 = 600;

/// Unpacks `name=target` pairs of a wheel; a name that ends in `/` is a folder.
const UNPACK: &str = r#"
import os, shutil, sys, zipfile
wheel, out, *pairs = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    names = archive.namelist()
    for pair in pairs:
        source, target = pair.split("=")
        found = [n for n in names if n == source or source.endswith("/") and n.startswith(source)]
        if not found:
            sys.exit(f"{wheel} holds no {source}")
        for name in found:
            if name.endswith("/"):
                continue
            path = os.path.join(out, target + name[len(source):])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(name) as reader, open(path, "wb") as writer:
                shutil.copyfileobj(reader, writer, 1 << 20)
"#;

/// Fills `out` from the wheels.
pub fn assemble(wheels: &Wheels, out: &Path) -> Outcome {
    unpack(
        &wheels.torch,
        out,
        &[
            "torch/include/=include/",
            "torch/lib/libtorch_cpu.so=lib/libtorch_cpu.so",
            "torch/lib/libc10.so=lib/libc10.so",
            "torch/lib/libgomp.so.1=lib/libgomp.so.1",
        ],
    )?;
    // libtorch_cpu.so of the only build that PyPI offers needs these two; its RPATH ends in $ORIGIN.
    unpack(&wheels.cupti, out, &["nvidia/cu13/lib/libcupti.so.13=lib/libcupti.so.13"])?;
    unpack(&wheels.cudart, out, &["nvidia/cu13/lib/libcudart.so.13=lib/libcudart.so.13"])?;
    symlink("libgomp.so.1", out.join("lib/libgomp.so")).during(|| "link libgomp.so".into())?;
    fs::write(out.join("build-version"), format!("{TORCH_VERSION}+cpu\n"))
        .during(|| "write build-version".into())?;
    stub(&out.join("lib"))
}

fn unpack(wheel: &Path, out: &Path, pairs: &[&str]) -> Outcome {
    let mut command = Command::new("python3");
    command.args(["-c", UNPACK]).args([wheel, out]).args(pairs);
    checked(&mut command, &format!("unpack {}", wheel.display()))
}

/// A libtorch.so that only needs libtorch_cpu.so: the real one needs CUDA.
fn stub(lib: &Path) -> Outcome {
    let mut command = Command::new("cc");
    command
        .current_dir(lib)
        .args(["-shared", "-fPIC", "-x", "c", "/dev/null", "-o", "libtorch.so"])
        .args(["-Wl,-soname,libtorch.so", "-Wl,--no-as-needed", "-L.", "-l:libtorch_cpu.so"])
        .args(["-Wl,-rpath,$ORIGIN", "-Wl,--allow-shlib-undefined"]);
    checked(&mut command, "link the stub libtorch.so with cc")
}

/// Runs a quiet command; its last line of complaint, if it fails, is the error.
fn checked(command: &mut Command, doing: &str) -> Outcome {
    let output = command.output().during(|| doing.to_owned())?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = complaint.trim().lines().last().unwrap_or("no reason given");
    Err(Failure::new(format!("{doing}: {last}")))
}
