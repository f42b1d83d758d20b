//! The profile of daily work is for the machine that builds it: its kernels are compiled for one instruction set, and not for each that some
//! machine might have, which is most of the time that it takes to build them. Results are those of the release profile there.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(kernels, values(\"all\", \"avx2\", \"avx512\"))");
    println!("cargo:rustc-cfg=kernels=\"{}\"", kernels());
}

fn kernels() -> &'static str {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if is("PROFILE", "debug") && env::var("HOST") == env::var("TARGET") { of_this_machine() } else { "all" }
}

#[cfg(target_arch = "x86_64")]
fn of_this_machine() -> &'static str {
    // As pulp asks for them (`V4` and `V3`).
    let avx2 = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt");
    let avx512 = avx2
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512cd")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    match (avx512, avx2) {
        (true, _) => "avx512",
        (_, true) => "avx2",
        _ => "all",
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn of_this_machine() -> &'static str {
    "all"
}
