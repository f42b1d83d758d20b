//! Records the compiler and the target for the plugin tag, which the host reads before it loads a file.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .and_then(|out| String::from_utf8(out.stdout).ok())
        .unwrap_or_else(|| "rustc unknown".into());
    println!("cargo:rustc-env=AMPLICAST_RUSTC={}", version.trim());
    println!("cargo:rustc-env=AMPLICAST_TARGET={}", std::env::var("TARGET").unwrap_or_default());
}
