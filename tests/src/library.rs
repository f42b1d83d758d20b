//! Libraries made in a test.

use std::path::{Path, PathBuf};
use std::process::Command;

use amplicast_sdk::abi::{RECORDS_SECTION, TAG_SECTION, Tag};

use crate::Place;

/// A library that passes for a plugin with these components, each a kind and a name, and runs `code` when it is loaded.
pub fn library(place: &Place, folder: impl AsRef<Path>, components: &[(&str, &str)], code: &str) -> PathBuf {
    let tag = Tag::own();
    let tag = format!("amplicast-plugin\\n{}\\n{}\\n{}\\n{}\\n", tag.abi, tag.sdk, tag.rustc, tag.target);
    let record = |(i, (kind, name)): (usize, &(&str, &str))| {
        format!(
            "__attribute__((used, section(\"{RECORDS_SECTION}\"))) static const char record_{i}[] = \
             \"{kind}\\000{name}\\000Made in a test\";\n"
        )
    };
    let records: String = components.iter().enumerate().map(record).collect();
    let source = place.write(
        "library.c",
        format!(
            "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n\
             __attribute__((used, section(\"{TAG_SECTION}\"))) static const char tag[256] = \"{tag}\";\n\
             {records}\
             __attribute__((constructor)) static void begin(void) {{ {code} }}\n"
        ),
    );
    let folder = place.path("").join(folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("librude.so");
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&file, &source]).status();
    assert!(compiled.expect("a C compiler").success());
    file
}
