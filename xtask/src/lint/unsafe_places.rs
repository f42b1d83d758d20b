//! Unsafe code stays where it is expected.

use std::fs;
use std::path::{Path, PathBuf};

use super::code::code_only;
use crate::failure::{During, Outcome};

/// Where the scan looks. Tests hold plugins that misbehave on purpose.
const FOLDERS: [&str; 5] = ["sdk", "host", "plugins", "bench", "xtask"];
/// Folders and files that may hold unsafe code.
const ALLOWED: [&str; 3] = ["sdk/src/abi", "sdk/src/abi.rs", "host/src/plugins/loader.rs"];

/// Every line with unsafe code outside the allowed places, as `file:line: text`.
pub fn violations(root: &Path) -> Outcome<Vec<String>> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        let folder = root.join(folder);
        sources(&folder, &mut files).during(|| format!("list {}", folder.display()))?;
    }
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let path = file.strip_prefix(root).unwrap_or(&file);
        if ALLOWED.iter().any(|allowed| path.starts_with(allowed)) {
            continue;
        }
        let source = fs::read_to_string(&file).during(|| format!("read {}", path.display()))?;
        found.extend(unsafe_lines(&source).into_iter().map(|line| {
            let text = source.lines().nth(line - 1).unwrap_or_default().trim();
            format!("{}:{line}: unsafe code belongs into {}: {text}", path.display(), ALLOWED.join(" or "))
        }));
    }
    Ok(found)
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if entry.file_name() != "target" {
                sources(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Line numbers of the word `unsafe`, save in attributes such as `#[unsafe(no_mangle)]`.
fn unsafe_lines(source: &str) -> Vec<usize> {
    const WORD: &str = "unsafe";
    let code = code_only(source);
    let is_identifier = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(WORD)
        .filter(|(at, _)| {
            let after = &code[at + WORD.len()..];
            !code[..*at].ends_with(is_identifier)
                && !after.starts_with(is_identifier)
                && !after.trim_start().starts_with('(')
        })
        .map(|(at, _)| code[..at].matches('\n').count() + 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::unsafe_lines;

    #[test]
    fn every_kind_of_unsafe_is_seen() {
        let source = "unsafe {\n}\nunsafe fn f() {}\nunsafe impl A for B {}\npub unsafe extern \"C\" fn g() {}\nunsafe\n{}";
        assert_eq!(unsafe_lines(source), [1, 3, 4, 5, 6]);
    }

    #[test]
    fn words_comments_strings_and_attributes_are_not() {
        let source = "#![deny(unsafe_code)]\n// unsafe {\n/* unsafe fn */\n#[unsafe(no_mangle)]\nlet s = \"unsafe {\";\nnot_unsafe {}";
        assert_eq!(unsafe_lines(source), [0; 0]);
    }
}
