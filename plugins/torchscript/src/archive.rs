//! What a file that PyTorch wrote is, told by the entries of its zip archive.

use std::fs::File;
use std::path::Path;

use zip::ZipArchive;

/// Why a file is no TorchScript module, with the cure; none if it looks like one, or if libtorch may know better.
pub(crate) fn no_module(path: &Path) -> Option<&'static str> {
    let archive = ZipArchive::new(File::open(path).ok()?).ok()?;
    let names: Vec<_> = archive.file_names().flatten().collect();
    let has = |part: &str| names.iter().any(|name| name.split('/').any(|piece| piece == part));
    if has("code") {
        return None;
    }
    // torch._inductor.aoti_compile_and_package.
    if has("aotinductor") {
        return Some(
            "found machine code that AOTInductor compiled (.pt2), which only C++ loads: trace the network and write it with torch.jit.save, \
             or name its class in the generator `python`",
        );
    }
    // torch.export.save, of PyTorch 2.1 to 2.13.
    if has("serialized_exported_program.json") || has("models") || has("archive_format") {
        return Some(
            "found an exported program (torch.export.save), which only Python runs: script or trace the network and write it with \
             torch.jit.save, or name its class in the generator `python`",
        );
    }
    has("data.pkl").then_some(
        "found weights or another object that torch.save wrote (a state_dict, a checkpoint): load it into its network in Python, and \
         write that with torch.jit.save(torch.jit.script(network), ...)",
    )
}
