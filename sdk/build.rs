//! Numbers the boundary, and records the compiler and the target for the plugin tag, which the host reads before it loads a file.

use std::process::Command;

/// The number of the boundary (`abi::ABI_VERSION`); raised whenever a change breaks existing plugins.
const ABI_VERSION: u32 = 9;

fn main() {
    println!("cargo:rustc-env=AMPLICAST_ABI={ABI_VERSION}");
    println!(
        "cargo:rustc-env=AMPLICAST_SDK_VERSION={}",
        std::env::var("CARGO_PKG_VERSION").unwrap_or_default()
    );
    // abi_stable writes this variable into the layout of every type that crosses, and refuses another one. A minor version of this
    // crate must not decide whether a plugin loads: the boundary's number does.
    println!("cargo:rustc-env=CARGO_PKG_VERSION={ABI_VERSION}.0.0");
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
