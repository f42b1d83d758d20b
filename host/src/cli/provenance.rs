//! What made a run: versions, files, the processor, the call. Kept beside the results, and not the same from run to run.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::ready::Ready;
use crate::plugins::{Library, libtorch};

/// The instructions of this processor that decide the last digits of sums: with wider vectors, or with products that are rounded
/// once with their sum, they come out otherwise.
pub fn instruction_set() -> String {
    #[cfg(target_arch = "x86_64")]
    let found = [
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
    ];
    // All of one kind.
    #[cfg(not(target_arch = "x86_64"))]
    let found: [(&str, bool); 0] = [];
    let names = found.iter().filter(|(_, there)| *there).map(|(name, _)| *name);
    std::iter::once(std::env::consts::ARCH).chain(names).collect::<Vec<_>>().join(" ")
}

/// As it stands in `provenance.json`.
pub fn provenance(ready: &Ready, started: SystemTime) -> Value {
    let seconds = |t: SystemTime| t.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let plugin = |library: &Library| {
        let file = library.path.file_name().map(|n| n.to_string_lossy().into_owned());
        json!({"file": file, "blake3": library.hash, "sdk": library.tag.sdk, "rustc": library.tag.rustc})
    };
    // What was not needed was not loaded, and has no part in the results.
    let plugins: Vec<Value> = ready.session.catalogue.libraries().map(plugin).collect();
    json!({
        "amplicast": env!("CARGO_PKG_VERSION"),
        "target": amplicast_sdk::abi::Tag::own().target,
        "instructions": instruction_set(),
        "libtorch": libtorch(),
        "plugins": plugins,
        "seed": ready.experiment.experiment.seed,
        "threads": ready.threads,
        "started": seconds(started),
        "finished": seconds(SystemTime::now()),
        "arguments": std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect::<Vec<_>>(),
    })
}
